//! Between the speaker and the kernel's table: wishes and questions one way, what the table tells the other.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;

use bgp_core::policy::Glob;
use bgp_core::rib::{Forwarding, KernelHint, LocalSource, Route};
use bgp_core::speaker::{FibChange, FibHop, FibRoute, FibSet, FibSetId, Input, Reach, ResolvedHop};
use bgp_core::wire::{Attributes, NextHop};
use fib_sync::{Event, LearnedKind, LearnedRoute, Origin, Pattern, Resolution, SetId, Share};
use ipnet::IpNet;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use self::lines::Lines;
use crate::config::Settings;
use crate::driver::Inbox;

mod lines;

/// The table that `settings` ask for; `None` where the kernel is left alone.
#[must_use]
pub fn config(settings: &Settings) -> Option<fib_sync::Config> {
    let kernel = &settings.kernel;
    let patterns = |globs: &[Glob]| globs.iter().map(|glob| Pattern::new(&glob.to_string())).collect();
    kernel.enabled.then(|| fib_sync::Config {
        learn: kernel.learn,
        learn_exclude: patterns(&kernel.learn_exclude_interfaces),
        direct: kernel.direct,
        direct_exclude: patterns(&kernel.direct_exclude_interfaces),
        next_hop_objects: kernel.next_hop_objects,
        multipath: usize::from(settings.core.multipath),
        sweep_limit: Share::fraction(kernel.sweep_limit).unwrap_or(Share::ALL),
        ..fib_sync::Config::new(kernel.table, kernel.protocol, kernel.metric)
    })
}

/// What may be on its way to the table's own queue.
const WINDOW: usize = 64;

/// The driver's end: takes everything at once and keeps, per prefix and address, only the last word, so
/// that a slow kernel costs memory for prefixes and not for changes.
#[derive(Debug)]
pub struct Outbox {
    wishes: Latest<Wish, Wished>,
    tracks: Latest<IpAddr, bool>,
    /// Addresses asked about and not answered for yet.
    unanswered: HashSet<IpAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Wish {
    Set(FibSetId),
    Route(IpNet),
    Settle,
}

/// What is wished of it.
#[derive(Debug)]
enum Wished {
    Set(FibSet),
    Route(FibChange),
    Settle,
}

impl Outbox {
    /// Connects the speaker with `table`: the outbox is for the driver, `events` go to `inbox`.
    #[must_use]
    pub fn open(table: fib_sync::Handle, events: fib_sync::Events, inbox: Inbox) -> Self {
        let (wishes, wished) = mpsc::channel(WINDOW);
        let (tracks, tracked) = mpsc::channel(WINDOW);
        tokio::spawn(wish(wished, table.clone()));
        tokio::spawn(track(tracked, table));
        tokio::spawn(hear(events, inbox));
        Self { wishes: Latest::new(wishes), tracks: Latest::new(tracks), unanswered: HashSet::new() }
    }

    pub(crate) fn want(&mut self, change: FibChange) {
        self.wishes.push(Wish::Route(change.prefix), Wished::Route(change));
    }

    /// Sets go first: what happens to a next hop is not to wait for routes. One that is given up goes after the routes
    /// that leave it: with the set gone, those that have not left would all be looked at once more.
    pub(crate) fn want_set(&mut self, set: FibSet) {
        let (key, stays) = (Wish::Set(set.id), set.hops.is_some());
        if stays {
            self.wishes.push_first(key, Wished::Set(set));
        } else {
            self.wishes.push(key, Wished::Set(set));
        }
    }

    pub(crate) fn settle(&mut self) {
        self.wishes.push(Wish::Settle, Wished::Settle);
    }

    pub(crate) fn track(&mut self, address: IpAddr, watch: bool) {
        self.tracks.push(address, watch);
        if watch {
            self.unanswered.insert(address);
        } else {
            self.unanswered.remove(&address);
        }
    }

    /// The table has told how `address` is reached.
    pub(crate) fn answered(&mut self, address: IpAddr) {
        self.unanswered.remove(&address);
    }

    /// Whether every address asked about has been answered for once.
    pub(crate) fn is_answered(&self) -> bool {
        self.unanswered.is_empty()
    }

    /// Whether everything that was wished has been handed on.
    pub(crate) fn is_empty(&self) -> bool {
        self.wishes.order.is_empty()
    }

    /// Sends what there is room for.
    pub(crate) fn flush(&mut self) {
        self.wishes.flush();
        self.tracks.flush();
    }

    /// Resolves once something that waits can be sent; pends while nothing waits.
    pub(crate) async fn room(&self) {
        tokio::select! {
            () = self.wishes.room() => {}
            () = self.tracks.room() => {}
        }
    }
}

/// A queue in which a later value replaces an earlier one of the same key, at the earlier one's place.
#[derive(Debug)]
struct Latest<K, V> {
    order: VecDeque<K>,
    values: HashMap<K, V>,
    sender: mpsc::Sender<(K, V)>,
}

impl<K: Copy + Eq + Hash, V> Latest<K, V> {
    fn new(sender: mpsc::Sender<(K, V)>) -> Self {
        Self { order: VecDeque::new(), values: HashMap::new(), sender }
    }

    fn push(&mut self, key: K, value: V) {
        if self.values.insert(key, value).is_none() {
            self.order.push_back(key);
        }
    }

    /// The same in front of everything that is not there yet.
    fn push_first(&mut self, key: K, value: V) {
        if self.values.insert(key, value).is_none() {
            self.order.push_front(key);
        }
    }

    fn flush(&mut self) {
        while !self.order.is_empty()
            && let Ok(permit) = self.sender.try_reserve()
        {
            if let Some(key) = self.order.pop_front()
                && let Some(value) = self.values.remove(&key)
            {
                permit.send((key, value));
            }
        }
    }

    async fn room(&self) {
        // A table that has stopped never has room again, and its end has been told by its events.
        if self.order.is_empty() || self.sender.reserve().await.is_err() {
            std::future::pending().await
        }
    }
}

async fn wish(mut wishes: mpsc::Receiver<(Wish, Wished)>, table: fib_sync::Handle) {
    while let Some((_, wished)) = wishes.recv().await {
        let outcome = match wished {
            Wished::Route(FibChange { prefix, route }) => table.want(prefix, route.map(kernel_route)).await,
            Wished::Set(FibSet { id, hops }) => {
                let hops = hops.map(|hops| hops.into_iter().map(kernel_hop).collect());
                table.want_set(SetId(id.0), hops).await
            }
            Wished::Settle => table.settle().await,
        };
        if outcome.is_err() {
            return;
        }
    }
}

async fn track(mut tracks: mpsc::Receiver<(IpAddr, bool)>, table: fib_sync::Handle) {
    while let Some((address, watch)) = tracks.recv().await {
        let outcome = if watch { table.track(address).await } else { table.untrack(address).await };
        if outcome.is_err() {
            return;
        }
    }
}

async fn hear(mut events: fib_sync::Events, inbox: Inbox) {
    let mut lines = Lines::default();
    loop {
        let due = lines.due();
        let event = tokio::select! {
            event = events.next() => event,
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                for note in lines.flush(Instant::now()) {
                    inbox.note(note).await;
                }
                continue;
            }
        };
        match event.map(input) {
            Some(Ok(input)) => inbox.tell(input).await,
            Some(Err(event)) => {
                if let Some(note) = lines.tell(event, Instant::now()) {
                    inbox.note(note).await;
                }
            }
            None => return lines.finish(),
        }
    }
}

/// What an event means to the speaker.
///
/// # Errors
/// The event itself, where it means something to people.
pub fn input(event: Event) -> Result<Input, Event> {
    Ok(match event {
        Event::Learned { prefix, origin, route } => {
            let source = source(origin);
            match learned_route(route) {
                Some(route) => Input::Originate { prefix, source, route },
                None => Input::Retract { prefix, source },
            }
        }
        Event::Lost { prefix, origin } => Input::Retract { prefix, source: source(origin) },
        Event::Resolved { address, resolution, interface: _ } => {
            Input::NextHop { address, reach: resolution.map(reach) }
        }
        told => return Err(told),
    })
}

const fn source(origin: Origin) -> LocalSource {
    match origin {
        Origin::Direct => LocalSource::Direct,
        Origin::Kernel => LocalSource::Kernel,
    }
}

/// How an address is reached, in the speaker's words.
pub(crate) fn reach(Resolution { metric, hops }: Resolution) -> Reach {
    let hops = hops.into_iter().map(|hop| ResolvedHop { gateway: hop.gateway, interface: hop.interface });
    Reach { metric, hops: hops.collect() }
}

/// A learned route as a local one; `None` where it has no way out to speak of.
///
/// Of a multipath route the first hop stands for all: only the speaker's own routes are written to the
/// kernel, and what peers are told is our own address.
fn learned_route(LearnedRoute { kind, hops, .. }: LearnedRoute) -> Option<Route> {
    let hop = hops.into_iter().next();
    let forwarding = match kind {
        LearnedKind::Blackhole => Forwarding::Blackhole,
        LearnedKind::Unreachable => Forwarding::Unreachable,
        LearnedKind::Prohibit => Forwarding::Prohibit,
        LearnedKind::Unicast => match hop.as_ref()?.gateway {
            Some(IpAddr::V4(gateway)) => Forwarding::Via(NextHop::V4(gateway)),
            Some(IpAddr::V6(global)) => Forwarding::Via(NextHop::V6 { global, link_local: None }),
            None => Forwarding::Device,
        },
    };
    let interface = hop.map(|hop| hop.interface);
    Some(Route { attributes: Attributes::default(), forwarding, interface, kernel: KernelHint::default() })
}

/// A wish of the speaker in the table's words.
#[must_use]
pub fn kernel_route(route: FibRoute) -> fib_sync::Route {
    match route {
        FibRoute::Forward { hops, metric, source_address, carries } => {
            let hops = hops.into_iter().map(kernel_hop).collect();
            fib_sync::Route {
                forwarding: fib_sync::Forwarding::Unicast(hops),
                metric,
                source: source_address,
                carries,
            }
        }
        FibRoute::Through { set, metric, source_address } => {
            fib_sync::Route { metric, source: source_address, ..fib_sync::Route::through(SetId(set.0)) }
        }
        FibRoute::Blackhole => fib_sync::Route::new(fib_sync::Forwarding::Blackhole),
        FibRoute::Unreachable => fib_sync::Route::new(fib_sync::Forwarding::Unreachable),
        FibRoute::Prohibit => fib_sync::Route::new(fib_sync::Forwarding::Prohibit),
    }
}

/// A hop in the table's words.
#[must_use]
pub fn kernel_hop(FibHop { gateway, interface, onlink, weight }: FibHop) -> fib_sync::Hop {
    fib_sync::Hop { gateway, interface, onlink, weight }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_wish_replaces_an_earlier_one_and_keeps_its_place() {
        let (sender, mut receiver) = mpsc::channel(8);
        let mut latest = Latest::new(sender);
        latest.push("a", 1);
        latest.push("b", 2);
        latest.push("a", 3);
        latest.flush();
        assert_eq!(receiver.try_recv(), Ok(("a", 3)));
        assert_eq!(receiver.try_recv(), Ok(("b", 2)));
        assert!(receiver.try_recv().is_err());
    }

    #[test]
    fn a_set_goes_before_the_routes_through_it_and_ends_after_them() {
        let (wishes, mut sent) = mpsc::channel(8);
        let (tracks, _) = mpsc::channel(1);
        let (wishes, tracks) = (Latest::new(wishes), Latest::new(tracks));
        let mut outbox = Outbox { wishes, tracks, unanswered: HashSet::new() };
        let route = |through: bool| {
            let set = FibRoute::Through { set: FibSetId(1), metric: None, source_address: None };
            let prefix = "192.0.2.0/24".parse().expect("a prefix");
            FibChange { prefix, route: through.then_some(set) }
        };
        let mut sets = |outbox: &mut Outbox| {
            outbox.flush();
            std::iter::from_fn(|| sent.try_recv().ok()).map(|(key, _)| matches!(key, Wish::Set(_))).collect()
        };
        outbox.want(route(true));
        outbox.want_set(FibSet { id: FibSetId(1), hops: Some(Vec::new()) });
        let told: Vec<bool> = sets(&mut outbox);
        assert_eq!(told, [true, false]);
        outbox.want(route(false));
        outbox.want_set(FibSet { id: FibSetId(1), hops: None });
        let told: Vec<bool> = sets(&mut outbox);
        assert_eq!(told, [false, true]);
    }

    #[test]
    fn what_finds_no_room_waits() {
        let (sender, mut receiver) = mpsc::channel(1);
        let mut latest = Latest::new(sender);
        latest.push("a", 1);
        latest.push("b", 1);
        latest.flush();
        latest.push("b", 2);
        assert_eq!(receiver.try_recv(), Ok(("a", 1)));
        latest.flush();
        assert_eq!(receiver.try_recv(), Ok(("b", 2)));
    }

    fn learned(kind: LearnedKind, gateway: Option<&str>) -> LearnedRoute {
        let gateway = gateway.map(|gateway| gateway.parse().expect("an address"));
        let hops = vec![fib_sync::KnownHop { gateway, interface: "eth0".into() }];
        LearnedRoute { kind, hops, metric: 0, protocol: 2, scope: 253 }
    }

    #[test]
    fn a_device_route_keeps_its_interface() {
        let route = learned_route(learned(LearnedKind::Unicast, None)).expect("a route");
        assert_eq!(route.forwarding, Forwarding::Device);
        assert_eq!(route.interface.as_deref(), Some("eth0"));
    }

    #[test]
    fn a_route_without_a_way_out_is_none() {
        let route = LearnedRoute { hops: Vec::new(), ..learned(LearnedKind::Unicast, None) };
        assert_eq!(learned_route(route), None);
    }
}
