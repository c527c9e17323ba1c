//! Interfaces, addresses and what follows from them, told to a reconciler by hand: what this kernel may not have.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use fib_sync::{
    Address, Config, Event, Instant, Link, NextHop, Origin, Output, Reconciler, Resolution, Seen, Trace,
};
use ipnet::IpNet;

/// A reconciler and what it has told.
struct Followed {
    reconciler: Reconciler,
    learned: BTreeSet<(IpNet, Origin)>,
    reached: BTreeMap<IpAddr, Option<Resolution>>,
}

impl Followed {
    /// After a first reading that lists this.
    fn new(config: Config, listed: impl IntoIterator<Item = Seen>) -> Self {
        let mut reconciler = Reconciler::new(config);
        assert_eq!(reconciler.poll_output(Instant::ZERO), Some(Output::Read));
        let mut followed = Self { reconciler, learned: BTreeSet::new(), reached: BTreeMap::new() };
        for seen in listed {
            followed.reconciler.observe(seen, Instant::ZERO);
        }
        followed.see([Seen::Complete]);
        followed
    }

    fn see(&mut self, seen: impl IntoIterator<Item = Seen>) {
        for seen in seen {
            self.reconciler.observe(seen, Instant::ZERO);
        }
        while let Some(event) = self.reconciler.poll_event() {
            match event {
                Event::Learned { prefix, origin, .. } => drop(self.learned.insert((prefix, origin))),
                Event::Lost { prefix, origin } => drop(self.learned.remove(&(prefix, origin))),
                Event::Resolved { address, resolution, .. } => drop(self.reached.insert(address, resolution)),
                _ => {}
            }
        }
    }

    fn track(&mut self, address: &str) {
        self.reconciler.track(addr(address));
        self.see([]);
    }

    /// The same of an address that need not be watched.
    fn looked_up(&self, address: &str) -> Option<Arc<str>> {
        let found = self.reconciler.look_up(&addr(address).into())?;
        Some(found.hops[0].interface.clone())
    }

    /// The interface over which an address is reached.
    fn way(&self, address: &str) -> Option<&str> {
        Some(&self.reached[&addr(address)].as_ref()?.hops[0].interface)
    }

    fn direct(&self) -> Vec<String> {
        self.learned.iter().map(|(prefix, _)| prefix.to_string()).collect()
    }
}

fn addr(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn link(index: u32, name: &str) -> Link {
    Link { index, name: name.into(), up: true, running: true, master: None, vrf: None }
}

fn address(interface: u32, text: &str) -> Seen {
    let net: IpNet = text.parse().expect("an address");
    Seen::Address(Address { interface, local: net.addr(), connected: Some(net.trunc()), scope: 0 })
}

/// One interface in a VRF of table 100, one in none.
fn two_domains() -> [Seen; 5] {
    [
        Seen::Link(Link { vrf: Some(100), ..link(1, "red") }),
        Seen::Link(Link { master: Some(1), ..link(2, "eth0") }),
        Seen::Link(link(3, "eth1")),
        address(2, "10.0.0.1/24"),
        address(3, "10.1.0.1/24"),
    ]
}

#[test]
fn a_vrf_has_the_networks_of_its_members_and_main_those_of_nobody() {
    for (table, network, reached) in
        [(100, "10.0.0.0/24", [Some("eth0"), None]), (254, "10.1.0.0/24", [None, Some("eth1")])]
    {
        let mut followed = Followed::new(Config::new(table, 12, 50), two_domains());
        assert_eq!(
            ["10.0.0.2", "10.1.0.2"].map(|to| followed.looked_up(to)).each_ref().map(Option::as_deref),
            reached
        );
        followed.track("10.0.0.2");
        followed.track("10.1.0.2");
        assert_eq!(followed.direct(), [network]);
        assert_eq!([followed.way("10.0.0.2"), followed.way("10.1.0.2")], reached);
    }
}

#[test]
fn an_interface_takes_its_network_along_into_another_vrf() {
    let mut followed = Followed::new(Config::new(254, 12, 50), two_domains());
    followed.track("10.1.0.2");
    followed.see([Seen::Link(Link { master: Some(1), ..link(3, "eth1") })]);
    assert_eq!((followed.direct(), followed.way("10.1.0.2")), (vec![], None));
    // A bridge is no VRF.
    followed.see([Seen::Link(link(4, "br0")), Seen::Link(Link { master: Some(4), ..link(3, "eth1") })]);
    assert_eq!((followed.direct(), followed.way("10.1.0.2")), (vec!["10.1.0.0/24".to_owned()], Some("eth1")));
    // The VRF goes: its members are told to be in none.
    followed.see([Seen::LinkGone(1), Seen::Link(link(2, "eth0"))]);
    assert_eq!(followed.direct(), ["10.0.0.0/24", "10.1.0.0/24"]);
}

/// Why a next hop is not reached is never said to be another reason than it is.
#[test]
fn a_trace_tells_an_address_of_one_link_from_one_that_nothing_covers() {
    let own = addr("fe80::1");
    let mut followed = Followed::new(Config::new(254, 12, 50), [Seen::Link(link(1, "eth0"))]);
    followed.see([address(1, "fe80::1/64"), address(1, "10.0.0.1/24")]);
    let trace = |next_hop: NextHop| followed.reconciler.trace(&next_hop);
    let connected = |text: &str| {
        let prefix: IpNet = text.parse().expect("a prefix");
        move |trace| matches!(trace, Trace::Covered { prefix: by, owner: None, resolution: Some(_) } if by == prefix)
    };
    assert_eq!(trace(addr("fe80::2").into()), Trace::Ambiguous);
    assert_eq!(trace(own.into()), Trace::Ambiguous, "another link may have the same address");
    assert_eq!(trace(NextHop::over(addr("fe80::2"), "eth9")), Trace::NoInterface);
    assert_eq!(trace(NextHop::over(own, "eth0")), Trace::Own);
    assert!(connected("fe80::/64")(trace(NextHop::over(addr("fe80::2"), "eth0"))));
    assert_eq!(trace(addr("10.0.0.1").into()), Trace::Own);
    assert_eq!(trace(addr("192.0.2.1").into()), Trace::Uncovered);
    assert!(connected("10.0.0.0/24")(trace(addr("10.0.0.2").into())));
}
