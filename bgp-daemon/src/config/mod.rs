//! The configuration file: TOML in, [`Settings`] out, with everything that is wrong said at once.

mod diagnostic;
mod settings;

pub use diagnostic::{Diagnostic, Location, Severity, render};
pub use settings::{
    Bird, BirdDialect, BirdSockets, Control, Hops, Http, Kernel, Listen, Log, LogFormat, LogLevel, OnExit,
    PeerSocket, Role, Secret, Settings,
};

/// A configuration that can be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// What may not be meant.
    pub warnings: Vec<Diagnostic>,
}
