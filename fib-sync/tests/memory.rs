//! What a route costs to hold, wish and observation: octets of heap, which are the same on every machine.

use std::alloc::System;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fib_sync::{
    Config, Hop, Instant, KernelForwarding, KernelHop, KernelRoute, Link, Operation, Output, Place,
    Reconciler, Route, Seen,
};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROUTES: u32 = 100_000;
/// Beyond the prefix.
const BUDGET: usize = 64;

/// After the pause between two readings.
const LATER: Instant = Instant::from_micros(60_000_000);

/// One family's prefixes and gateways by number.
struct Family {
    name: &'static str,
    prefix: fn(u32) -> IpNet,
    gateway: fn(u32) -> IpAddr,
    /// Address and length.
    octets: usize,
}

const FAMILIES: [Family; 2] = [
    Family {
        name: "IPv4",
        prefix: |number| Ipv4Net::new_assert(Ipv4Addr::from_bits(0x1400_0000 + (number << 8)), 24).into(),
        gateway: |number| Ipv4Addr::new(10, 0, 0, number.to_be_bytes()[3]).into(),
        octets: 5,
    },
    Family {
        name: "IPv6",
        prefix: |number| {
            let address = Ipv6Addr::from_bits((0x2001_0db8 << 96) + (u128::from(number) << 64));
            Ipv6Net::new_assert(address, 64).into()
        },
        gateway: |number| Ipv6Addr::from_bits((0xfd << 120) + u128::from(number)).into(),
        octets: 17,
    },
];

/// The only test of this program: another one beside it would be counted too.
#[test]
fn a_route_costs_at_most_64_octets_beyond_its_prefix() {
    for family in FAMILIES {
        let wished = octets_per_route(|| family.wished());
        let adopted = octets_per_route(|| family.adopted());
        let read_again = octets_per_route(|| family.read_again());
        println!("{}: wished {wished}, adopted {adopted}, read again {read_again}", family.name);
        for octets in [wished, adopted, read_again] {
            assert!(octets <= BUDGET + family.octets, "{}: {octets} octets a route", family.name);
        }
    }
}

fn octets_per_route(hold: impl FnOnce() -> Reconciler) -> usize {
    let before = held();
    let reconciler = hold();
    assert!(reconciler.is_quiet());
    assert_eq!(reconciler.installed(), ROUTES as usize);
    let octets = held() - before;
    drop(reconciler);
    octets.div_ceil(ROUTES as usize)
}

fn held() -> usize {
    let stats = HEAP.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// Every number once, in no order.
fn scattered(number: u32) -> u32 {
    (u64::from(number) * 40_503 % u64::from(ROUTES)) as u32
}

impl Family {
    /// An empty table, and then wishes.
    fn wished(&self) -> Reconciler {
        let mut reconciler = Reconciler::new(Config::new(254, 186, 20));
        read(&mut reconciler, Instant::ZERO, []);
        self.want(&mut reconciler);
        reconciler
    }

    /// A start over a full table, and the same wishes.
    fn adopted(&self) -> Reconciler {
        let mut reconciler = Reconciler::new(Config::new(254, 186, 20));
        read(&mut reconciler, Instant::ZERO, self.routes());
        self.want(&mut reconciler);
        reconciler
    }

    /// The same after an overrun.
    fn read_again(&self) -> Reconciler {
        let mut reconciler = self.adopted();
        reconciler.observe(Seen::Overrun, LATER);
        reconciler.handle_timeout(LATER);
        read(&mut reconciler, LATER, self.routes());
        carry_out(&mut reconciler);
        reconciler
    }

    fn want(&self, reconciler: &mut Reconciler) {
        for number in (0..ROUTES).map(scattered) {
            let hops = self.gateways(number).map(Hop::via);
            reconciler.want((self.prefix)(number), Some(Route::unicast(hops)));
        }
        reconciler.settle();
        carry_out(reconciler);
    }

    fn routes(&self) -> impl Iterator<Item = KernelRoute> {
        (0..ROUTES).map(|number| self.route(number))
    }

    /// What the kernel holds when the wish is met.
    fn route(&self, number: u32) -> KernelRoute {
        let hop = |gateway| KernelHop { gateway: Some(gateway), interface: 1, onlink: false, weight: 1 };
        KernelRoute {
            prefix: (self.prefix)(number),
            metric: 20,
            protocol: 186,
            scope: 0,
            forwarding: KernelForwarding::Unicast(self.gateways(number).map(hop).collect()),
            source: None,
            object: None,
        }
    }

    /// One or two of a few.
    fn gateways(&self, number: u32) -> impl Iterator<Item = IpAddr> {
        let second = number.is_multiple_of(3).then_some(64 + number % 16);
        [number % 64].into_iter().chain(second).map(self.gateway)
    }
}

/// The reading it asks for lists these routes.
fn read(reconciler: &mut Reconciler, now: Instant, routes: impl IntoIterator<Item = KernelRoute>) {
    assert_eq!(reconciler.poll_output(now), Some(Output::Read));
    let link = Link { index: 1, name: "eth0".into(), up: true, running: true, master: None, vrf: None };
    reconciler.observe(Seen::Link(link), now);
    for route in routes {
        reconciler.observe(Seen::Listed(route), now);
    }
    reconciler.observe(Seen::Complete, now);
    while reconciler.poll_event().is_some() {}
}

/// The kernel agrees to everything: the echo, then the answer.
fn carry_out(reconciler: &mut Reconciler) {
    while let Some(output) = reconciler.poll_output(LATER) {
        let Output::Apply(ticket, Operation::Create(mut route)) = output else { panic!("{output:?}") };
        if let KernelForwarding::Unicast(hops) = &mut route.forwarding {
            hops.iter_mut().for_each(|hop| hop.interface = 1);
        }
        reconciler.observe(Seen::Added { route, place: Place::First }, LATER);
        reconciler.done(ticket, Ok(()), LATER);
        while reconciler.poll_event().is_some() {}
    }
}
