//! What a peer's capabilities offer, sorted: several of a kind are one list ([RFC 5492 §4]).
//!
//! [RFC 5492 §4]: https://www.rfc-editor.org/rfc/rfc5492#section-4

use crate::session::PeerRestart;
use crate::wire::{AddPathMode, Capability, LongLivedFamily, Open, Role};
use crate::{Asn, Family};

/// The capabilities of one OPEN, by what they mean.
#[derive(Debug, Default)]
pub(super) struct Offers {
    pub(super) families: Vec<Family>,
    pub(super) route_refresh: bool,
    pub(super) extended_next_hop: Vec<Family>,
    pub(super) extended_message: bool,
    pub(super) roles: Vec<Role>,
    /// A role capability that names no role we know.
    pub(super) strange_role: bool,
    /// The last one counts ([RFC 4724 §3](https://www.rfc-editor.org/rfc/rfc4724#section-3)).
    pub(super) restart: Option<PeerRestart>,
    pub(super) four_octet_asns: Vec<Asn>,
    pub(super) add_path: Vec<(Family, AddPathMode)>,
    pub(super) enhanced_refresh: bool,
    pub(super) long_lived: Vec<LongLivedFamily>,
}

impl Offers {
    pub(super) fn of(open: &Open) -> Self {
        let mut offers = Self::default();
        for capability in &open.capabilities {
            offers.add(capability);
        }
        offers
    }

    fn add(&mut self, capability: &Capability) {
        match capability {
            Capability::Multiprotocol(family) => self.families.push(*family),
            Capability::RouteRefresh => self.route_refresh = true,
            Capability::ExtendedNextHop(families) => self.extended_next_hop.extend(families),
            Capability::ExtendedMessage => self.extended_message = true,
            Capability::Role(role) => self.roles.push(*role),
            Capability::GracefulRestart { restarted, notification, restart_time, families } => {
                self.restart = Some(PeerRestart {
                    restarted: *restarted,
                    notification: *notification,
                    restart_time: *restart_time,
                    families: families.clone(),
                    long_lived: Vec::new(),
                    long_lived_by_both: false,
                });
            }
            Capability::FourOctetAs(asn) => self.four_octet_asns.push(*asn),
            Capability::AddPath(modes) => self.add_path.extend(modes),
            Capability::EnhancedRouteRefresh => self.enhanced_refresh = true,
            Capability::LongLivedGracefulRestart(families) => self.long_lived.clone_from(families),
            Capability::Unknown { code: ROLE, .. } => self.strange_role = true,
            Capability::Fqdn { .. } | Capability::Unknown { .. } => {}
        }
    }

    /// What the peer does with additional paths of a family; of two entries the first counts.
    pub(super) fn add_path(&self, family: Family) -> Option<AddPathMode> {
        self.add_path.iter().find(|(other, _)| *other == family).map(|(_, mode)| *mode)
    }
}

/// The code of a role capability, which comes as unknown where its value is ([RFC 9234 §4.1]).
///
/// [RFC 9234 §4.1]: https://www.rfc-editor.org/rfc/rfc9234#section-4.1
const ROLE: u8 = 9;
