//! The configuration file: TOML in, [`Settings`] out, with everything that is wrong said at once.
//!
//! A file is read in three steps: `document` makes one tree of all files, in which every value knows
//! where it stands; `section` and `value` give the readers of single sections keys with types; [`load`]
//! puts the parts together and judges what only the whole shows. Whoever finds something wrong tells the
//! `report` and goes on.

mod confidential;
mod diagnostic;
mod digest;
mod document;
mod groups;
mod host;
mod identity;
mod judge;
mod kernel;
mod load;
mod originate;
mod peers;
mod policies;
mod redacted;
mod report;
mod secret;
mod section;
mod services;
mod settings;
mod suggest;
mod template;
mod value;

#[cfg(test)]
mod tests;

pub use diagnostic::{Diagnostic, Location, Severity, render};
pub use digest::Digest;
pub use host::{Host, ThisHost};
pub use load::{check, load, load_draft, load_on, load_text};
pub(crate) use value::parse_duration;

pub use redacted::{keys, redacted};
pub use settings::{
    Bird, BirdDialect, BirdSockets, Control, Hops, Http, Kernel, Listen, Log, LogFormat, LogLevel, Metrics,
    OnExit, Originated, Origins, PeerSocket, PerPeer, Role, Secret, Settings,
};

/// A configuration that can be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// What it was read from.
    pub digest: Digest,
    /// What may not be meant.
    pub warnings: Vec<Diagnostic>,
}
