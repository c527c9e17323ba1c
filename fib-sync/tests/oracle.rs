//! Whatever happens, what was told last is what walking everything finds.

mod oracle {
    pub(crate) mod plain;
}

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use fib_sync::{
    Address, Config, Event, Forwarding, Hop, Instant, KernelForwarding, KernelHop, KernelRoute, Link,
    NextHop, Origin, Output, Place, Reconciler, Resolution, Route, Seen,
};
use ipnet::IpNet;
use oracle::plain::Plain;
use proptest::prelude::*;
use proptest::sample::select;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Link(Link),
    LinkGone(u32),
    Address(Address),
    AddressGone(Address),
    Foreign(KernelRoute),
    ForeignGone(IpNet, u32),
    Want(IpNet, Option<Route>),
}

fn link() -> impl Strategy<Value = Link> {
    let vrf = |index| if index == 1 { Some(100) } else { None };
    let master = prop_oneof![3 => Just(None), 1 => Just(Some(1)), 1 => Just(Some(4))];
    (1..=4_u32, select(&NAMES[..]), 0..4_u8, master).prop_map(move |(index, name, state, master)| Link {
        index,
        name: name.into(),
        up: state > 0,
        running: state > 1,
        master: master.filter(|master| *master != index && index != 1),
        vrf: vrf(index),
    })
}

fn address() -> impl Strategy<Value = Address> {
    (1..=4_u32, select(&ADDRESSES[..]), 0..8_u8).prop_map(|(interface, text, kind)| {
        let net: IpNet = text.parse().expect("an address");
        let scope = if text.starts_with("fe80") { 253 } else { 0 };
        Address { interface, local: net.addr(), connected: (kind > 0).then_some(net.trunc()), scope }
    })
}

fn hop() -> impl Strategy<Value = KernelHop> {
    (proptest::option::weighted(0.7, select(&GATEWAYS[..])), 1..=4_u32, any::<bool>()).prop_map(
        |(gateway, interface, onlink)| KernelHop {
            gateway: gateway.map(addr),
            interface,
            onlink: onlink && gateway.is_some(),
            weight: 1,
        },
    )
}

fn prefix() -> impl Strategy<Value = IpNet> {
    select(&PREFIXES[..]).prop_map(|text| text.parse().expect("a prefix"))
}

fn foreign() -> impl Strategy<Value = KernelRoute> {
    let forwarding = prop_oneof![
        8 => prop::collection::vec(hop(), 1..3).prop_map(KernelForwarding::Unicast),
        1 => Just(KernelForwarding::Blackhole),
    ];
    (prefix(), 1..4_u32, forwarding).prop_map(|(prefix, metric, mut forwarding)| {
        if let KernelForwarding::Unicast(hops) = &mut forwarding {
            let most = if prefix.network().is_ipv6() { 1 } else { 2 };
            hops.retain(|hop| {
                hop.gateway.is_none_or(|gateway| gateway.is_ipv4() == prefix.network().is_ipv4())
            });
            hops.truncate(most);
            if hops.is_empty() {
                forwarding = KernelForwarding::Blackhole;
            }
        }
        KernelRoute { prefix, metric, protocol: 4, scope: 0, forwarding, source: None, object: None }
    })
}

fn wish() -> impl Strategy<Value = Option<Route>> {
    let hop = (proptest::option::weighted(0.7, select(&GATEWAYS[..])), select(&NAMES[..]));
    let route = (hop, any::<bool>()).prop_map(|((gateway, name), carries)| {
        let hop = gateway.map_or_else(|| Hop::device(name), |gateway| Hop::via(addr(gateway)).over(name));
        Route { carries, ..Route::unicast([hop]) }
    });
    proptest::option::weighted(0.8, route)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => link().prop_map(Step::Link),
        1 => (1..=4_u32).prop_map(Step::LinkGone),
        4 => address().prop_map(Step::Address),
        2 => address().prop_map(Step::AddressGone),
        5 => foreign().prop_map(Step::Foreign),
        2 => (prefix(), 1..4_u32).prop_map(|(prefix, metric)| Step::ForeignGone(prefix, metric)),
        4 => (prefix(), wish()).prop_map(|(prefix, route)| Step::Want(prefix, route)),
    ]
}

/// The reconciler, the kernel it hears of, and what it told.
struct Followed {
    plain: Plain,
    config: Config,
    reconciler: Reconciler,
    wishes: BTreeMap<IpNet, Option<Route>>,
    reached: BTreeMap<NextHop, Option<Resolution>>,
    direct: BTreeSet<IpNet>,
    foreign: BTreeMap<IpNet, (u32, Vec<String>)>,
    now: Instant,
}

impl Followed {
    fn new(config: Config) -> Self {
        let mut reconciler = Reconciler::new(config.clone());
        for address in TRACKED.map(addr) {
            reconciler.track(address);
            reconciler.track(NextHop::over(address, NAMES[0]));
            reconciler.track(NextHop::over(address, NAMES[1]));
        }
        Self {
            plain: Plain::default(),
            config,
            reconciler,
            wishes: BTreeMap::new(),
            reached: BTreeMap::new(),
            direct: BTreeSet::new(),
            foreign: BTreeMap::new(),
            now: Instant::ZERO,
        }
    }

    fn see(&mut self, seen: impl IntoIterator<Item = Seen>) {
        for seen in seen {
            self.reconciler.observe(seen, self.now);
        }
    }

    fn take(&mut self, step: Step) {
        let there = |index: u32| self.plain.links.contains_key(&index);
        let seen = match step {
            Step::Link(link)
                if self.plain.links.values().any(|o| o.index != link.index && o.name == link.name) =>
            {
                return;
            }
            Step::Link(link) => self.plain.set_link(link),
            Step::LinkGone(index) if there(index) => self.plain.remove_link(index),
            Step::Address(address) if there(address.interface) && !self.has_same(&address) => {
                self.plain.add_address(address)
            }
            Step::AddressGone(address) if self.plain.addresses.contains(&address) => {
                self.plain.remove_address(&address)
            }
            Step::Foreign(route) => self.written(route),
            Step::ForeignGone(prefix, metric) => self.removed(&prefix, metric),
            Step::Want(prefix, route) => {
                if !route.as_ref().is_some_and(|route| route.carries) {
                    self.plain.carriers.remove(&prefix);
                }
                self.wishes.insert(prefix, route.clone());
                self.reconciler.want(prefix, route);
                return;
            }
            Step::LinkGone(_) | Step::Address(_) | Step::AddressGone(_) => return,
        };
        self.see(seen);
    }

    /// The kernel knows an address of an interface once.
    fn has_same(&self, address: &Address) -> bool {
        self.plain
            .addresses
            .iter()
            .any(|own| own.interface == address.interface && own.local == address.local)
    }

    /// A foreign hand writes where the key is free.
    fn written(&mut self, route: KernelRoute) -> Vec<Seen> {
        let taken =
            self.plain.routes.iter().any(|held| held.prefix == route.prefix && held.metric == route.metric);
        if taken || route.hops().iter().any(|hop| self.plain.is_dead(&route, hop.interface)) {
            return Vec::new();
        }
        self.plain.routes.push(route.clone());
        vec![Seen::Added { route, place: Place::First }]
    }

    fn removed(&mut self, prefix: &IpNet, metric: u32) -> Vec<Seen> {
        let at = self.plain.routes.iter().position(|held| held.prefix == *prefix && held.metric == metric);
        at.map(|at| Seen::Removed(self.plain.routes.remove(at))).into_iter().collect()
    }

    /// Has everything happen that is to come of it, and hears what is told.
    fn settle_down(&mut self) {
        for _ in 0..20 {
            while let Some(output) = self.reconciler.poll_output(self.now) {
                self.carry_out(output);
            }
            self.now = self.now + Duration::from_secs(120);
            self.reconciler.handle_timeout(self.now);
        }
        self.note_carriers();
        while let Some(event) = self.reconciler.poll_event() {
            self.hear(event);
        }
    }

    /// A wish that is met and is to carry does.
    fn note_carriers(&mut self) {
        for (prefix, wish) in &self.wishes {
            let Some(wish) = wish.as_ref().filter(|wish| wish.carries) else { continue };
            let ours = |held: &&KernelRoute| held.prefix == *prefix && held.protocol == self.config.protocol;
            let held = self.plain.routes.iter().find(ours).and_then(|held| held.hops().first());
            let name = held.and_then(|hop| Some(&self.plain.links.get(&hop.interface)?.name));
            if held.is_some_and(|hop| hop_of(wish) == (hop.gateway, name.cloned())) {
                self.plain.carriers.insert(*prefix, hop_of(wish).0.into_iter().collect());
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Read => {
                let listed: Vec<Seen> = self.plain.listed().collect();
                self.see(listed);
            }
            Output::Apply(ticket, operation) => {
                let (seen, answer) = self.plain.apply(&operation);
                self.see(seen);
                self.reconciler.done(ticket, answer, self.now);
            }
            other => panic!("not asked for: {other:?}"),
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Learned { prefix, origin: Origin::Direct, .. } => drop(self.direct.insert(prefix)),
            Event::Lost { prefix, origin: Origin::Direct } => drop(self.direct.remove(&prefix)),
            Event::Learned { prefix, origin: Origin::Kernel, route } => {
                let names = route.hops.iter().map(|hop| hop.interface.to_string()).collect();
                self.foreign.insert(prefix, (route.metric, names));
            }
            Event::Lost { prefix, origin: Origin::Kernel } => drop(self.foreign.remove(&prefix)),
            Event::Resolved { address, interface, resolution } => {
                let before = self.reached.insert(NextHop { address, interface }, resolution.clone());
                assert_ne!(before, Some(resolution), "{address} told twice");
            }
            _ => {}
        }
    }

    fn check(&self) {
        assert_eq!(self.direct, self.plain.direct(self.config.table));
        assert_eq!(self.foreign, self.plain.foreign(&self.config));
        for (next_hop, told) in &self.reached {
            let mut found = self.plain.reach(next_hop, &self.config);
            // Of several interfaces of one connected prefix any one will do.
            if let (Some(found), Some(told)) = (&mut found, told)
                && found.hops.iter().all(|hop| hop.gateway.is_none())
                && found.metric == 0
            {
                found.hops.retain(|hop| told.hops.contains(hop));
            }
            assert_eq!(*told, found, "{next_hop:?} in {:#?}", self.plain);
        }
    }
}

/// Gateway and interface of the one hop of a wish.
fn hop_of(route: &Route) -> (Option<IpAddr>, Option<Arc<str>>) {
    match &route.forwarding {
        Forwarding::Unicast(hops) => (hops[0].gateway, hops[0].interface.clone()),
        other => panic!("never wished: {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn what_was_told_last_is_what_walking_everything_finds(
        steps in prop::collection::vec(step(), 1..60),
        over_default in any::<bool>(),
        table in select(&[254_u32, 100, 4711][..]),
    ) {
        let mut followed = Followed::new(Config { over_default, ..Config::new(table, 12, 50) });
        followed.settle_down();
        for step in steps {
            followed.take(step);
            followed.settle_down();
            followed.check();
        }
    }
}

fn addr(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

const NAMES: [&str; 4] = ["eth0", "eth1", "red", "br0"];
const ADDRESSES: [&str; 7] =
    ["10.0.0.1/24", "10.0.0.7/24", "10.0.0.1/16", "10.1.0.1/32", "fd00::1/64", "fd00::1/48", "fe80::5/64"];
const GATEWAYS: [&str; 6] = ["10.0.0.2", "10.0.9.2", "10.1.0.1", "fd00::2", "fd00:0:0:9::2", "fe80::1"];
const PREFIXES: [&str; 9] = [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.0.9.0/24",
    "10.0.0.2/32",
    "172.16.0.0/16",
    "172.16.5.0/24",
    "::/0",
    "2001:db8::/32",
    "fd00:0:0:9::/64",
];
const TRACKED: [&str; 8] =
    ["10.0.0.2", "10.0.9.2", "10.1.0.1", "172.16.5.5", "fd00::2", "fd00:0:0:9::2", "2001:db8::1", "fe80::1"];
