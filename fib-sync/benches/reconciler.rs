//! What a route costs in the reconciler, the kernel left out.
//!
//! ```sh
//! bgp-core/benches/count --of fib-sync reconciler     # instructions, on any machine, the same every time
//! ```

use std::hint::black_box;
use std::net::Ipv4Addr;

use fib_sync::{
    Config, Hop, Instant, KernelForwarding, KernelHop, KernelRoute, Link, Operation, Output, Place,
    Reconciler, Route, Seen,
};
use ipnet::{IpNet, Ipv4Net};

/// A run of so many routes.
type Stage = fn(u32);

const STAGES: [(&str, Stage); 6] = [
    ("install", install),
    ("replace", replace),
    ("remove", remove),
    ("adopt", adopt),
    ("reread", reread),
    ("snapshot", snapshot),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["stages"] => STAGES.iter().for_each(|(name, _)| println!("{name}")),
        ["once", name, routes] => {
            let (_, stage) = STAGES.iter().find(|(stage, _)| stage == name).expect("a stage");
            stage(routes.parse().expect("a number of routes"));
        }
        _ => println!("usage: stages | once STAGE ROUTES"),
    }
}

/// The wishes of an empty table, to their answers.
fn install(routes: u32) {
    let mut reconciler = synced(0);
    counted(|| want(&mut reconciler, routes, Some(1)));
    assert_eq!(reconciler.installed(), routes as usize);
}

/// Every wish leads elsewhere.
fn replace(routes: u32) {
    let mut reconciler = synced(0);
    want(&mut reconciler, routes, Some(1));
    counted(|| want(&mut reconciler, routes, Some(2)));
}

/// No wish is left.
fn remove(routes: u32) {
    let mut reconciler = synced(0);
    want(&mut reconciler, routes, Some(1));
    counted(|| want(&mut reconciler, routes, None));
    assert_eq!(reconciler.installed(), 0);
}

/// A start over a full table, and equal wishes.
fn adopt(routes: u32) {
    counted(|| {
        let mut reconciler = synced(routes);
        want(&mut reconciler, routes, Some(1));
        black_box(reconciler);
    });
}

/// A full table is read again.
fn reread(routes: u32) {
    let mut reconciler = synced(routes);
    want(&mut reconciler, routes, Some(1));
    reconciler.observe(Seen::Overrun, Instant::ZERO);
    let later = Instant::ZERO + std::time::Duration::from_secs(60);
    reconciler.handle_timeout(later);
    assert_eq!(reconciler.poll_output(later), Some(Output::Read));
    counted(|| {
        list(&mut reconciler, routes);
        tell(&mut reconciler);
    });
}

/// All is shown.
fn snapshot(routes: u32) {
    let mut reconciler = synced(routes);
    want(&mut reconciler, routes, Some(1));
    let snapshot = counted(|| reconciler.snapshot());
    assert_eq!(snapshot.routes.len(), routes as usize);
}

#[inline(never)]
fn counted<R>(stage: impl FnOnce() -> R) -> R {
    stage()
}

/// A reconciler after its first reading of so many routes of ours.
fn synced(routes: u32) -> Reconciler {
    let mut reconciler = Reconciler::new(Config::new(254, 186, 20));
    assert_eq!(reconciler.poll_output(Instant::ZERO), Some(Output::Read));
    list(&mut reconciler, routes);
    tell(&mut reconciler);
    reconciler
}

/// A whole reading.
fn list(reconciler: &mut Reconciler, routes: u32) {
    let link = Link { index: 1, name: "eth0".into(), up: true, running: true, master: None, vrf: None };
    reconciler.observe(Seen::Link(link), Instant::ZERO);
    for number in 0..routes {
        reconciler.observe(Seen::Listed(held(number)), Instant::ZERO);
    }
    reconciler.observe(Seen::Complete, Instant::ZERO);
}

/// Wishes in no order, in portions, each carried out before the next.
fn want(reconciler: &mut Reconciler, routes: u32, gateway: Option<u8>) {
    let scattered = |number: u32| (u64::from(number) * 40_503 % u64::from(routes)) as u32;
    for number in 0..routes {
        let hop = |last| Hop::via(Ipv4Addr::new(10, 0, 0, last).into()).over("eth0");
        let route = gateway.map(|last| Route::unicast([hop(last)]));
        reconciler.want(prefix(scattered(number)), route);
        if number % 512 == 511 {
            carry_out(reconciler);
        }
    }
    carry_out(reconciler);
}

/// The kernel agrees to everything: the echo where it is not plain, then the answer.
fn carry_out(reconciler: &mut Reconciler) {
    while let Some(output) = reconciler.poll_output(Instant::ZERO) {
        let Output::Apply(ticket, operation) = output else { panic!("a second reading") };
        if operation.is_plain() {
            reconciler.done(ticket, Ok(()), Instant::ZERO);
            continue;
        }
        let said = match operation {
            Operation::Create(route) => Seen::Added { route: bound(route), place: Place::First },
            Operation::Replace(route) => Seen::Added { route: bound(route), place: Place::Instead },
            Operation::Remove(route) => Seen::Removed(route),
        };
        reconciler.observe(said, Instant::ZERO);
        reconciler.done(ticket, Ok(()), Instant::ZERO);
    }
    tell(reconciler);
}

fn tell(reconciler: &mut Reconciler) {
    while let Some(event) = reconciler.poll_event() {
        black_box(event);
    }
}

/// The kernel names the interface.
fn bound(mut route: KernelRoute) -> KernelRoute {
    if let KernelForwarding::Unicast(hops) = &mut route.forwarding {
        for hop in hops {
            hop.interface = 1;
        }
    }
    route
}

fn held(number: u32) -> KernelRoute {
    KernelRoute {
        prefix: prefix(number),
        metric: 20,
        protocol: 186,
        scope: 0,
        forwarding: KernelForwarding::Unicast(vec![KernelHop {
            gateway: Some(Ipv4Addr::new(10, 0, 0, 1).into()),
            interface: 1,
            onlink: false,
            weight: 1,
        }]),
        source: None,
        object: None,
    }
}

fn prefix(number: u32) -> IpNet {
    Ipv4Net::new(Ipv4Addr::from(0x1400_0000 + (number << 8)), 24).expect("a length").into()
}
