//! BGP-4 without I/O: codec, finite state machine, RIB, policy and export.
//!
//! Octets and time go in, octets and wishes come out. Sockets, clocks and kernels belong to whoever embeds it.
//!
//! | you want | take |
//! |---|---|
//! | to read or write messages | [`wire`]: [`wire::frame`] cuts them out of a stream, [`wire::decode`] reads one |
//! | to hear one neighbour, without routing | [`session::Session`]: one connection, from its first octet to its last |
//! | to be a router, a reflector, an announcer of addresses | [`speaker::Speaker`]: peers, decision process, policy, export |
//! | to read dumps of routing tables | [`mrt`] |
//!
//! The other modules are what a speaker is made of: [`peer`] (one neighbour), [`policy`], [`rib`], [`export`]. An embedder
//! meets their types in configurations and pictures, and seldom their machines.
//!
//! # A speaker
//!
//! It is driven by four calls, and says itself when to come back:
//!
//! ```
//! use bgp_core::peer::{PeerAsn, PeerConfig};
//! use bgp_core::speaker::{Config, ConnectError, Input, Output, Speaker};
//! use bgp_core::{Asn, Instant, RouterId};
//!
//! let (asn, router_id) = (Asn(64512), RouterId::from(1));
//! let peer = PeerConfig::new("192.0.2.2:179".parse()?, PeerAsn::Internal, asn, router_id);
//! let config = Config { peers: vec![peer], ..Config::new(asn, router_id) };
//! let mut speaker = Speaker::new(config, 7, Instant::ZERO);
//!
//! // It wishes to be connected. Nobody is there, and that is what it is told, twice.
//! let (mut now, mut attempts) = (Instant::ZERO, 0);
//! while attempts < 2 {
//!     while let Some(output) = speaker.poll_output() {
//!         if let Output::Connect { peer, remote, .. } = output {
//!             assert_eq!(remote.to_string(), "192.0.2.2:179");
//!             attempts += 1;
//!             speaker.handle(Input::ConnectFailed { peer, error: ConnectError::Refused }, now);
//!         }
//!     }
//!     // Time is an argument: a program would wait until then, and serve its sockets meanwhile.
//!     now = speaker.poll_timeout().expect("it will try again").at.max(now);
//!     speaker.handle_timeout(now);
//! }
//! assert!(now.since(Instant::ZERO).as_secs() >= 3, "not at once");
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
//! The examples `two_speakers`, `collector` and `speaker` are whole programs.
//!
//! # Features
//!
//! `serde` derives `Serialize` for [`Asn`] and both directions for [`Instant`]. It is off by default.

pub mod export;
pub mod mrt;
pub mod peer;
pub mod policy;
pub mod rib;
pub mod session;
pub mod speaker;
pub mod wire;

mod asn;
mod chance;
mod deadline;
mod family;
mod router_id;
mod time;

pub use asn::{Asn, AsnError};
pub use chance::Chance;
pub use deadline::{Deadline, Timer};
pub use family::Family;
pub use router_id::RouterId;
pub use time::Instant;
