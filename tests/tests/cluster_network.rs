//! The laboratory's own network, without any daemon: cables, tables, pings, and that all of it vanishes.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use rtnetlink::packet_route::route::RouteProtocol;
use tests::cluster::{Overlay, Setup, Wiring, build, compare, expected_routes};
use tests::kernel::{Ip, Route, Way};
use tests::ping::ping;
use tests::sandbox;

const SOON: Duration = Duration::from_secs(3);

#[test]
fn a_host_reaches_its_pods_and_pods_each_other_before_any_routing() {
    sandbox::test(|| {
        let setup = Setup::documented();
        let wiring = build(&setup).expect("a network");
        let own_pods: Vec<_> = wiring.pods.iter().filter(|(host, ..)| *host == 1).collect();
        for (_, number, _) in &own_pods {
            for ip in [Ip::V4, Ip::V6] {
                let to = setup.hosts[1].pods[*number].address(ip);
                wiring.hosts[1].run(|| ping(to, SOON)).expect("inside").expect("host to pod");
                for (_, _, from) in &own_pods {
                    from.run(|| ping(to, SOON)).expect("inside").expect("pod to pod");
                }
            }
        }
    });
}

#[test]
fn with_the_right_routes_tables_read_as_expected_and_every_pod_answers() {
    sandbox::test(|| converge_by_hand(Overlay::None));
}

#[test]
fn the_overlay_carries_packets_too() {
    sandbox::test(|| converge_by_hand(Overlay::Ipip));
}

#[test]
fn a_pod_of_another_host_does_not_answer_without_a_route() {
    sandbox::test(|| {
        let setup = Setup::documented();
        let wiring = build(&setup).expect("a network");
        let to = setup.hosts[2].pods[0].v4.into();
        let failure = wiring.pods[1].2.run(|| ping(to, Duration::from_millis(300))).expect("inside");
        failure.expect_err("no route leads there");
    });
}

/// Puts in by hand what the daemons would.
fn converge_by_hand(overlay: Overlay) {
    let setup = Setup { overlay, ..Setup::documented() };
    let wiring = build(&setup).expect("a network");
    for which in 0..setup.hosts.len() {
        install(&wiring, &setup, which);
        for ip in [Ip::V4, Ip::V6] {
            let seen = wiring.hosts[which].kernel(|kernel| kernel.routes(ip)).expect("a table");
            assert_eq!(compare(&seen, &expected_routes(&setup, which, ip)), Ok(()));
        }
    }
    for (_, _, from) in &wiring.pods {
        for (host, number, _) in &wiring.pods {
            for ip in [Ip::V4, Ip::V6] {
                let to = setup.hosts[*host].pods[*number].address(ip);
                from.run(|| ping(to, SOON)).expect("inside").expect("an answer");
            }
        }
    }
}

fn install(wiring: &Wiring, setup: &Setup, which: usize) {
    let bird = |to: IpNet, way: Way| Route { to, way, protocol: RouteProtocol::Bird, metric: 0 };
    let add = |route: Route| wiring.hosts[which].kernel(|kernel| kernel.add_route(&route)).expect("a route");
    for ip in [Ip::V4, Ip::V6] {
        for (other, host) in setup.hosts.iter().enumerate() {
            let gateway: IpAddr = host.address(ip);
            add(match (other == which, ip, setup.overlay) {
                (true, _, _) => bird(host.block(ip), Way::Blackhole),
                (false, Ip::V4, Overlay::Ipip) => bird(host.block(ip), Way::Through(gateway, "tunl0")),
                (false, _, _) => bird(host.block(ip), Way::Via(gateway, "eth0")),
            });
        }
    }
}
