//! A reconciler and a kernel in memory, side by side, with somebody else writing into the same table.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use fib_sync::model::{How, Kernel, Said};
use fib_sync::{
    Address, Config, Event, Gauges, Instant, KernelForwarding, KernelHop, KernelRoute, Link, Operation,
    Output, Reconciler, Refused, Route, Standing, Ticket,
};
use ipnet::IpNet;

/// The protocol of ours, the metric of ours, and a foreign protocol.
pub(crate) const OURS: u8 = 12;
pub(crate) const METRIC: u32 = 50;
pub(crate) const FOREIGN: u8 = 4;

/// Both sides and what is checked between them.
pub(crate) struct World {
    pub(crate) kernel: Kernel,
    pub(crate) reconciler: Reconciler,
    pub(crate) events: Vec<Event>,
    pub(crate) operations: Vec<Operation>,
    wishes: BTreeMap<IpNet, Option<Route>>,
    flying: BTreeMap<Ticket, IpNet>,
    now: Instant,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut kernel = Kernel::new();
        set_up(&mut kernel);
        while kernel.next_said().is_some() {}
        Self::around(kernel)
    }

    /// Events have to suffice.
    pub(crate) fn without_audit() -> Self {
        let mut world = Self::new();
        let config = Config { audit: Duration::from_secs(1 << 30), ..Config::new(254, OURS, METRIC) };
        world.reconciler = Reconciler::new(config);
        world
    }

    /// A fresh start over what is in the kernel.
    pub(crate) fn around(kernel: Kernel) -> Self {
        Self {
            kernel,
            reconciler: Reconciler::new(Config::new(254, OURS, METRIC)),
            events: Vec::new(),
            operations: Vec::new(),
            wishes: BTreeMap::new(),
            flying: BTreeMap::new(),
            now: Instant::ZERO,
        }
    }

    pub(crate) fn want(&mut self, prefix: IpNet, route: Option<Route>) {
        self.wishes.insert(prefix, route.clone());
        self.reconciler.want(prefix, route);
    }

    /// Hands the kernel up to `most` outputs.
    pub(crate) fn work(&mut self, most: usize) {
        for _ in 0..most {
            match self.reconciler.poll_output(self.now) {
                Some(Output::Read) => self.kernel.read(),
                Some(Output::Apply(ticket, operation)) => self.apply(ticket, operation),
                Some(Output::Arrange(ticket, operation)) => self.kernel.arrange(ticket, &operation),
                None => break,
            }
        }
    }

    fn apply(&mut self, ticket: Ticket, operation: Operation) {
        let prefix = operation.route().prefix;
        assert!(!self.flying.values().any(|other| *other == prefix), "two operations at once on {prefix}");
        self.flying.insert(ticket, prefix);
        let (before, knew) = (self.foreign(), !self.kernel.is_unheard(&prefix));
        self.kernel.apply(ticket, &operation);
        // The kernel offers no way to replace only what is still the same: somebody who writes between its event
        // and our request can lose.
        assert!(!knew || self.foreign() == before, "{operation:?} touched a foreign route");
        self.operations.push(operation);
    }

    /// Lets the reconciler hear up to `most` things.
    pub(crate) fn hear(&mut self, most: usize) {
        for _ in 0..most {
            match self.kernel.next_said() {
                Some(Said::Seen(seen)) => self.reconciler.observe(seen, self.now),
                Some(Said::Answer(ticket, result)) => {
                    self.flying.remove(&ticket);
                    self.reconciler.done(ticket, result, self.now);
                }
                None => break,
            }
        }
    }

    /// Events and answers are lost.
    pub(crate) fn overrun(&mut self) {
        self.kernel.overrun();
        self.flying.clear();
        self.hear(1);
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.reconciler.handle_timeout(self.now);
        while let Some(event) = self.reconciler.poll_event() {
            self.events.push(event);
        }
    }

    /// Works and hears until nothing moves, without letting time pass.
    pub(crate) fn settle_down(&mut self) {
        for _ in 0..10_000 {
            self.work(usize::MAX);
            self.hear(usize::MAX);
            if self.reconciler.is_quiet() {
                self.pass(Duration::ZERO);
                return;
            }
            if self.reconciler.poll_output(self.now).is_some_and(|output| self.put_back(output)) {
                continue;
            }
            self.pass(Duration::from_millis(100));
        }
        panic!("never quiet");
    }

    fn put_back(&mut self, output: Output) -> bool {
        match output {
            Output::Read => self.kernel.read(),
            Output::Apply(ticket, operation) => self.apply(ticket, operation),
            Output::Arrange(ticket, operation) => self.kernel.arrange(ticket, &operation),
        }
        true
    }

    /// Long enough for every pause to end, an audit included.
    pub(crate) fn wait_long(&mut self) {
        for _ in 0..15 {
            self.pass(Duration::from_secs(60));
            self.settle_down();
        }
    }

    pub(crate) fn foreign(&self) -> Vec<KernelRoute> {
        self.kernel.routes().filter(|route| route.protocol != OURS).collect()
    }

    /// What of ours the kernel holds for a prefix.
    pub(crate) fn ours(&self, prefix: &IpNet) -> Vec<KernelRoute> {
        self.kernel.routes_of(prefix).into_iter().filter(|route| route.protocol == OURS).collect()
    }

    /// Kernel equals wishes, but where a foreign route holds the key and that has been told.
    pub(crate) fn check_wishes(&self) {
        let told: BTreeSet<IpNet> = self.diverged();
        for (prefix, wish) in &self.wishes {
            let ours = self.ours(prefix);
            let metric = wish.as_ref().and_then(|wish| wish.metric).unwrap_or(METRIC);
            let held = self.kernel.routes_of(prefix);
            let foreign_at_key = held.iter().any(|route| route.protocol != OURS && route.metric == metric);
            match wish {
                None => assert!(ours.is_empty(), "{prefix} is not wished: {held:?}"),
                Some(_) if foreign_at_key && (ours.is_empty() || told.contains(prefix)) => {
                    assert!(told.contains(prefix), "{prefix}: the conflict was not told");
                }
                Some(wish) => {
                    assert_eq!(ours.len(), 1, "{prefix} wished {wish:?}, held {held:?}");
                    assert!(is_wished(wish, &ours[0]), "{prefix} wished {wish:?}, held {held:?}");
                    assert!(!told.contains(prefix), "{prefix} is met and said to have diverged");
                }
            }
        }
    }

    /// The numbers are those of the list.
    pub(crate) fn check_numbers(&self) {
        let routes = self.reconciler.snapshot().routes;
        let count = |fits: fn(&Standing) -> bool| routes.iter().filter(|r| fits(&r.standing)).count();
        let listed = [
            count(|standing| *standing == Standing::Installed),
            count(|standing| *standing == Standing::Adopted),
            count(|standing| *standing == Standing::Pending),
            count(|standing| matches!(standing, Standing::Diverged(_))),
        ];
        let Gauges { installed, adopted, pending, diverged, .. } = self.reconciler.metrics().gauges;
        assert_eq!([installed, adopted, pending, diverged], listed, "{routes:#?}");
    }

    fn diverged(&self) -> BTreeSet<IpNet> {
        let mut diverged = BTreeSet::new();
        for event in &self.events {
            match event {
                Event::Diverged { prefix, .. } => drop(diverged.insert(*prefix)),
                Event::Healed { prefix } => drop(diverged.remove(prefix)),
                _ => {}
            }
        }
        diverged
    }
}

fn is_wished(wish: &Route, held: &KernelRoute) -> bool {
    let gateways: Option<BTreeSet<Option<IpAddr>>> = match &wish.forwarding {
        fib_sync::Forwarding::Unicast(hops) => Some(hops.iter().map(|hop| hop.gateway).collect()),
        _ => None,
    };
    let held: Option<BTreeSet<Option<IpAddr>>> = match &held.forwarding {
        KernelForwarding::Unicast(hops) => Some(hops.iter().map(|hop| hop.gateway).collect()),
        _ => None,
    };
    gateways == held
}

/// The interfaces as they are to be: up, and with their addresses.
pub(crate) fn set_up(kernel: &mut Kernel) {
    for index in [1, 2] {
        kernel.set_link(link(index, true));
        kernel.add_address(address(index, &format!("10.0.{index}.1/24")));
        kernel.add_address(address(index, &format!("fd00:{index}::1/64")));
    }
}

pub(crate) fn link(index: u32, up: bool) -> Link {
    Link { index, name: format!("eth{index}").into(), up, running: up, master: None, vrf: None }
}

pub(crate) fn address(interface: u32, text: &str) -> Address {
    let net: IpNet = text.parse().expect("an address");
    Address { interface, local: net.addr(), connected: Some(net.trunc()), scope: 0 }
}

/// A foreign route through a gateway.
pub(crate) fn foreign(prefix: IpNet, metric: u32, gateway: &str) -> KernelRoute {
    let gateway = Some(gateway.parse().expect("an address"));
    KernelRoute {
        prefix,
        metric,
        protocol: FOREIGN,
        scope: 0,
        forwarding: KernelForwarding::Unicast(vec![KernelHop {
            gateway,
            interface: 0,
            onlink: false,
            weight: 1,
        }]),
        source: None,
        object: None,
    }
}

/// Writes as somebody else would; a refusal is their affair.
pub(crate) fn meddle(kernel: &mut Kernel, route: KernelRoute, how: How) {
    let _: Result<(), Refused> = kernel.write(route, how);
}
