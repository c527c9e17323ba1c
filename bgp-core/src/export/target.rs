//! The target: what decides which octets one Established session is sent.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::IpNet;

use crate::export::key::Key;
use crate::peer::{AddPathSend, NextHopRule};
use crate::policy::Policy;
use crate::wire::{Dialect, Role};
use crate::{Asn, Family, RouterId};

/// Our addresses on a session, as next hops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OwnAddresses {
    /// IPv4: our end of the session, or the address configured beside it.
    pub v4: Option<Ipv4Addr>,
    /// IPv6, global (or the link-local one where the session has no other).
    pub v6: Option<Ipv6Addr>,
    /// IPv6 link-local, only where the peer shares the link ([RFC 2545 §3]).
    ///
    /// [RFC 2545 §3]: https://www.rfc-editor.org/rfc/rfc2545#section-3
    pub link_local: Option<Ipv6Addr>,
}

/// What decides which octets one Established session is sent. Sessions whose targets lead to the
/// same octets share a group; names count only where a policy asks for them.
#[derive(Clone, Debug)]
pub struct Target {
    /// The peer's name, as export policies match it.
    pub name: Arc<str>,
    /// Encoding, families, add-path and what the peer is to us.
    pub dialect: Dialect,
    /// Our AS towards it.
    pub local_asn: Asn,
    /// Our cluster id towards it.
    pub cluster_id: RouterId,
    /// It is a route-reflector client.
    pub client: bool,
    /// A client is told what other clients of its cluster say
    /// ([RFC 4456 §10](https://www.rfc-editor.org/rfc/rfc4456#section-10)).
    pub client_to_client: bool,
    /// Our role ([RFC 9234](https://www.rfc-editor.org/rfc/rfc9234)); `None` where there is none.
    pub role: Option<Role>,
    /// What the next hop is.
    pub next_hop: NextHopRule,
    /// Our addresses on the session.
    pub own: OwnAddresses,
    /// Subnets shared with the peer, for `NextHopRule::Auto` of external peers; empty if unknown.
    pub shared_subnets: Vec<IpNet>,
    /// Export policies in order; `None`: all for internal peers, nothing for external ones
    /// ([RFC 8212](https://www.rfc-editor.org/rfc/rfc8212)).
    pub export: Option<Vec<Arc<Policy>>>,
    /// Which paths, where the dialect has path identifiers.
    pub add_path_send: AddPathSend,
    /// The peer offered long-lived graceful restart: it may hear what is long-lived stale
    /// ([RFC 9494 §4.3](https://www.rfc-editor.org/rfc/rfc9494#section-4.3)).
    pub long_lived: bool,
    /// We are about to leave: everything steps aside ([RFC 8326](https://www.rfc-editor.org/rfc/rfc8326)).
    pub leaving: bool,
}

impl Target {
    /// Whether both lead to the same octets for routes of `family`.
    pub(crate) fn says_like(&self, other: &Self, family: Family) -> bool {
        Key::of(self, family) == Key::of(other, family)
    }
}
