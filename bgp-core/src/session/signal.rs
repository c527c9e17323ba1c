//! What a session has to tell its owner.

use std::sync::Arc;

use crate::session::{Down, Negotiated};
use crate::wire::{Open, RouteRefresh, Update};

/// Something that happened on a session, in the order it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The peer's OPEN is acceptable: OpenConfirm. This is the moment for collision detection.
    Opened(Open),
    /// Established.
    Established(Arc<Negotiated>),
    /// An UPDATE; faults that RFC 7606 tolerates are inside.
    Update(Box<Update>),
    /// A ROUTE-REFRESH for a negotiated family and with a known subtype.
    Refresh(RouteRefresh),
    /// The session is over. Nothing follows; what `poll_transmit` still yields is the farewell.
    Down(Down),
}
