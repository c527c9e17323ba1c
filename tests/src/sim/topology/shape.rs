//! Who has a session with whom.

use std::collections::BTreeSet;

use bgp_core::Chance;

/// A way of building networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Everybody with everybody, in one AS.
    Mesh,
    /// Everybody with this many reflectors, which are no clients of each other.
    Reflected(u8),
    /// Racks with two switches each, every host an AS of its own, every switch with those of other racks.
    Racks(u8),
    /// Every host an AS of its own, some with sessions between them, so that all are connected.
    Internet,
    /// Two reflectors and their clients in one AS, two switches, each an AS of its own, with the first two clients,
    /// and every third host an AS of its own that has the switches only.
    Mixed,
}

impl Shape {
    /// The hosts without workloads: reflectors and switches.
    #[must_use]
    pub const fn helpers(self) -> u8 {
        match self {
            Self::Mesh | Self::Internet => 0,
            Self::Reflected(reflectors) => reflectors,
            Self::Racks(racks) => 2 * racks,
            Self::Mixed => 4,
        }
    }

    /// Whether a host is a reflector.
    pub(super) const fn reflects(self, n: u8) -> bool {
        match self {
            Self::Reflected(reflectors) => n <= reflectors,
            Self::Mixed => n <= 2,
            Self::Mesh | Self::Racks(_) | Self::Internet => false,
        }
    }

    /// Whether a host tells its own AS what it hears from others.
    pub(super) const fn is_border(self, n: u8) -> bool {
        matches!((self, Role::of(n)), (Self::Mixed, Role::Border))
    }

    /// Whether a host passes on what others told it.
    pub(super) const fn is_transit(self, n: u8) -> bool {
        match self {
            Self::Internet => true,
            Self::Mixed => n <= 6,
            Self::Mesh | Self::Reflected(_) | Self::Racks(_) => n <= self.helpers(),
        }
    }

    pub(super) const fn asn(self, n: u8) -> u32 {
        match self {
            Self::Mesh | Self::Reflected(_) => AS,
            Self::Mixed if !matches!(Role::of(n), Role::Switch | Role::Outsider) => AS,
            Self::Racks(_) | Self::Internet | Self::Mixed => 65000 + n as u32,
        }
    }

    /// Pairs of hosts with a session between them, the lower number first.
    pub(super) fn sessions(self, size: u8, chance: &mut Chance) -> BTreeSet<(u8, u8)> {
        let mut pairs = BTreeSet::new();
        for b in 2..=size {
            // Whoever it is, it was there before: so all are connected.
            let anchor = 1 + (chance.draw() % u64::from(b - 1)) as u8;
            for a in 1..b {
                let wanted = match self {
                    Self::Mesh => true,
                    Self::Reflected(reflectors) => a <= reflectors,
                    Self::Racks(racks) => {
                        let rack = |n: u8| (n - 1) / 2 % racks;
                        a <= 2 * racks && if b <= 2 * racks { rack(a) != rack(b) } else { rack(a) == rack(b) }
                    }
                    Self::Internet => a == anchor || chance.draw().is_multiple_of(3),
                    Self::Mixed => Role::of(a).talks_to(Role::of(b)),
                };
                if wanted {
                    pairs.insert((a, b));
                }
            }
        }
        pairs
    }
}

/// What a host is in a mixed network.
#[derive(Clone, Copy)]
enum Role {
    Reflector,
    Switch,
    Border,
    Client,
    Outsider,
}

impl Role {
    const fn of(n: u8) -> Self {
        match n {
            ..=2 => Self::Reflector,
            3 | 4 => Self::Switch,
            5 | 6 => Self::Border,
            n if n.is_multiple_of(3) => Self::Outsider,
            _ => Self::Client,
        }
    }

    /// Of two different hosts, the lower number first.
    const fn talks_to(self, other: Self) -> bool {
        match self {
            Self::Reflector => matches!(other, Self::Reflector | Self::Border | Self::Client),
            Self::Switch => matches!(other, Self::Border | Self::Outsider),
            Self::Border | Self::Client | Self::Outsider => false,
        }
    }
}

const AS: u32 = 64512;
