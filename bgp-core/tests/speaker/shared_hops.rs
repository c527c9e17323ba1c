//! Kernel routes that share a set of hops: what happens to a next hop is told once, before the routes.

use std::net::Ipv4Addr;
use std::sync::Arc;

use bgp_core::policy::Policy;
use bgp_core::rib::{Forwarding, KernelHint, LocalSource, Route};
use bgp_core::speaker::{Config, FibRoute, FibSet, FibSetId, Input, Output, Reach, ResolvedHop, Speaker};
use bgp_core::wire::{Attributes, NextHop};
use bgp_core::{Asn, Instant, RouterId};
use ipnet::IpNet;

const ROUTES: u8 = 100;
const NEXT_HOP: Ipv4Addr = Ipv4Addr::new(172, 16, 0, 9);

fn config() -> Config {
    Config {
        kernel_export: Some(vec![Arc::new(Policy::accept_all())]),
        kernel_sets: true,
        ..Config::new(Asn(64512), RouterId(Ipv4Addr::new(192, 0, 2, 1)))
    }
}

/// What is told about the kernel after an input, in order.
fn told(speaker: &mut Speaker, input: Input) -> Vec<Output> {
    speaker.handle(input, Instant::ZERO);
    let mut told = Vec::new();
    for _ in 0..10 {
        while let Some(output) = speaker.poll_output() {
            told.extend(matches!(output, Output::Fib(_) | Output::FibSet(_)).then_some(output));
        }
        speaker.handle_timeout(Instant::ZERO);
    }
    told
}

fn prefix(number: u8) -> IpNet {
    format!("10.50.{number}.0/24").parse().expect("a prefix")
}

fn reach(gateway: [u8; 4]) -> Input {
    let hop = ResolvedHop { gateway: Some(gateway.into()), interface: Arc::from("eth0") };
    Input::NextHop { address: NEXT_HOP.into(), reach: Some(Reach { metric: 0, hops: vec![hop] }) }
}

fn gateways(set: &FibSet) -> Vec<Option<std::net::IpAddr>> {
    set.hops.iter().flatten().map(|hop| hop.gateway).collect()
}

#[test]
fn a_next_hop_that_moves_is_told_once_and_no_route_is() {
    let mut speaker = Speaker::new(config(), 1, Instant::ZERO);
    for number in 0..ROUTES {
        let route = Route {
            attributes: Attributes::default(),
            forwarding: Forwarding::Via(NextHop::V4(NEXT_HOP)),
            interface: None,
            kernel: KernelHint::default(),
        };
        let originated = Input::Originate { prefix: prefix(number), source: LocalSource::Static, route };
        assert!(told(&mut speaker, originated).is_empty(), "nobody knows the way yet");
    }

    let known = told(&mut speaker, reach([10, 0, 0, 2]));
    let Some((Output::FibSet(set), routes)) = known.split_first() else { panic!("{known:?}") };
    assert_eq!(gateways(set), [Some([10, 0, 0, 2].into())]);
    assert_eq!(routes.len(), usize::from(ROUTES));
    for output in routes {
        let Output::Fib(change) = output else { panic!("{output:?}") };
        assert!(matches!(change.route, Some(FibRoute::Through { set: through, .. }) if through == set.id));
    }

    let moved = told(&mut speaker, reach([10, 0, 1, 3]));
    let [Output::FibSet(again)] = moved.as_slice() else { panic!("{moved:?}") };
    assert_eq!((again.id, gateways(again)), (set.id, vec![Some([10, 0, 1, 3].into())]));

    let lost = told(&mut speaker, Input::NextHop { address: NEXT_HOP.into(), reach: None });
    let Some((Output::FibSet(FibSet { id: FibSetId(1), hops: None }), routes)) = lost.split_last() else {
        panic!("the set goes after its routes: {lost:?}")
    };
    let is_gone = |output: &Output| matches!(output, Output::Fib(change) if change.route.is_none());
    assert!(routes.len() == usize::from(ROUTES) && routes.iter().all(is_gone));
}
