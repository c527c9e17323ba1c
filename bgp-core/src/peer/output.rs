//! What a peer asks of its owner, and tells it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::session::{Down, Negotiated, StateName};
use crate::speaker::ConnId;
use crate::wire::{RouteRefresh, Update};

/// Everything a peer asks for or tells. Whatever concerns a session names its connection, so that
/// nothing said by a dead session can be taken for the word of its successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerOutput {
    /// Dial; answer with [`Peer::connected`](crate::peer::Peer::connected) or
    /// [`Peer::connect_failed`](crate::peer::Peer::connect_failed).
    Connect {
        /// Where.
        remote: SocketAddr,
        /// From which address.
        local: Option<IpAddr>,
    },
    /// Stop dialing.
    AbandonConnect,
    /// The connection has something to say: pull with
    /// [`Peer::poll_transmit`](crate::peer::Peer::poll_transmit) until it is empty.
    Ready {
        /// The connection.
        conn: ConnId,
    },
    /// Pull what is left, flush it, close. Comes exactly once per connection handed in.
    Close {
        /// The connection.
        conn: ConnId,
    },
    /// The peer's state, as RFC 4271 counts it, changed.
    StateChanged {
        /// From this.
        from: StateName,
        /// To this.
        to: StateName,
    },
    /// A session is Established.
    Established {
        /// Its connection.
        conn: ConnId,
        /// What was agreed.
        negotiated: Arc<Negotiated>,
    },
    /// An UPDATE arrived on the Established session.
    Update {
        /// Its connection.
        conn: ConnId,
        /// The message, after RFC 7606.
        update: Box<Update>,
    },
    /// A ROUTE-REFRESH arrived on the Established session.
    Refresh {
        /// Its connection.
        conn: ConnId,
        /// The message.
        refresh: RouteRefresh,
    },
    /// A session ended. For one that had been announced by `Established`, this is the end of it.
    Down {
        /// Its connection.
        conn: ConnId,
        /// It had been Established.
        established: bool,
        /// By whose word.
        down: Down,
    },
}
