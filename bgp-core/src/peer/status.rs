//! What a peer looks like from outside.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::peer::Failure;
use crate::session::{Counters, Negotiated, StateName};
use crate::speaker::ConnId;
use crate::{Deadline, Instant};

/// A picture of one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status<'a> {
    /// The state as RFC 4271 counts it.
    pub state: StateName,
    /// Since when.
    pub since: Instant,
    /// Why the last session or attempt ended; while a session is Established, why the one before it did.
    pub last_error: Option<&'a Failure>,
    /// The connection that got furthest.
    pub conn: Option<ConnId>,
    /// Its end here.
    pub local: Option<SocketAddr>,
    /// Its end there.
    pub remote: Option<SocketAddr>,
    /// What was agreed on it, from OpenConfirm on.
    pub negotiated: Option<&'a Arc<Negotiated>>,
    /// Messages of all its sessions so far.
    pub counters: Counters,
    /// How many sessions became Established so far.
    pub established: u64,
    /// When the next attempt is made, while none is under way.
    pub next_attempt: Option<Deadline>,
}
