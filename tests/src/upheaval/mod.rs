//! Daemons that go and come back under a cluster whose pods never stop talking: three hosts, two reflectors,
//! a kernel for each, and nobody's packets lost.

mod router;
mod scenario;
mod shape;
mod stage;
mod whole;

pub use router::Router;
pub use scenario::{End, Scenario, Who};
pub use shape::{Make, Shape};
pub use stage::{Outcome, Stage};
