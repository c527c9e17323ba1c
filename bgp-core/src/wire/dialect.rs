//! The dialect: what two OPENs agreed about how messages are encoded and judged.

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
    /// AIGP is accepted ([RFC 7311 §3.3](https://www.rfc-editor.org/rfc/rfc7311#section-3.3)).
    pub aigp: bool,
}
