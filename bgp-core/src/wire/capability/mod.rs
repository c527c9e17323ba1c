//! Capabilities: what a speaker says in its OPEN that it can do.

mod decode;
mod encode;

use bytes::Bytes;

use crate::{Asn, Family};

/// Which direction of additional paths a speaker offers for a family ([RFC 7911 §4]).
///
/// [RFC 7911 §4]: https://www.rfc-editor.org/rfc/rfc7911#section-4
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddPathMode {
    /// 1: can receive several paths.
    Receive,
    /// 2: can send several paths.
    Send,
    /// 3: both.
    Both,
}

/// BGP Role ([RFC 9234 §4.1](https://www.rfc-editor.org/rfc/rfc9234#section-4.1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// 0.
    Provider,
    /// 1.
    RouteServer,
    /// 2.
    RouteServerClient,
    /// 3.
    Customer,
    /// 4.
    Peer,
}

/// One family of the graceful restart capability ([RFC 4724 §3]).
///
/// [RFC 4724 §3]: https://www.rfc-editor.org/rfc/rfc4724#section-3
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GracefulFamily {
    /// The family.
    pub family: Family,
    /// The F bit: forwarding state was preserved.
    pub forwarding_preserved: bool,
}

/// One family of the long-lived graceful restart capability ([RFC 9494 §3.1]).
///
/// [RFC 9494 §3.1]: https://www.rfc-editor.org/rfc/rfc9494#section-3.1
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LongLivedFamily {
    /// The family.
    pub family: Family,
    /// The F bit.
    pub forwarding_preserved: bool,
    /// Long-lived stale time, seconds, 24 bits.
    pub stale_time: u32,
}

/// A capability ([RFC 5492](https://www.rfc-editor.org/rfc/rfc5492)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capability {
    /// 1, [RFC 4760 §8](https://www.rfc-editor.org/rfc/rfc4760#section-8).
    Multiprotocol(Family),
    /// 2, [RFC 2918](https://www.rfc-editor.org/rfc/rfc2918).
    RouteRefresh,
    /// 5, [RFC 8950 §4](https://www.rfc-editor.org/rfc/rfc8950#section-4): families whose next hop may be IPv6.
    ExtendedNextHop(Vec<Family>),
    /// 6, [RFC 8654](https://www.rfc-editor.org/rfc/rfc8654).
    ExtendedMessage,
    /// 9, [RFC 9234](https://www.rfc-editor.org/rfc/rfc9234).
    Role(Role),
    /// 64, [RFC 4724](https://www.rfc-editor.org/rfc/rfc4724).
    GracefulRestart {
        /// The R bit: the speaker has restarted.
        restarted: bool,
        /// The N bit, [RFC 8538 §2](https://www.rfc-editor.org/rfc/rfc8538#section-2).
        notification: bool,
        /// Restart time, seconds, 12 bits.
        restart_time: u16,
        /// Families in the order given.
        families: Vec<GracefulFamily>,
    },
    /// 65, [RFC 6793](https://www.rfc-editor.org/rfc/rfc6793).
    FourOctetAs(Asn),
    /// 69, [RFC 7911](https://www.rfc-editor.org/rfc/rfc7911).
    AddPath(Vec<(Family, AddPathMode)>),
    /// 70, [RFC 7313](https://www.rfc-editor.org/rfc/rfc7313).
    EnhancedRouteRefresh,
    /// 71, [RFC 9494](https://www.rfc-editor.org/rfc/rfc9494).
    LongLivedGracefulRestart(Vec<LongLivedFamily>),
    /// 73: host and domain name.
    Fqdn {
        /// Host name.
        host: String,
        /// Domain name, often empty.
        domain: String,
    },
    /// Anything else, or a known code whose value made no sense and is to be ignored.
    Unknown {
        /// Capability code.
        code: u8,
        /// Its value, untouched.
        value: Bytes,
    },
}

/// Capability codes ([IANA](https://www.iana.org/assignments/capability-codes)).
mod code {
    pub(super) const MULTIPROTOCOL: u8 = 1;
    pub(super) const ROUTE_REFRESH: u8 = 2;
    pub(super) const EXTENDED_NEXT_HOP: u8 = 5;
    pub(super) const EXTENDED_MESSAGE: u8 = 6;
    pub(super) const ROLE: u8 = 9;
    pub(super) const GRACEFUL_RESTART: u8 = 64;
    pub(super) const FOUR_OCTET_AS: u8 = 65;
    pub(super) const ADD_PATH: u8 = 69;
    pub(super) const ENHANCED_ROUTE_REFRESH: u8 = 70;
    pub(super) const LONG_LIVED_GRACEFUL_RESTART: u8 = 71;
    pub(super) const FQDN: u8 = 73;
}

/// The R bit of graceful restart, with the restart time in the low twelve bits.
const RESTARTED: u16 = 0x8000;
/// The N bit.
const NOTIFICATION: u16 = 0x4000;
const RESTART_TIME: u16 = 0x0fff;
/// The F bit of a family.
const FORWARDING_PRESERVED: u8 = 0x80;
