//! What an operator may say about a peer, already validated.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::policy::Policy;
use crate::wire::{AddPathMode, Role};
use crate::{Asn, Family, RouterId};

/// The AS a peer may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerAsn {
    /// Exactly this one.
    Exactly(Asn),
    /// Any AS but ours.
    External,
    /// Ours.
    Internal,
}

/// Which paths to send to a peer that accepts several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddPathSend {
    /// Every eligible path.
    All,
    /// The best `n`.
    Best(u32),
    /// The best path and those that could share its traffic: what is behind one anycast address.
    Ecmp,
}

/// What the next hop of routes sent to a peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NextHopRule {
    /// External: our address, unless the next hop lies on the shared subnet. Internal: kept for routes
    /// learned from peers, our address for our own.
    Auto,
    /// Always our address.
    Own,
    /// Never touched.
    Keep,
}

/// What happens when a peer sends more prefixes than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterLimit {
    /// Say so and go on.
    Warn,
    /// Keep what is there, ignore the rest.
    Drop,
    /// End the session with Cease/1; try again after the time, or never.
    Restart(Option<Duration>),
}

/// The limit of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixLimit {
    /// The family.
    pub family: Family,
    /// Most prefixes.
    pub maximum: u32,
}

/// Prefix limits of a peer ([RFC 4486 §4](https://www.rfc-editor.org/rfc/rfc4486#section-4)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxPrefixes {
    /// Per family.
    pub limits: Vec<PrefixLimit>,
    /// What happens above.
    pub action: AfterLimit,
}

/// A neighbour, or the template of a dynamic one.
///
/// Socket options (MD5 key, GTSM, TTL) are not here: the driver finds them by `name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerConfig {
    /// Unique name; the address where the operator gave none.
    pub name: Arc<str>,
    /// Where to dial; the address is what an accepted connection is matched by.
    pub remote: SocketAddr,
    /// Our address towards it, where fixed.
    pub local_address: Option<IpAddr>,
    /// The AS it may have.
    pub asn: PeerAsn,
    /// Our AS towards it.
    pub local_asn: Asn,
    /// Our BGP Identifier.
    pub router_id: RouterId,
    /// Our cluster id towards it.
    pub cluster_id: RouterId,
    /// Free text.
    pub description: Arc<str>,
    /// Never dial.
    pub passive: bool,
    /// Neither dial nor accept.
    pub enabled: bool,
    /// Families to announce.
    pub families: Vec<Family>,
    /// Additional paths, the same for every family.
    pub add_path: Option<AddPathMode>,
    /// Which paths to send where the peer accepts several.
    pub add_path_send: AddPathSend,
    /// Proposed hold time; zero for none.
    pub hold_time: Duration,
    /// How long it may take nothing of what waits for it before the session ends; `None` for eight minutes or
    /// twice the hold time, whichever is longer ([RFC 9687](https://www.rfc-editor.org/rfc/rfc9687)).
    pub send_hold_time: Option<Duration>,
    /// Pause between attempts to connect.
    pub connect_retry: Duration,
    /// Hops to the peer may exceed one: no check that the next hop shares a subnet.
    pub multihop: bool,
    /// Route-reflector client.
    pub client: bool,
    /// A client is told what other clients of its cluster say. To be turned off where they tell each other
    /// themselves ([RFC 4456 §10](https://www.rfc-editor.org/rfc/rfc4456#section-10)).
    pub client_to_client: bool,
    /// What the next hop of routes sent to it is.
    pub next_hop: NextHopRule,
    /// Our addresses as next hops, at most one of a family: instead of our end of the session, or of
    /// what else the interface has where that is of the other family.
    pub next_hop_addresses: Vec<IpAddr>,
    /// How often our own AS may stand in a path we accept.
    pub allow_own_as: u32,
    /// Our role, RFC 9234; `None` sends none.
    pub role: Option<Role>,
    /// Import policies in order; `None`: accept from internal peers, reject from external ones
    /// ([RFC 8212](https://www.rfc-editor.org/rfc/rfc8212)).
    pub import: Option<Vec<Arc<Policy>>>,
    /// Export policies in order; `None` as for import.
    pub export: Option<Vec<Arc<Policy>>>,
    /// Prefix limits.
    pub max_prefixes: Option<MaxPrefixes>,
    /// Graceful restart is offered.
    pub graceful_restart: bool,
    /// For how long its routes are kept after the last peer of its kind (internal or external) that has
    /// such a time is gone, however it went; zero: as the RFCs say.
    pub headless: Duration,
}

impl PeerConfig {
    /// A neighbour about whom nothing else was said: both families, a hold time of 90 s, redialed every
    /// 5 s, named after its address.
    #[must_use]
    pub fn new(remote: SocketAddr, asn: PeerAsn, local_asn: Asn, router_id: RouterId) -> Self {
        Self {
            name: remote.ip().to_string().into(),
            remote,
            local_address: None,
            asn,
            local_asn,
            router_id,
            cluster_id: router_id,
            description: "".into(),
            passive: false,
            enabled: true,
            families: Family::UNICAST.to_vec(),
            add_path: None,
            add_path_send: AddPathSend::All,
            hold_time: Duration::from_secs(90),
            send_hold_time: None,
            connect_retry: Duration::from_secs(5),
            multihop: false,
            client: false,
            client_to_client: true,
            next_hop: NextHopRule::Auto,
            next_hop_addresses: Vec::new(),
            allow_own_as: 0,
            role: None,
            import: None,
            export: None,
            max_prefixes: None,
            graceful_restart: true,
            headless: Duration::ZERO,
        }
    }
}

impl MaxPrefixes {
    /// The limit of one family, with what happens above it.
    #[must_use]
    pub fn of(&self, family: Family) -> Option<(PrefixLimit, AfterLimit)> {
        let limit = self.limits.iter().find(|limit| limit.family == family)?;
        Some((*limit, self.action))
    }
}
