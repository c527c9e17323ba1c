//! Fuzz bodies: ordinary functions that take any octets and assert what must hold whatever they are.
//!
//! `cargo test` replays the committed corpus through them; `fuzz/run` drives them with libFuzzer.

mod bird_command;
mod bounded;
mod configuration;
mod dialect;
mod draw;
mod framing;
mod meaning;
mod mrt;
mod open;
mod pair;
mod prefix_set;
mod rib;
mod session;
mod speaker;
mod storm;
mod update;

pub use bird_command::bird_command;
pub use bounded::bounded;
pub use configuration::configuration;
pub use framing::framing;
pub use mrt::mrt;
pub use open::open;
pub use pair::pair;
pub use prefix_set::prefix_set;
pub use rib::rib;
pub use session::session;
pub use speaker::speaker;
pub use storm::storm;
pub use update::update;

/// A fuzz target: its name is that of its binary and of its corpus.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// What is run on every input.
    pub body: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "bird_command", body: bird_command },
    Target { name: "configuration", body: configuration },
    Target { name: "framing", body: framing },
    Target { name: "mrt", body: mrt },
    Target { name: "open", body: open },
    Target { name: "pair", body: pair },
    Target { name: "prefix_set", body: prefix_set },
    Target { name: "rib", body: rib },
    Target { name: "session", body: session },
    Target { name: "speaker", body: speaker },
    Target { name: "storm", body: storm },
    Target { name: "update", body: update },
];
