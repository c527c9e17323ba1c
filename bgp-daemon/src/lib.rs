//! The node BGP speaker as a library: configuration, sockets, kernel and control around the core.

pub mod api;
pub mod bird;
pub mod chronicle;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod daemon;
pub mod doctor;
pub mod driver;
pub mod fib;
pub mod health;
pub mod http;
pub mod log;
pub mod role;
pub mod transport;

mod change;
mod drain;
mod files;
mod notify;
mod quantity;
mod reload;
