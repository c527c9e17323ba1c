//! Who wrote a route: the route protocols by number and by the names that `ip route` prints for them.

use std::fmt;

/// A route protocol. Prints as its number, and its name where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protocol(pub u8);

impl Protocol {
    /// Those with a name, as iproute2's `rt_protos` has them; `felix` is Calico's own.
    pub const NAMED: [(u8, &'static str); 23] = [
        (0, "unspec"),
        (1, "redirect"),
        (2, "kernel"),
        (3, "boot"),
        (4, "static"),
        (8, "gated"),
        (9, "ra"),
        (10, "mrt"),
        (11, "zebra"),
        (12, "bird"),
        (13, "dnrouted"),
        (14, "xorp"),
        (15, "ntk"),
        (16, "dhcp"),
        (18, "keepalived"),
        (42, "babel"),
        (80, "felix"),
        (99, "openr"),
        (186, "bgp"),
        (187, "isis"),
        (188, "ospf"),
        (189, "rip"),
        (192, "eigrp"),
    ];

    /// The name, where it has one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::NAMED.iter().find(|(number, _)| *number == self.0).map(|(_, name)| *name)
    }

    /// The protocol of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(_, known)| *known == name).map(|(number, _)| Self(*number))
    }

    /// Whether routes marked so are somebody else's by convention, so that nobody may take them for its own:
    /// the kernel's, those of people and scripts (`ip route` marks with `boot`), and Felix's.
    #[must_use]
    pub const fn is_reserved(self) -> bool {
        matches!(self.0, 0..=4 | 80)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} ({name})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_prints_with_its_name() {
        assert_eq!(Protocol(4).to_string(), "4 (static)");
        assert_eq!(Protocol(77).to_string(), "77");
    }

    #[test]
    fn a_name_leads_back_to_its_number() {
        for (number, name) in Protocol::NAMED {
            assert_eq!(Protocol::named(name), Some(Protocol(number)));
            assert_eq!(Protocol(number).name(), Some(name));
        }
    }
}
