//! What our side brings into a session: who we are, what we offer, whom we expect.

use std::sync::Arc;
use std::time::Duration;

use crate::peer::PeerAsn;
use crate::wire::{
    AddPathMode, Capability, Dialect, EXTENDED_LIMIT, GracefulFamily, LongLivedFamily, Open, PeerKind, Role,
};
use crate::{Asn, Family, RouterId};

/// Our offer of graceful restart ([RFC 4724 §3]). What stands in it is the caller's decision, because
/// only the caller knows which forwarding state outlived a restart.
///
/// [RFC 4724 §3]: https://www.rfc-editor.org/rfc/rfc4724#section-3
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GracefulOffer {
    /// The R bit: we have restarted.
    pub restarted: bool,
    /// The N bit ([RFC 8538 §2](https://www.rfc-editor.org/rfc/rfc8538#section-2)).
    pub notification: bool,
    /// Restart time in seconds; at most 4095 is sent.
    pub restart_time: u16,
    /// Families, each with its F bit. Empty says "helper only".
    pub families: Vec<GracefulFamily>,
    /// Long-lived families (RFC 9494); empty leaves the capability out.
    pub long_lived: Vec<LongLivedFamily>,
}

/// Our side of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// What trace lines call the peer.
    pub peer: Arc<str>,
    /// Our AS towards the peer.
    pub asn: Asn,
    /// Our BGP Identifier.
    pub router_id: RouterId,
    /// The AS the peer may have.
    pub expected: PeerAsn,
    /// Families we offer.
    pub families: Vec<Family>,
    /// Additional paths we offer, for every family.
    pub add_path: Option<AddPathMode>,
    /// Families whose next hop may be IPv6 although they are not ([RFC 8950 §4]).
    ///
    /// [RFC 8950 §4]: https://www.rfc-editor.org/rfc/rfc8950#section-4
    pub extended_next_hop: Vec<Family>,
    /// Hold time we propose, seconds: 0 or at least 3.
    pub hold_time: u16,
    /// How long the peer may take nothing of what waits for it, where there is a hold time; `None` for eight
    /// minutes or twice the hold time, whichever is longer ([RFC 9687]).
    ///
    /// [RFC 9687]: https://www.rfc-editor.org/rfc/rfc9687
    pub send_hold_time: Option<Duration>,
    /// Our role; `None` sends none.
    pub role: Option<Role>,
    /// A peer without a role is refused where we have one ([RFC 9234 §4.2]).
    ///
    /// [RFC 9234 §4.2]: https://www.rfc-editor.org/rfc/rfc9234#section-4.2
    pub strict_role: bool,
    /// Families without which the session makes no sense: their absence is 2/7 ([RFC 5492 §3]).
    ///
    /// [RFC 5492 §3]: https://www.rfc-editor.org/rfc/rfc5492#section-3
    pub required: Vec<Family>,
    /// Graceful restart; `None` leaves the capability out.
    pub graceful_restart: Option<GracefulOffer>,
    /// How long to wait for the peer's OPEN before we send ours; zero sends it at once.
    pub delay_open: Duration,
    /// Seed of the keepalive jitter.
    pub seed: u64,
}

impl Local {
    /// A side with IPv4 and IPv6 unicast, 90 s hold time, and no wishes: enough for a collector or a test.
    #[must_use]
    pub fn new(asn: Asn, router_id: RouterId, expected: PeerAsn) -> Self {
        Self {
            peer: Arc::default(),
            asn,
            router_id,
            expected,
            families: Family::UNICAST.to_vec(),
            add_path: None,
            extended_next_hop: Vec::new(),
            hold_time: 90,
            send_hold_time: None,
            role: None,
            strict_role: false,
            required: Vec::new(),
            graceful_restart: None,
            delay_open: Duration::ZERO,
            seed: 0,
        }
    }

    /// Our OPEN.
    #[must_use]
    pub fn open(&self) -> Open {
        Open {
            asn: self.asn,
            hold_time: self.hold_time,
            router_id: self.router_id,
            capabilities: self.capabilities(),
        }
    }

    /// What we offer, by code.
    fn capabilities(&self) -> Vec<Capability> {
        let mut offered: Vec<Capability> =
            self.families.iter().copied().map(Capability::Multiprotocol).collect();
        offered.push(Capability::RouteRefresh);
        if !self.extended_next_hop.is_empty() {
            offered.push(Capability::ExtendedNextHop(self.extended_next_hop.clone()));
        }
        offered.push(Capability::ExtendedMessage);
        offered.extend(self.role.filter(|_| !self.expects_internal()).map(Capability::Role));
        if let Some(graceful) = &self.graceful_restart {
            offered.push(graceful.capability());
        }
        offered.push(Capability::FourOctetAs(self.asn));
        if let Some(mode) = self.add_path {
            offered.push(Capability::AddPath(self.families.iter().map(|family| (*family, mode)).collect()));
        }
        offered.push(Capability::EnhancedRouteRefresh);
        if let Some(graceful) = self.graceful_restart.as_ref().filter(|it| !it.long_lived.is_empty()) {
            offered.push(Capability::LongLivedGracefulRestart(graceful.long_lived.clone()));
        }
        offered
    }

    /// How messages are read and written before anything is agreed.
    pub(super) fn dialect(&self) -> Dialect {
        let kind = if self.expects_internal() { PeerKind::Internal } else { PeerKind::External };
        let asn = match self.expected {
            PeerAsn::Exactly(asn) => asn,
            PeerAsn::Internal => self.asn,
            PeerAsn::External => Asn(0),
        };
        Dialect {
            receive_limit: EXTENDED_LIMIT,
            enforce_first_as: self.role != Some(Role::RouteServerClient),
            ..Dialect::unnegotiated(kind, asn)
        }
    }

    /// Roles are for external peers only ([RFC 9234 §4](https://www.rfc-editor.org/rfc/rfc9234#section-4)).
    fn expects_internal(&self) -> bool {
        match self.expected {
            PeerAsn::Internal => true,
            PeerAsn::Exactly(asn) => asn == self.asn,
            PeerAsn::External => false,
        }
    }
}

impl GracefulOffer {
    fn capability(&self) -> Capability {
        Capability::GracefulRestart {
            restarted: self.restarted,
            notification: self.notification,
            restart_time: self.restart_time.min(LONGEST_RESTART_TIME),
            families: self.families.clone(),
        }
    }
}

/// Twelve bits.
const LONGEST_RESTART_TIME: u16 = 4095;
