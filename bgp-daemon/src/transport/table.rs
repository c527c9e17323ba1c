//! Every peer's socket options, found by the peer's name or by an address.

use std::net::IpAddr;

use crate::config::{Hops, PeerSocket};

/// Every peer's socket options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketTable {
    entries: Vec<PeerSocket>,
}

impl SocketTable {
    /// A table of these, names unique.
    #[must_use]
    pub fn new(entries: Vec<PeerSocket>) -> Self {
        Self { entries }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &PeerSocket> {
        self.entries.iter()
    }

    /// The options of the peer called `name`.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&PeerSocket> {
        self.entries.iter().find(|entry| &*entry.name == name)
    }

    /// The options for a connection from `address`: the most specific entry that covers it.
    #[must_use]
    pub fn covering(&self, address: IpAddr) -> Option<&PeerSocket> {
        self.entries
            .iter()
            .filter(|entry| entry.remote.contains(&address))
            .max_by_key(|entry| entry.remote.prefix_len())
    }

    /// The options of a peer: its own, or those of the range it came from.
    #[must_use]
    pub fn of(&self, name: &str, address: IpAddr) -> Option<&PeerSocket> {
        self.named(name).or_else(|| self.covering(address))
    }

    /// Least TTL that any peer of a family may show: what a listening socket can already refuse.
    #[must_use]
    pub fn least_incoming(&self, ipv4: bool) -> u8 {
        let family = self.entries.iter().filter(|entry| entry.remote.addr().is_ipv4() == ipv4);
        family.map(|entry| least_incoming(entry.hops)).min().unwrap_or(0)
    }

    /// Whether some peer of a family takes only what has not travelled far, the SYN-ACK included.
    #[must_use]
    pub fn needs_full_ttl(&self, ipv4: bool) -> bool {
        let family = self.entries.iter().filter(|entry| entry.remote.addr().is_ipv4() == ipv4);
        family.into_iter().any(|entry| matches!(entry.hops, Hops::Within(_)))
    }
}

/// TTL of what we send.
pub(super) const fn outgoing(hops: Hops) -> u8 {
    match hops {
        Hops::Reach(hops) => hops,
        Hops::Within(_) => 255,
    }
}

/// Least TTL of what we take; 0 takes everything.
pub(super) const fn least_incoming(hops: Hops) -> u8 {
    match hops {
        Hops::Reach(_) => 0,
        Hops::Within(hops) => 255 - hops.saturating_sub(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, remote: &str, hops: Hops) -> PeerSocket {
        let remote = remote.parse().expect("a prefix");
        PeerSocket { name: name.into(), remote, zone: None, password: None, hops }
    }

    #[test]
    fn one_hop_of_security_asks_for_the_full_ttl() {
        assert_eq!(least_incoming(Hops::Within(1)), 255);
        assert_eq!(least_incoming(Hops::Within(254)), 2);
        assert_eq!(outgoing(Hops::Within(1)), 255);
        assert_eq!(least_incoming(Hops::Reach(64)), 0);
    }

    #[test]
    fn the_most_specific_entry_answers_for_an_address() {
        let table = SocketTable::new(vec![
            entry("range", "10.0.0.0/8", Hops::Reach(1)),
            entry("host", "10.1.2.3/32", Hops::Reach(64)),
        ]);
        let name = |address: &str| {
            table.covering(address.parse().expect("an address")).map(|entry| entry.name.to_string())
        };
        assert_eq!(name("10.1.2.3").as_deref(), Some("host"));
        assert_eq!(name("10.1.2.4").as_deref(), Some("range"));
        assert_eq!(name("2001:db8::1"), None);
    }

    #[test]
    fn a_listener_refuses_only_what_every_peer_of_the_family_would() {
        let table = SocketTable::new(vec![
            entry("a", "10.0.0.1/32", Hops::Within(1)),
            entry("b", "10.0.0.2/32", Hops::Within(3)),
            entry("c", "2001:db8::1/128", Hops::Reach(1)),
        ]);
        assert_eq!(table.least_incoming(true), 253);
        assert_eq!(table.least_incoming(false), 0);
        assert!(table.needs_full_ttl(true) && !table.needs_full_ttl(false));
    }
}
