//! Which routes in the kernel others may be reached through: those whose hops are as configured.

use std::net::Ipv4Addr;
use std::sync::Arc;

use bgp_core::policy::Policy;
use bgp_core::rib::{Forwarding, KernelHint, LocalSource, Route};
use bgp_core::speaker::{Config, FibChange, FibRoute, Input, Output, Reach, ResolvedHop, Speaker};
use bgp_core::wire::{Attributes, NextHop};
use bgp_core::{Asn, Instant, RouterId};

/// A speaker without peers that writes everything to the kernel.
fn config() -> Config {
    Config {
        kernel_export: Some(vec![Arc::new(Policy::accept_all())]),
        ..Config::new(Asn(64512), RouterId(Ipv4Addr::new(192, 0, 2, 1)))
    }
}

/// The last wish that comes of an input.
fn wish(speaker: &mut Speaker, input: Input) -> Option<FibRoute> {
    speaker.handle(input, Instant::ZERO);
    let mut wished = None;
    for _ in 0..10 {
        while let Some(output) = speaker.poll_output() {
            if let Output::Fib(FibChange { route, .. }) = output {
                wished = route;
            }
        }
        speaker.handle_timeout(Instant::ZERO);
    }
    wished
}

#[test]
fn a_static_route_carries_while_its_hop_is_as_configured() {
    let next_hop = Ipv4Addr::new(10, 0, 0, 2);
    let mut speaker = Speaker::new(config(), 1, Instant::ZERO);
    let route = Route {
        attributes: Attributes::default(),
        forwarding: Forwarding::Via(NextHop::V4(next_hop)),
        interface: None,
        kernel: KernelHint::default(),
    };
    let prefix = "172.16.0.0/16".parse().expect("a prefix");
    let originated = Input::Originate { prefix, source: LocalSource::Static, route };
    assert_eq!(wish(&mut speaker, originated), None, "nobody knows the way yet");

    for (gateway, expected) in [(None, true), (Some(Ipv4Addr::new(10, 9, 9, 9)), false)] {
        let hop = ResolvedHop { gateway: gateway.map(Into::into), interface: Arc::from("eth0") };
        let reach = Some(Reach { metric: 0, hops: vec![hop] });
        let wished = wish(&mut speaker, Input::NextHop { address: next_hop.into(), reach });
        let Some(FibRoute::Forward { carries, .. }) = wished else { panic!("{wished:?}") };
        assert_eq!(carries, expected, "by way of {gateway:?}");
    }
}
