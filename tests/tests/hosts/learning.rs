//! What the kernel knows becomes routes of ours, soon, and goes with what it stood on.

use std::time::{Duration, Instant};

use rtnetlink::packet_route::route::RouteProtocol;
use tests::kernel::Way;

use crate::host::Host;
use crate::wires::{address, cable, foreign};
use tests::programs::prove;

#[test]
fn a_pods_route_reaches_the_peer_within_a_second_and_leaves_as_fast() {
    prove(|| {
        let (a, b) = neighbours();
        let _pod = pod(&a, "cali0");
        for to in ["10.1.0.7", "fd00:1::7"] {
            let route = foreign(to_host(to).as_str(), Way::OnLink("cali0"), RouteProtocol::Boot);
            let start = Instant::now();
            a.kernel(|kernel| kernel.add_route(&route));
            b.until_route(&format!("{to} via "));
            assert!(start.elapsed() < SECOND, "{to} took {:?} to arrive", start.elapsed());
            let start = Instant::now();
            a.kernel(|kernel| kernel.delete_route(&route));
            b.until_no_route(&format!("{to} via "));
            assert!(start.elapsed() < SECOND, "{to} took {:?} to go", start.elapsed());
        }
    });
}

#[test]
fn a_pod_whose_device_goes_is_withdrawn() {
    prove(|| {
        let (a, b) = neighbours();
        let _pod = pod(&a, "cali0");
        for to in ["10.1.0.7", "fd00:1::7"] {
            let route = foreign(to_host(to).as_str(), Way::OnLink("cali0"), RouteProtocol::Boot);
            a.kernel(|kernel| kernel.add_route(&route));
            b.until_route(&format!("{to} via "));
        }
        a.kernel(|kernel| kernel.delete_link("cali0"));
        b.until_no_route("10.1.0.7 via ");
        b.until_no_route("fd00:1::7 via ");
    });
}

#[test]
fn a_route_out_of_a_device_that_is_down_is_withdrawn_until_it_is_back() {
    prove(|| {
        let (a, b) = neighbours();
        let _pod = pod(&a, "cali0");
        let route = foreign("10.1.0.7/32", Way::OnLink("cali0"), RouteProtocol::Boot);
        for _ in 0..3 {
            a.kernel(|kernel| kernel.add_route(&route));
            b.until_route("10.1.0.7 via 10.0.0.1 dev eth0 proto bird");
            // The kernel drops the routes of a device that goes down and tells nobody about the IPv4 ones.
            a.kernel(|kernel| kernel.down("cali0"));
            b.until_no_route("10.1.0.7 via ");
            a.kernel(|kernel| kernel.up("cali0"));
        }
    });
}

#[test]
fn a_connected_prefix_follows_its_interface_down_and_up() {
    prove(|| {
        let (a, b) = neighbours();
        let _lan = lan(&a);
        for _ in 0..3 {
            b.until_route("10.9.0.0/24 via 10.0.0.1 dev eth0 proto bird");
            a.kernel(|kernel| kernel.down("eth7"));
            b.until_no_route("10.9.0.0/24");
            a.kernel(|kernel| kernel.up("eth7"));
        }
        a.kernel(|kernel| kernel.delete_link("eth7"));
        b.until_no_route("10.9.0.0/24");
    });
}

#[test]
fn excluded_interfaces_teach_nothing() {
    prove(|| {
        let (a, b) = neighbours();
        let (_services, _pod, _lan) = (pod(&a, "kube-ipvs0"), pod(&a, "cali0"), lan(&a));
        for device in ["kube-ipvs0", "cali0"] {
            address(&a, device, &["10.96.0.1/30", "fd00:96::1/64"]);
        }
        let service = foreign("10.97.0.1/32", Way::OnLink("kube-ipvs0"), RouteProtocol::Boot);
        let pod = foreign("10.1.0.7/32", Way::OnLink("cali0"), RouteProtocol::Boot);
        a.kernel(|kernel| kernel.add_route(&service).and_then(|()| kernel.add_route(&pod)));
        // The table tells in order, so what was excluded would be there by now.
        b.until_route("10.1.0.7 via ");
        let known = a.json(&["routes"]).to_string();
        for stranger in ["10.97.0.1/32", "10.96.0.0/30", "fd00:96::/64"] {
            assert!(!known.contains(stranger), "{stranger} was learned: {known}");
            assert!(!b.has_route(stranger.trim_end_matches("/32")));
        }
        assert!(known.contains("10.9.0.0/24"), "a connected prefix that is not excluded: {known}");
    });
}

const SECOND: Duration = Duration::from_secs(1);

/// A host that announces whatever it learns, and its peer.
fn neighbours() -> (Host, Host) {
    let (mut a, mut b) = (Host::new("a"), Host::new("b"));
    cable((&a, "eth0", &["10.0.0.1/24", "fd00::1/64"]), (&b, "eth0", &["10.0.0.2/24", "fd00::2/64"]));
    a.run(&configuration(1, 2));
    b.run(&configuration(2, 1));
    b.until_established("v4");
    b.until_established("v6");
    (a, b)
}

fn configuration(us: u8, them: u8) -> String {
    format!(
        r#"
asn = 64512
router_id = "10.0.0.{us}"
[[peer]]
name = "v4"
address = "10.0.0.{them}"
asn = 64512
export = "accept-all"
[[peer]]
name = "v6"
address = "fd00::{them}"
asn = 64512
export = "accept-all"
"#
    )
}

/// A pod at the end of a device.
fn pod(host: &Host, device: &str) -> Host {
    let pod = Host::new(&format!("pod-{device}"));
    cable((host, device, &[]), (&pod, "eth0", &[]));
    pod
}

/// A network with nobody else in it.
fn lan(host: &Host) -> Host {
    let other = Host::new("lan");
    cable((host, "eth7", &["10.9.0.1/24"]), (&other, "eth0", &[]));
    other
}

fn to_host(address: &str) -> String {
    let length = if address.contains(':') { 128 } else { 32 };
    format!("{address}/{length}")
}
