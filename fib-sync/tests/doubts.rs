//! What a reading does not know yet, and what vanishes while nobody can tell.

use fib_sync::{
    Address, Config, Event, Instant, KernelForwarding, KernelHop, KernelRoute, Link, Operation, Output,
    Place, Reconciler, Route, Seen, Ticket,
};

fn link(index: u32, up: bool) -> Seen {
    Seen::Link(Link { index, name: format!("eth{index}").into(), up, running: up, master: None, vrf: None })
}

fn address(interface: u32, text: &str) -> Address {
    let net: ipnet::IpNet = text.parse().unwrap();
    Address { interface, local: net.addr(), connected: Some(net.trunc()), scope: 0 }
}

/// A route to 192.0.2.0/24 over the hosts 2 of these links.
fn route(protocol: u8, links: &[u32]) -> KernelRoute {
    let hop = |link: &u32| KernelHop {
        gateway: Some(format!("10.0.{link}.2").parse().unwrap()),
        interface: *link,
        onlink: false,
        weight: 1,
    };
    KernelRoute {
        prefix: "192.0.2.0/24".parse().unwrap(),
        metric: 50,
        protocol,
        scope: 0,
        forwarding: KernelForwarding::Unicast(links.iter().map(hop).collect()),
        source: None,
        object: None,
    }
}

const NOW: Instant = Instant::ZERO;

/// A reconciler whose first reading has begun.
fn reading() -> Reconciler {
    let mut reconciler = Reconciler::new(Config::new(254, 12, 50));
    assert_eq!(reconciler.poll_output(NOW), Some(Output::Read));
    reconciler
}

fn hear(reconciler: &mut Reconciler, told: impl IntoIterator<Item = Seen>) {
    told.into_iter().for_each(|seen| reconciler.observe(seen, NOW));
}

fn written(route: KernelRoute, place: Place) -> Seen {
    Seen::Added { route, place }
}

#[test]
fn a_link_that_goes_down_before_a_reading_lists_it_takes_its_ipv4_routes_along() {
    // A list comes in several datagrams, and the events in between are in their place.
    for last in [link(5, false), Seen::LinkGone(5)] {
        let mut reconciler = reading();
        hear(&mut reconciler, [link(1, true), written(route(4, &[5]), Place::First), last, Seen::Complete]);
        assert_eq!(reconciler.snapshot().foreign, 0);
    }
}

/// The kernel lists what it comes by; what it says to have changed meanwhile may be missing.
#[test]
fn of_an_interrupted_reading_nothing_is_believed() {
    let mut reconciler = reading();
    let whole = || [link(3, true), Seen::Listed(route(12, &[3])), Seen::Complete];
    hear(&mut reconciler, [link(3, true), Seen::Interrupted]);
    assert!(!reconciler.is_synced());
    read_again(&mut reconciler);
    hear(&mut reconciler, whole());
    assert_eq!((reconciler.is_synced(), reconciler.installed()), (true, 1));

    hear(&mut reconciler, [Seen::Overrun]);
    read_again(&mut reconciler);
    hear(&mut reconciler, [link(3, true), Seen::Interrupted]);
    assert_eq!(reconciler.installed(), 1, "the route was not listed, which says nothing");
    read_again(&mut reconciler);
    hear(&mut reconciler, whole());
    assert_eq!((reconciler.installed(), reconciler.counters().interrupted), (1, 2));
}

/// Nothing is written, and the next thing asked for is a reading.
fn read_again(reconciler: &mut Reconciler) {
    let later = reconciler.poll_timeout().expect("a reading");
    assert!(later.since(NOW) < std::time::Duration::from_secs(60), "sooner than the next audit");
    reconciler.handle_timeout(later);
    assert_eq!(reconciler.poll_output(later), Some(Output::Read));
}

#[test]
fn ipv4_routes_go_with_the_last_ipv4_address_of_their_interface() {
    let mut reconciler = reading();
    let addresses = || ["10.0.3.1/24", "10.0.3.7/24"].map(|text| address(3, text));
    let [one, other] = addresses().map(Seen::Address);
    hear(&mut reconciler, [link(3, true), one, other, Seen::Listed(route(4, &[3])), Seen::Complete]);
    for (gone, left) in addresses().into_iter().zip([1, 0]) {
        hear(&mut reconciler, [Seen::AddressGone(gone)]);
        assert_eq!(reconciler.snapshot().foreign, left);
    }
}

#[test]
fn what_is_ours_is_not_learned() {
    let mut reconciler = reading();
    let behind = KernelRoute { metric: 60, ..route(4, &[3]) };
    hear(&mut reconciler, [link(3, true), Seen::Listed(route(12, &[3])), Seen::Listed(behind)]);
    let elsewhere = KernelRoute { prefix: "198.51.100.0/24".parse().unwrap(), ..route(12, &[3]) };
    hear(&mut reconciler, [Seen::Listed(elsewhere), Seen::Complete]);
    let learned: Vec<(String, u8)> = std::iter::from_fn(|| reconciler.poll_event())
        .filter_map(|event| match event {
            Event::Learned { prefix, route, .. } => Some((prefix.to_string(), route.protocol)),
            _ => None,
        })
        .collect();
    assert_eq!(learned, [("192.0.2.0/24".to_owned(), 4)]);
}

#[test]
fn an_address_that_goes_before_a_reading_lists_it_leaves_a_doubt_and_another_reading() {
    let mut reconciler = reading();
    let gone = Seen::AddressGone(address(5, "10.0.5.1/24"));
    hear(&mut reconciler, [link(5, true), written(route(4, &[5]), Place::First), gone, Seen::Complete]);
    read_again(&mut reconciler);
}

/// Whether the kernel dropped the route with its last live hop cannot be seen, so it is read again. Until then the one
/// written in its place is not to be removed as if it were a double, again and again.
#[test]
fn a_route_written_over_one_that_vanished_silently_is_not_removed_as_a_double() {
    let mut reconciler = reading();
    let links = [link(3, true), link(5, true)];
    let addresses =
        [Seen::Address(address(5, "10.0.5.1/24")), Seen::Listed(route(12, &[3, 5])), Seen::Complete];
    hear(&mut reconciler, links.into_iter().chain(addresses));
    hear(&mut reconciler, [Seen::AddressGone(address(5, "10.0.5.1/24"))]);
    reconciler.want("192.0.2.0/24".parse().unwrap(), Some(Route::blackhole()));
    let (ticket, replace): (Ticket, KernelRoute) = match reconciler.poll_output(NOW) {
        Some(Output::Apply(ticket, Operation::Replace(route))) => (ticket, route),
        other => panic!("{other:?}"),
    };
    // There was nothing to replace: the kernel says that it is new.
    hear(&mut reconciler, [written(replace, Place::First)]);
    reconciler.done(ticket, Ok(()), NOW);
    assert_eq!(reconciler.poll_output(NOW), None, "it is as wished");
}

#[test]
fn a_double_is_removed_where_there_is_no_doubt() {
    let mut reconciler = reading();
    let twice = [Seen::Listed(route(12, &[3])), Seen::Listed(route(12, &[5])), Seen::Complete];
    hear(&mut reconciler, [link(3, true), link(5, true)].into_iter().chain(twice));
    let wish = Route::via("10.0.3.2".parse().unwrap());
    reconciler.want("192.0.2.0/24".parse().unwrap(), Some(wish));
    assert!(matches!(reconciler.poll_output(NOW), Some(Output::Apply(_, Operation::Remove(_)))));
}

#[test]
fn an_ipv6_route_loses_its_preferred_source_with_the_address() {
    let mut reconciler = reading();
    let source = address(3, "fd00:3::1/64");
    let preferring = KernelRoute {
        prefix: "2001:db8::/32".parse().unwrap(),
        forwarding: KernelForwarding::Unicast(vec![KernelHop {
            gateway: Some("fd00:3::2".parse().unwrap()),
            interface: 3,
            onlink: false,
            weight: 1,
        }]),
        source: Some(source.local),
        ..route(12, &[])
    };
    let wish = Route::via("fd00:3::2".parse().unwrap()).from(source.local);
    reconciler.want(preferring.prefix, Some(wish));
    hear(
        &mut reconciler,
        [link(3, true), Seen::Address(source.clone()), Seen::Listed(preferring.clone()), Seen::Complete],
    );
    assert_eq!(reconciler.poll_output(NOW), None, "adopted as it is");
    // An address that goes soon after it came may never have been announced: the second time it is not.
    for _ in 0..2 {
        hear(&mut reconciler, [Seen::AddressGone(source.clone())]);
        let Some(Output::Apply(ticket, Operation::Replace(again))) = reconciler.poll_output(NOW) else {
            panic!("the source is wished");
        };
        assert_eq!(again.source, preferring.source);
        hear(&mut reconciler, [written(preferring.clone(), Place::Instead)]);
        reconciler.done(ticket, Ok(()), NOW);
        assert_eq!(reconciler.poll_output(NOW), None, "as wished");
    }
}

/// IPv6 merges what is appended, and shows the whole with the protocol of its first path.
#[test]
fn what_is_left_of_a_merged_ipv6_route_is_not_replaced_before_it_is_known_whose_it_is() {
    let mut reconciler = reading();
    let prefix = "2001:db8::/32".parse().unwrap();
    let path = |protocol, interface: u32| KernelRoute {
        prefix,
        forwarding: KernelForwarding::Unicast(vec![KernelHop {
            gateway: Some(format!("fd00:{interface}::2").parse().unwrap()),
            interface,
            onlink: false,
            weight: 1,
        }]),
        ..route(protocol, &[])
    };
    let whole = KernelRoute {
        forwarding: KernelForwarding::Unicast([path(4, 5).hops(), path(12, 3).hops()].concat()),
        ..path(4, 5)
    };
    reconciler.want(prefix, Some(Route::via("fd00:3::2".parse().unwrap())));
    hear(&mut reconciler, [link(3, true), link(5, true), Seen::Listed(path(12, 3)), Seen::Complete]);
    assert_eq!(reconciler.poll_output(NOW), None, "adopted as it is");
    // What is left shows the protocol of somebody else, but not to those who have only heard of it.
    hear(&mut reconciler, [written(whole, Place::Last), Seen::Removed(path(12, 3)), Seen::LinkGone(3)]);
    assert_eq!(reconciler.poll_output(NOW), None, "nothing is written");
    let again = reconciler.poll_timeout().expect("a reading");
    reconciler.handle_timeout(again);
    assert_eq!(reconciler.poll_output(again), Some(Output::Read));
    hear(&mut reconciler, [link(5, true), Seen::Listed(path(4, 5)), Seen::Complete]);
    assert_eq!(reconciler.poll_output(again), None, "it is somebody else's");
}
