//! What two OPENs agreed.

use crate::wire::{Dialect, GracefulFamily, LongLivedFamily, Open, RefreshKind, Role, RouteRefresh};
use crate::{Asn, Family, RouterId};

/// The peer's graceful restart capability ([RFC 4724 §3]), present only where we offered ours too.
///
/// [RFC 4724 §3]: https://www.rfc-editor.org/rfc/rfc4724#section-3
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerRestart {
    /// The R bit: the peer has restarted; do not wait for its End-of-RIB before sending.
    pub restarted: bool,
    /// The N bit was sent by both sides: RFC 8538 is in force.
    pub notification: bool,
    /// Restart time, seconds.
    pub restart_time: u16,
    /// Families, each with its F bit, as the peer listed them.
    pub families: Vec<GracefulFamily>,
    /// Long-lived families, as the peer listed them.
    pub long_lived: Vec<LongLivedFamily>,
    /// We announced long-lived families too: RFC 9494 is in force.
    pub long_lived_by_both: bool,
}

/// What two OPENs agreed: everything that holds for the rest of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// How messages are encoded; carries families, add-path directions, AS width and message sizes.
    pub dialect: Dialect,
    /// Hold time in use, seconds: the smaller proposal; 0 turns hold, keepalive and send-hold timers off.
    pub hold_time: u16,
    /// The peer's AS.
    pub asn: Asn,
    /// The peer's BGP Identifier.
    pub router_id: RouterId,
    /// The peer's role, where it sent one.
    pub role: Option<Role>,
    /// ROUTE-REFRESH may be sent ([RFC 2918](https://www.rfc-editor.org/rfc/rfc2918)).
    pub route_refresh: bool,
    /// Graceful restart, where both sides announced it.
    pub restart: Option<PeerRestart>,
    /// The peer's OPEN, for those who want to show it.
    pub open: Open,
}

impl Negotiated {
    /// Families that both sides announced.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.dialect.families
    }

    /// Whether the peer knows what to do with a ROUTE-REFRESH. Its two ends, BoRR and EoRR, need the
    /// enhanced capability ([RFC 7313 §3.2](https://www.rfc-editor.org/rfc/rfc7313#section-3.2)).
    pub(super) fn understands(&self, refresh: RouteRefresh) -> bool {
        let subtype = match refresh.kind {
            RefreshKind::Request => self.route_refresh,
            RefreshKind::Begin | RefreshKind::End => self.dialect.enhanced_route_refresh,
            RefreshKind::Unknown(_) => false,
        };
        subtype && self.families().contains(&refresh.family)
    }
}
