//! The dialect: what two OPENs agreed about how messages are encoded and judged.

use crate::wire::prefix::PathIds;
use crate::{Asn, Family};

/// What the peer is to us; several rules of [RFC 7606 §7] differ by it.
///
/// [RFC 7606 §7]: https://www.rfc-editor.org/rfc/rfc7606#section-7
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeerKind {
    /// Another AS.
    External,
    /// Our AS.
    Internal,
    /// Another member AS of our confederation.
    Confederation,
}

/// How to read and write the messages of one session. One value for both directions, so that no
/// codec function grows a boolean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What the peer is to us.
    pub peer_kind: PeerKind,
    /// The peer's AS.
    pub peer_asn: Asn,
    /// AS numbers are four octets wide: the capability was sent and received.
    pub four_octet_as: bool,
    /// Families that both sides announced; NLRI of others is ignored.
    pub families: Vec<Family>,
    /// Families for which the peer sends path identifiers to us.
    pub add_path_receive: Vec<Family>,
    /// Families for which we send path identifiers.
    pub add_path_send: Vec<Family>,
    /// Families whose next hop may be IPv6 although the AFI is IPv4.
    pub extended_next_hop: Vec<Family>,
    /// Largest message we accept, octets: 65535 once *we* announced extended messages.
    pub receive_limit: usize,
    /// Largest message we send, octets: 65535 once the *peer* announced extended messages.
    pub send_limit: usize,
    /// The leftmost AS of an external peer's path must be the peer's own. On except for route servers.
    pub enforce_first_as: bool,
    /// A path with an AS_SET or AS_CONFED_SET costs its routes, as RFC 9774 wants. Off: old tables hold many.
    pub refuse_as_sets: bool,
    /// The peer announced enhanced route refresh, so the subtype of ROUTE-REFRESH means something
    /// ([RFC 7313 §3.2](https://www.rfc-editor.org/rfc/rfc7313#section-3.2)).
    pub enhanced_route_refresh: bool,
    /// AIGP is accepted ([RFC 7311 §3.3](https://www.rfc-editor.org/rfc/rfc7311#section-3.3)).
    pub aigp: bool,
}

/// Largest message before extended ones are agreed, and largest OPEN and KEEPALIVE always
/// ([RFC 8654 §4](https://www.rfc-editor.org/rfc/rfc8654#section-4)).
pub const STANDARD_LIMIT: usize = 4096;
/// Largest message where extended ones are agreed.
pub const EXTENDED_LIMIT: usize = 65535;

impl Dialect {
    /// What holds before the OPENs are exchanged: plain RFC 4271.
    #[must_use]
    pub const fn unnegotiated(peer_kind: PeerKind, peer_asn: Asn) -> Self {
        Self {
            peer_kind,
            peer_asn,
            four_octet_as: false,
            families: Vec::new(),
            add_path_receive: Vec::new(),
            add_path_send: Vec::new(),
            extended_next_hop: Vec::new(),
            receive_limit: STANDARD_LIMIT,
            send_limit: STANDARD_LIMIT,
            enforce_first_as: true,
            refuse_as_sets: false,
            enhanced_route_refresh: false,
            aigp: false,
        }
    }

    pub(in crate::wire) fn path_ids_sent(&self, family: Family) -> PathIds {
        PathIds::present_if(self.add_path_send.contains(&family))
    }

    pub(in crate::wire) fn path_ids_received(&self, family: Family) -> PathIds {
        PathIds::present_if(self.add_path_receive.contains(&family))
    }
}
