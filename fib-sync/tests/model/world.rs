//! A reconciler and a kernel in memory, side by side, with somebody else writing into the same table.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fib_sync::model::{How, Kernel, Said};
use fib_sync::{
    Address, Config, Event, Forwarding, Gauges, Hop, Instant, KernelForwarding, KernelHop, KernelObject,
    KernelRoute, Link, ObjectOperation, Operation, Output, Reconciler, Refused, Route, SetId, Standing,
    Ticket,
};
use ipnet::IpNet;

/// The protocol of ours, the metric of ours, and a foreign protocol.
pub(crate) const OURS: u8 = 12;
pub(crate) const METRIC: u32 = 50;
pub(crate) const FOREIGN: u8 = 4;
/// What the kernel writes for its own addresses.
const CONNECTED: u8 = 2;

/// Both sides and what is checked between them.
pub(crate) struct World {
    pub(crate) kernel: Kernel,
    pub(crate) reconciler: Reconciler,
    pub(crate) events: Vec<Event>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) arranged: Vec<ObjectOperation>,
    wishes: BTreeMap<IpNet, Option<Route>>,
    pub(crate) sets: BTreeMap<SetId, Vec<Hop>>,
    flying: BTreeMap<Ticket, Operation>,
    /// What is ours and not wished may go.
    sweeps: bool,
    /// Not wished before the process was killed: what is ours there is swept.
    forgotten: BTreeSet<IpNet>,
    /// Operations of which only the answer is told, sent while something that may concern them was not heard yet.
    pub(crate) blind: u64,
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
        Self::configured(kernel, Config::new(254, OURS, METRIC))
    }

    /// A start with these settings over what is in the kernel.
    pub(crate) fn configured(kernel: Kernel, config: Config) -> Self {
        Self {
            kernel,
            reconciler: Reconciler::new(config),
            events: Vec::new(),
            operations: Vec::new(),
            arranged: Vec::new(),
            wishes: BTreeMap::new(),
            sets: BTreeMap::new(),
            flying: BTreeMap::new(),
            sweeps: false,
            forgotten: BTreeSet::new(),
            blind: 0,
            now: Instant::ZERO,
        }
    }

    /// The process is killed and started again: it wishes the same, and nothing that it did not wish.
    pub(crate) fn kill(&mut self) {
        let mut kernel = std::mem::take(&mut self.kernel);
        while kernel.next_said().is_some() {}
        let mut before = std::mem::replace(self, Self::around(kernel));
        self.forgotten = std::mem::take(&mut before.forgotten);
        for (prefix, wish) in before.wishes {
            match wish {
                Some(route) => self.want(prefix, Some(route)),
                None => {
                    self.wishes.insert(prefix, None);
                    self.forgotten.insert(prefix);
                }
            }
        }
    }

    /// The wishes are complete.
    pub(crate) fn settle(&mut self) {
        self.sweeps = true;
        self.reconciler.settle();
    }

    /// Everything of ours is to go.
    pub(crate) fn leave(&mut self) {
        self.sweeps = true;
        self.wishes.values_mut().for_each(|wish| *wish = None);
        self.reconciler.remove_all();
    }

    pub(crate) fn want(&mut self, prefix: IpNet, route: Option<Route>) {
        self.wishes.insert(prefix, route.clone());
        self.forgotten.remove(&prefix);
        self.reconciler.want(prefix, route);
    }

    pub(crate) fn want_set(&mut self, set: SetId, hops: Option<Vec<Hop>>) {
        match &hops {
            Some(hops) => drop(self.sets.insert(set, hops.clone())),
            None => drop(self.sets.remove(&set)),
        }
        self.reconciler.want_set(set, hops);
    }

    /// The prefixes wished to go through a set.
    pub(crate) fn through(&self, set: SetId) -> Vec<IpNet> {
        let goes = |wish: &Route| wish.forwarding == Forwarding::Through(set);
        let through = self.wishes.iter().filter(|(_, wish)| wish.as_ref().is_some_and(goes));
        through.map(|(prefix, _)| *prefix).collect()
    }

    /// Everything wished of routes.
    pub(crate) fn wishes(&self) -> Vec<(IpNet, Option<Route>)> {
        self.wishes.iter().map(|(prefix, wish)| (*prefix, wish.clone())).collect()
    }

    /// Hands the kernel up to `most` outputs.
    pub(crate) fn work(&mut self, most: usize) {
        // The batch before ends only here: whatever happened since was said before its answers.
        self.kernel.acknowledge();
        for _ in 0..most {
            match self.reconciler.poll_output(self.now) {
                Some(Output::Read) => self.kernel.read(),
                Some(Output::Apply(ticket, operation)) => self.apply(ticket, operation),
                Some(Output::Arrange(ticket, operation)) => self.arrange(ticket, operation),
                None => break,
            }
        }
    }

    fn arrange(&mut self, ticket: Ticket, operation: ObjectOperation) {
        let (before, knew) = (self.foreign_objects(), !self.kernel.is_unheard(&IpNet::default()));
        self.kernel.arrange(ticket, &operation);
        // As with routes: somebody who takes a number between its event and our request can lose it.
        assert!(!knew || self.foreign_objects() == before, "{operation:?} touched a foreign object");
        self.arranged.push(operation);
    }

    /// Those whose number or protocol is not ours.
    pub(crate) fn foreign_objects(&self) -> Vec<KernelObject> {
        self.kernel.objects().filter(|object| object.protocol != OURS).cloned().collect()
    }

    fn apply(&mut self, ticket: Ticket, operation: Operation) {
        let prefix = operation.route().prefix;
        let twice = self.flying.values().any(|other| other.route().prefix == prefix);
        assert!(!twice, "two operations at once on {prefix}");
        self.flying.insert(ticket, operation.clone());
        let (before, knew) = (self.foreign(), !self.kernel.is_unheard(&prefix));
        let had = !self.ours(&prefix).is_empty();
        self.kernel.apply(ticket, &operation);
        let lost = had && self.ours(&prefix).is_empty();
        let stays = match self.wishes.get(&prefix).filter(|_| !self.forgotten.contains(&prefix)) {
            Some(wish) => wish.is_some(),
            None => !self.sweeps,
        };
        let served = self.is_served(&prefix);
        assert!(!knew || !lost || !stays || served, "{operation:?} left {prefix} without a route");
        self.blind += u64::from(!knew && operation.is_plain());
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
                None => {
                    self.kernel.acknowledge();
                    if !self.kernel.says() {
                        break;
                    }
                }
            }
        }
    }

    /// Whether an operation at this key is on its way of which only the answer is told.
    pub(crate) fn is_flying(&self, prefix: &IpNet, metric: u32) -> bool {
        let mut routes = self.plain().map(Operation::route);
        routes.any(|route| route.prefix == *prefix && route.metric == metric)
    }

    /// Whether such a one writes a route over this interface.
    pub(crate) fn flies_over(&self, interface: u32) -> bool {
        let writes = |operation: &&Operation| !matches!(operation, Operation::Remove(_));
        self.plain()
            .filter(writes)
            .any(|operation| operation.route().hops().iter().any(|hop| hop.interface == interface))
    }

    fn plain(&self) -> impl Iterator<Item = &Operation> {
        self.flying.values().filter(|operation| operation.is_plain())
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
            Output::Arrange(ticket, operation) => self.arrange(ticket, operation),
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

    /// Whether a foreign route serves the prefix: at the metric that is wished, or connected and behind it.
    fn is_served(&self, prefix: &IpNet) -> bool {
        let wish = self.wishes.get(prefix).and_then(Option::as_ref);
        let metric = wish.and_then(|wish| wish.metric).unwrap_or(METRIC);
        let serves = |route: &KernelRoute| match route.protocol {
            OURS => false,
            CONNECTED => route.metric >= metric,
            _ => route.metric == metric,
        };
        self.kernel.routes_of(prefix).iter().any(serves)
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
            match wish {
                None => assert!(ours.is_empty(), "{prefix} is not wished: {ours:?}"),
                Some(_) if self.is_served(prefix) && (ours.is_empty() || told.contains(prefix)) => {
                    assert!(told.contains(prefix), "{prefix}: the conflict was not told");
                    assert!(ours.is_empty(), "a foreign route is hidden: {}", self.story(prefix));
                }
                Some(wish) => {
                    assert_eq!(ours.len(), 1, "{}", self.story(prefix));
                    assert!(is_wished(&self.written_out(wish), &ours[0]), "{}", self.story(prefix));
                    assert!(!told.contains(prefix), "{prefix} is met and said to have diverged");
                }
            }
        }
    }

    /// Nothing moves without time or somebody else.
    pub(crate) fn is_idle(&self) -> bool {
        self.flying.is_empty() && self.reconciler.is_quiet()
    }

    /// Nothing is on its way, and nothing is left to be told.
    pub(crate) fn check_quiet(&self) {
        assert!(self.reconciler.is_quiet() && self.flying.is_empty(), "{:?} outstanding", self.flying);
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

    /// The wish with the hops of its set in it.
    fn written_out(&self, wish: &Route) -> Route {
        match &wish.forwarding {
            Forwarding::Through(set) => {
                let hops = self.sets.get(set).cloned().unwrap_or_default();
                Route { forwarding: Forwarding::Unicast(hops), ..wish.clone() }
            }
            _ => wish.clone(),
        }
    }

    /// All about a prefix, for whoever has to find out what went wrong.
    fn story(&self, prefix: &IpNet) -> String {
        let held = self.kernel.routes_of(prefix);
        let shown = self.reconciler.snapshot().routes.into_iter().find(|route| route.prefix == *prefix);
        let done = self.operations.iter().filter(|operation| operation.route().prefix == *prefix);
        format!("{prefix}: {shown:#?}\nthe kernel holds {held:#?}\nafter {:#?}", done.collect::<Vec<_>>())
    }

    /// Prefixes said to differ from what is wished.
    pub(crate) fn diverged(&self) -> BTreeSet<IpNet> {
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

/// Interfaces are named `eth` and their index modulo ten.
fn is_wished(wish: &Route, held: &KernelRoute) -> bool {
    let hops = match (&wish.forwarding, &held.forwarding) {
        (Forwarding::Unicast(wished), KernelForwarding::Unicast(held)) => {
            let single = wished.len() == 1;
            let fits = |wish: &Hop, hop: &KernelHop| {
                let name = format!("eth{}", hop.interface % 10);
                wish.gateway == hop.gateway
                    && wish.interface.as_ref().is_none_or(|wished| **wished == *name)
                    && (single || wish.weight == hop.weight)
            };
            wished.len() == held.len() && wished.iter().all(|wish| held.iter().any(|hop| fits(wish, hop)))
        }
        (Forwarding::Blackhole, held) => *held == KernelForwarding::Blackhole,
        (Forwarding::Unreachable, held) => *held == KernelForwarding::Unreachable,
        (Forwarding::Prohibit, held) => *held == KernelForwarding::Prohibit,
        (Forwarding::Unicast(_) | Forwarding::Through(_), _) => false,
    };
    hops && wish.source == held.source && held.metric == wish.metric.unwrap_or(METRIC)
}

/// The interfaces as they are to be: up, by their names, and with their addresses. One that was made again has an index
/// of ten more.
pub(crate) fn set_up(kernel: &mut Kernel) {
    for nth in [1, 2] {
        let there = kernel.links().map(|link| link.index).find(|index| index % 10 == nth);
        let index = there.unwrap_or(nth);
        kernel.set_link(link(index, true));
        kernel.add_address(address(index, &format!("10.0.{nth}.1/24")));
        kernel.add_address(address(index, &format!("fd00:{nth}::1/64")));
    }
}

pub(crate) fn link(index: u32, up: bool) -> Link {
    Link { index, name: format!("eth{}", index % 10).into(), up, running: up, master: None, vrf: None }
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
