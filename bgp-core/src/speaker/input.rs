//! The one door in.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use ipnet::IpNet;

use crate::rib::{LocalSource, Reach, Route};
use crate::speaker::{Config, ConnId, Interface, PeerId};

/// What an operator does to a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admin {
    /// Start.
    Enable,
    /// Stop with Cease/2 and this text ([RFC 9003](https://www.rfc-editor.org/rfc/rfc9003)).
    Disable {
        /// Shutdown communication, at most 255 octets are sent.
        text: String,
    },
    /// Stop with Cease/4 and start again.
    Reset,
    /// Ask the peer for its routes again.
    RefreshIn,
    /// Send it ours again.
    RefreshOut,
}

/// Why a connection could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The host is there, and nobody listens: whoever did is gone for now.
    #[error("connection refused")]
    Refused,
    /// The host hung up at once.
    #[error("connection reset")]
    Reset,
    /// Nobody answered for as long as the system tries.
    #[error("{0}")]
    TimedOut(String),
    /// There is no way there, or no place to start from: in the system's words.
    #[error("{0}")]
    Other(String),
}

/// Everything that can happen to a speaker.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// A connection asked for by [`Output::Connect`](crate::speaker::Output::Connect) is up.
    Connected {
        /// Its name from now on.
        conn: ConnId,
        /// Which peer it was for.
        peer: PeerId,
        /// Our end.
        local: SocketAddr,
        /// Their end.
        remote: SocketAddr,
        /// The interface that has our end.
        interface: Interface,
    },
    /// That connection could not be made.
    ConnectFailed {
        /// Which peer it was for.
        peer: PeerId,
        /// Why not.
        error: ConnectError,
    },
    /// Somebody connected to us; which peer it is, the speaker decides.
    Accepted {
        /// Its name from now on.
        conn: ConnId,
        /// Our end.
        local: SocketAddr,
        /// Their end.
        remote: SocketAddr,
        /// The interface that has our end.
        interface: Interface,
    },
    /// Octets arrived.
    Received {
        /// On which connection.
        conn: ConnId,
        /// The octets.
        bytes: Bytes,
    },
    /// A connection ended, by either side.
    Closed {
        /// Which one.
        conn: ConnId,
    },
    /// A local route appeared or changed.
    Originate {
        /// Its prefix.
        prefix: IpNet,
        /// Where it comes from; with the prefix its identity.
        source: LocalSource,
        /// What it says.
        route: Route,
    },
    /// A local route went.
    Retract {
        /// Its prefix.
        prefix: IpNet,
        /// Where it came from.
        source: LocalSource,
    },
    /// The reach of a tracked address, first or changed; `None`: unreachable.
    NextHop {
        /// The tracked address.
        address: IpAddr,
        /// How it is reached.
        reach: Option<Reach>,
    },
    /// An operator's word about one peer.
    Admin {
        /// The peer.
        peer: PeerId,
        /// What to do.
        action: Admin,
    },
    /// A new configuration; disturbs only what changed.
    Reconfigure(Box<Config>),
    /// Tell every peer to prefer other routes to ours ([RFC 8326]), before a [`Stop`](Self::Stop) that is
    /// for good; [`Output::Drained`](crate::speaker::Output::Drained) follows when all have been told.
    ///
    /// [RFC 8326]: https://www.rfc-editor.org/rfc/rfc8326
    Drain,
    /// We stay after all: every peer is told as before.
    Undrain,
    /// Close every session and stop; outputs go on until all are closed.
    Stop {
        /// Close without a Cease, so that peers with graceful restart keep our routes.
        silently: bool,
        /// Shutdown communication.
        text: String,
    },
}
