//! Everything that can go wrong, at every step of a run: afterwards kernel equals wishes, foreign routes are what they
//! were, nothing is outstanding, and on the way no prefix that stays was left without a route by us.
//!
//! `FAULTS=all` takes every pair of faults, and every fault at both paces, where otherwise a sample is taken.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use crate::world::{FOREIGN, METRIC, OURS, World, address, foreign, link, meddle, set_up};
use fib_sync::model::{How, Spoilt};
use fib_sync::{Forwarding, Hop, KernelForwarding, KernelHop, KernelRoute, Link, Refused, Route};
use ipnet::IpNet;

/// One thing that is done to the reconciler in the course of a run.
#[derive(Clone, Debug)]
enum Act {
    Want(&'static str, Route),
    Unwant(&'static str),
    Settle,
    Leave,
}

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// So many operations in a row.
    Refused(usize),
    LostAnswer,
    Overrun,
    Spoilt(Spoilt),
    LinkDown,
    CarrierLoss,
    AddressGone(&'static str),
    Foreign(&'static str, How, &'static str),
    /// Somebody removes a route of ours.
    Removed(&'static str),
    Renamed,
    Remade,
    Killed,
}

/// What the reconciler has heard when it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// All that was said, as the netlink shell sees to.
    Informed,
    /// Perhaps less.
    Late,
}

struct Run {
    world: World,
    script: VecDeque<Act>,
    pace: Pace,
    steps: usize,
}

impl Run {
    fn new(script: Vec<Act>, pace: Pace) -> Self {
        let mut world = World::without_audit();
        for (prefix, metric, protocol, gateway) in THERE {
            let mut route = foreign(net(prefix), *metric, gateway);
            route.protocol = *protocol;
            world.kernel.write(route, How::Exclusive).expect("makes sense");
        }
        while world.kernel.next_said().is_some() {}
        Self { world, script: script.into(), pace, steps: 0 }
    }

    /// False: the run is over.
    fn step(&mut self) -> bool {
        match self.steps % 4 {
            0 => self.act(),
            2 => {
                if self.pace == Pace::Informed {
                    self.world.hear(usize::MAX);
                }
                self.world.work(2);
            }
            _ => self.world.hear(1),
        }
        self.world.pass(Duration::from_millis(if self.steps % 8 == 7 { 300 } else { 1 }));
        self.steps += 1;
        !(self.script.is_empty() && self.world.is_idle())
    }

    fn act(&mut self) {
        match self.script.pop_front() {
            Some(Act::Want(prefix, route)) => self.world.want(net(prefix), Some(route)),
            Some(Act::Unwant(prefix)) => self.world.want(net(prefix), None),
            Some(Act::Settle) => self.world.settle(),
            Some(Act::Leave) => self.world.leave(),
            None => {}
        }
    }

    fn suffer(&mut self, fault: Fault) {
        let world = &mut self.world;
        match fault {
            Fault::Refused(times) => {
                for _ in 0..times {
                    world.kernel.refuse_next(Refused::Exhausted { text: "no room".into() });
                }
            }
            Fault::LostAnswer => {
                world.hear(usize::MAX);
                world.work(1);
                world.overrun();
            }
            Fault::Overrun => world.overrun(),
            Fault::Spoilt(spoilt) => {
                world.kernel.spoil_next_reading(spoilt);
                world.overrun();
            }
            Fault::LinkDown => self.set_link(|link| Link { up: false, running: false, ..link }),
            Fault::CarrierLoss => self.set_link(|link| Link { running: false, ..link }),
            Fault::Renamed => self.set_link(|link| Link { name: "other".into(), ..link }),
            Fault::AddressGone(text) => {
                let gone = world.kernel.addresses().find(|held| format!("{}", held.local) == text).cloned();
                gone.iter().for_each(|gone| world.kernel.remove_address(gone));
            }
            Fault::Foreign(prefix, how, gateway) => {
                meddle(&mut world.kernel, foreign_over(prefix, gateway), how);
            }
            Fault::Removed(prefix) => {
                // Whoever is refused has not removed it.
                let _ = world.kernel.delete(&net(prefix), METRIC, Some(OURS));
            }
            Fault::Remade => {
                world.kernel.remove_link(1);
                world.kernel.set_link(link(11, true));
                world.kernel.add_address(address(11, "10.0.1.1/24"));
            }
            Fault::Killed => world.kill(),
        }
    }

    /// Changes the first interface, whichever index it has.
    fn set_link(&mut self, change: impl FnOnce(Link) -> Link) {
        let link = self.world.kernel.links().find(|link| link.index % 10 == 1).cloned();
        if let Some(link) = link {
            self.world.kernel.set_link(change(link));
        }
    }

    fn finish(mut self) {
        while self.step() {
            assert!(self.steps < 2_000, "never over");
        }
        let world = &mut self.world;
        world.kernel.stop_faults();
        set_up(&mut world.kernel);
        world.settle();
        world.reconciler.sweep_anyway();
        let before = world.foreign();
        check(world);
        assert_eq!(world.foreign(), before, "a foreign route was touched");
        for route in before.iter().filter(|route| route.protocol == FOREIGN) {
            world.kernel.delete(&route.prefix, route.metric, Some(FOREIGN)).expect("is there");
        }
        check(world);
        assert!(world.diverged().is_empty(), "nothing is in the way of {:?}", world.diverged());
    }
}

fn check(world: &mut World) {
    for _ in 0..4 {
        world.pass(Duration::from_secs(61));
        world.settle_down();
    }
    world.check_wishes();
    world.check_quiet();
    world.check_numbers();
}

/// Runs with each of these faults before the step of its number; says what went wrong with which.
fn run(script: &[Act], pace: Pace, faults: &[(usize, Fault)]) {
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let mut run = Run::new(script.to_vec(), pace);
        for (at, fault) in faults {
            while run.steps < *at && run.step() {}
            run.suffer(*fault);
        }
        run.finish();
    }));
    assert!(outcome.is_ok(), "with {faults:?} at a pace of {pace:?}");
}

/// How many steps a run takes if nothing goes wrong.
fn length(script: &[Act]) -> usize {
    let mut run = Run::new(script.to_vec(), Pace::Informed);
    while run.step() {}
    let steps = run.steps;
    run.finish();
    steps
}

#[test]
fn a_fault_at_any_step_of_a_long_run_heals() {
    let faults = faults();
    for script in [long(), leaving()] {
        let steps = length(&script);
        println!("{steps} steps, {} faults", faults.len());
        for at in 0..steps {
            for (nth, fault) in faults.iter().enumerate() {
                run(&script, Pace::Informed, &[(at, *fault)]);
                if all() || (at + nth) % 3 == 0 {
                    run(&script, Pace::Late, &[(at, *fault)]);
                }
            }
        }
    }
}

#[test]
fn two_faults_at_any_steps_of_a_short_run_heal() {
    let (script, faults) = (short(), faults());
    let steps = length(&script);
    let mut runs = 0;
    for (nth, (first, second)) in pairs(steps).into_iter().enumerate() {
        for (i, one) in faults.iter().enumerate() {
            for (j, other) in faults.iter().enumerate() {
                if all() || (nth + i * 7 + j * 13) % 67 == 0 {
                    run(&script, Pace::Informed, &[(first, *one), (second, *other)]);
                    runs += 1;
                }
            }
        }
    }
    println!("{steps} steps, {} faults, {runs} pairs", faults.len());
}

fn all() -> bool {
    std::env::var("FAULTS").is_ok_and(|faults| faults == "all")
}

fn pairs(steps: usize) -> Vec<(usize, usize)> {
    (0..steps).flat_map(|first| (first..steps).map(move |second| (first, second))).collect()
}

fn faults() -> Vec<Fault> {
    let mut faults = vec![
        Fault::Refused(1),
        Fault::Refused(4),
        Fault::LostAnswer,
        Fault::Overrun,
        Fault::Spoilt(Spoilt::Interrupted),
        Fault::Spoilt(Spoilt::Failed),
        Fault::LinkDown,
        Fault::CarrierLoss,
        Fault::AddressGone("10.0.1.1"),
        Fault::AddressGone("fd00:1::1"),
        Fault::Removed(CHANGES),
        Fault::Removed(CHANGES6),
        Fault::Renamed,
        Fault::Remade,
        Fault::Killed,
    ];
    for how in [How::Exclusive, How::Replace, How::Append, How::Prepend] {
        for (prefix, gateway) in
            [(CHANGES, "10.0.2.9"), (CHANGES6, "fd00:2::9"), (CHANGES6, ""), (STALE, "10.0.2.9")]
        {
            faults.push(Fault::Foreign(prefix, how, gateway));
        }
    }
    faults
}

/// Everything a table goes through from its adoption on.
fn long() -> Vec<Act> {
    let via = |gateway: &str| Hop::via(gateway.parse().expect("an address"));
    let mut acts = vec![
        Act::Want(KEPT, Route::unicast([via("10.0.1.2")])),
        Act::Want(CHANGES, Route::unicast([via("10.0.2.3")])),
        Act::Want(KEPT6, Route::unicast([via("fd00:1::2")])),
        Act::Want(CHANGES6, Route::unicast([via("fd00:2::3")])),
        Act::Want(TAKEN, Route::unicast([via("10.0.1.2")])),
        Act::Want(NEW, Route::unicast([via("10.0.1.4"), via("10.0.2.4").weighing(3)])),
        Act::Want(NEW6, Route::unicast([via("fd00:1::4"), via("fd00:2::4").weighing(3)])),
        Act::Settle,
    ];
    for (prefix, one, two) in [(CHANGES, "10.0.1.5", "10.0.2.5"), (CHANGES6, "fd00:1::5", "fd00:2::5")] {
        let source = if net(prefix).network().is_ipv4() { "10.0.1.1" } else { "fd00:1::1" };
        acts.extend([
            Act::Want(prefix, Route::unicast([via(one), via(two)])),
            Act::Want(prefix, Route::unicast([via(one)])),
            Act::Want(prefix, Route::blackhole()),
            Act::Want(prefix, Route::unicast([via(two)]).from(source.parse().expect("an address"))),
            Act::Want(prefix, Route::unicast([via(one).over("eth1")])),
            Act::Want(prefix, Route::unicast([via(two)]).at(METRIC + 1)),
            Act::Want(prefix, Route::new(Forwarding::Unreachable)),
            Act::Want(prefix, Route::unicast([via(two), via(one)])),
            Act::Want(prefix, Route::unicast([via(two)]).from(source.parse().expect("an address"))),
        ]);
    }
    acts.extend([Act::Unwant(KEPT), Act::Want(KEPT, Route::blackhole()), Act::Unwant(NEW6)]);
    acts
}

fn leaving() -> Vec<Act> {
    let mut acts = short();
    acts.push(Act::Leave);
    acts
}

fn short() -> Vec<Act> {
    let via = |gateway: &str| Hop::via(gateway.parse().expect("an address"));
    vec![
        Act::Want(CHANGES, Route::unicast([via("10.0.1.3"), via("10.0.2.3")])),
        Act::Want(CHANGES6, Route::unicast([via("fd00:1::3"), via("fd00:2::3")])),
        Act::Settle,
        Act::Want(
            CHANGES6,
            Route::unicast([via("fd00:2::2")]).from("fd00:1::1".parse().expect("an address")),
        ),
        Act::Want(CHANGES, Route::unicast([via("10.0.1.2")])),
        Act::Unwant(CHANGES6),
    ]
}

/// At the metric of ours; without a gateway straight out of the second interface.
fn foreign_over(prefix: &str, gateway: &str) -> KernelRoute {
    if gateway.is_empty() {
        let hop = KernelHop { gateway: None, interface: 2, onlink: false, weight: 1 };
        let forwarding = KernelForwarding::Unicast(vec![hop]);
        KernelRoute { forwarding, ..foreign(net(prefix), METRIC, "fd00::1") }
    } else {
        foreign(net(prefix), METRIC, gateway)
    }
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

/// Ours from before, as it is wished.
const KEPT: &str = "192.0.2.0/26";
const KEPT6: &str = "2001:db8::/64";
/// Ours from before, wished differently, and again and again.
const CHANGES: &str = "192.0.2.64/26";
const CHANGES6: &str = "2001:db8:0:1::/64";
/// Ours from before, not wished any more.
const STALE: &str = "192.0.2.128/26";
const STALE6: &str = "2001:db8:0:2::/64";
/// Somebody else's at the metric of ours.
const TAKEN: &str = "198.51.100.0/24";
const NEW: &str = "203.0.113.0/24";
const NEW6: &str = "2001:db8:1::/48";
/// What the kernel holds at start.
const THERE: &[(&str, u32, u8, &str)] = &[
    (KEPT, METRIC, OURS, "10.0.1.2"),
    (KEPT6, METRIC, OURS, "fd00:1::2"),
    (CHANGES, METRIC, OURS, "10.0.1.2"),
    (CHANGES6, METRIC, OURS, "fd00:1::2"),
    (STALE, METRIC, OURS, "10.0.1.2"),
    (STALE6, METRIC, OURS, "fd00:1::2"),
    (TAKEN, METRIC, FOREIGN, "10.0.2.9"),
    (CHANGES, METRIC + 7, FOREIGN, "10.0.2.9"),
    (CHANGES6, METRIC - 7, FOREIGN, "fd00:2::9"),
];
