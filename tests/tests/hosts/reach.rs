//! Next hops: lost and found again, several of them, and of the other family.

use std::net::IpAddr;

use rtnetlink::packet_route::route::RouteProtocol;
use tests::kernel::Way;

use crate::host::Host;
use crate::monitor::Monitor;
use crate::pings::Pings;
use crate::wires::{address, cable, foreign};
use tests::programs::prove;

#[test]
fn a_route_leaves_the_kernel_with_its_next_hop_and_comes_back_with_it() {
    prove(|| {
        let (mut a, mut b) = (Host::new("a"), Host::new("b"));
        let gateway = Host::new("gateway");
        cable((&a, "eth0", &["10.0.0.1/24"]), (&b, "eth0", &["10.0.0.2/24"]));
        cable((&a, "eth1", &["10.0.1.1/24"]), (&gateway, "eth0", &["10.0.1.9/24"]));
        a.run(&session(64512, 1, &[("b", "10.0.0.2", 64512)], ""));
        b.run(&session(64512, 2, &[("a", "10.0.0.1", 64512)], FAR_NEXT_HOP));
        a.until_established("b");
        let way =
            foreign("172.16.0.0/24", Way::Via(IpAddr::from([10, 0, 1, 9]), "eth1"), RouteProtocol::Static);
        for _ in 0..3 {
            assert!(!a.has_route("10.50.0.0/24"), "there is no way to the next hop");
            a.kernel(|kernel| kernel.add_route(&way));
            a.until_route("10.50.0.0/24 via 10.0.1.9 dev eth1 proto bird");
            a.kernel(|kernel| kernel.delete_route(&way));
            a.until_no_route("10.50.0.0/24");
        }
        a.kernel(|kernel| kernel.add_route(&way));
        a.until_route("10.50.0.0/24 via 10.0.1.9 dev eth1 proto bird");
        a.kernel(|kernel| kernel.down("eth1"));
        a.until_no_route("10.50.0.0/24");
        assert_eq!(a.peer("b", "state"), "Established", "the session has nothing to do with that cable");
        let routes = a.json(&["routes", "10.50.0.0/24"]);
        assert!(routes.to_string().contains("172.16.0.9"), "the path is kept: {routes}");
        a.kernel(|kernel| kernel.up("eth1").and_then(|()| kernel.add_route(&way)));
        a.until_route("10.50.0.0/24 via 10.0.1.9 dev eth1 proto bird");
    });
}

#[test]
fn two_external_peers_make_one_multipath_route_that_shrinks_in_place() {
    prove(|| {
        let (mut a, mut b, mut c) = (Host::new("a"), Host::new("b"), Host::new("c"));
        cable((&a, "eth1", &["10.0.1.1/24", "fd00:a::1/64"]), (&b, "eth0", &["10.0.1.2/24", "fd00:a::2/64"]));
        cable((&a, "eth2", &["10.0.2.1/24", "fd00:b::1/64"]), (&c, "eth0", &["10.0.2.2/24", "fd00:b::2/64"]));
        let peers = [
            ("b", "10.0.1.2", 65001),
            ("c", "10.0.2.2", 65001),
            ("b6", "fd00:a::2", 65001),
            ("c6", "fd00:b::2", 65001),
        ];
        a.run(&session(64512, 1, &peers, ""));
        b.run(&session(65001, 2, &[("a", "10.0.1.1", 64512), ("a6", "fd00:a::1", 64512)], COMMON));
        c.run(&session(65001, 3, &[("a", "10.0.2.1", 64512), ("a6", "fd00:b::1", 64512)], COMMON));
        let members =
            ["\tnexthop via 10.0.1.2 dev eth1 weight 1", "\tnexthop via 10.0.2.2 dev eth2 weight 1"];
        for _ in 0..3 {
            a.until_route("10.50.0.0/24 proto bird");
            members.iter().for_each(|member| a.until_route(member));
            let both6 = |host: &Host| {
                let table = host.table();
                ["fd00:a::2", "fd00:b::2"].iter().all(|via| {
                    let text = table.join("\n");
                    text.contains("fd00:50::/64") && text.contains(&format!("via {via} "))
                })
            };
            a.until("two IPv6 next hops", |host| both6(host).then_some(()).ok_or("not yet"));
            let monitor = Monitor::of(&a);
            for name in ["c", "c6"] {
                assert!(a.ask(&["peer", name, "disable"]).status.success());
            }
            a.until_route("10.50.0.0/24 via 10.0.1.2 dev eth1 proto bird");
            a.until_route("fd00:50::/64 via fd00:a::2 dev eth1 proto bird");
            assert_eq!(monitor.deletions(&a, &["10.50.0.0/24", "fd00:50::/64"]), []);
            for name in ["c", "c6"] {
                assert!(a.ask(&["peer", name, "enable"]).status.success());
            }
        }
    });
}

#[test]
fn ipv4_over_an_ipv6_next_hop_carries_packets() {
    prove(|| {
        let (mut a, mut b) = (Host::new("a"), Host::new("b"));
        cable((&a, "eth0", &["fd00::1/64"]), (&b, "eth0", &["fd00::2/64"]));
        address(&a, "lo", &["10.1.0.1/32"]);
        address(&b, "lo", &["10.2.0.1/32"]);
        for (host, us, them) in [(&mut a, 1, 2), (&mut b, 2, 1)] {
            let peer = format!("fd00::{them}");
            let block = format!("[[originate]]\nprefix = \"10.{us}.0.0/24\"\n");
            let text = session(64512, us, &[("other", &peer, 64512)], &block);
            host.run(&text.replace("families = [\"ipv6\"]", "families = [\"ipv4\", \"ipv6\"]"));
        }
        a.until_route("10.2.0.0/24 via inet6 fd00::2 dev eth0 proto bird");
        b.until_route("10.1.0.0/24 via inet6 fd00::1 dev eth0 proto bird");
        Pings::begin(&a, "10.2.0.1").end_without_loss();
        Pings::begin(&b, "10.1.0.1").end_without_loss();
    });
}

/// A configuration with these peers, each with the family of its address.
pub(crate) fn session(asn: u32, number: u8, peers: &[(&str, &str, u32)], more: &str) -> String {
    let mut text = format!("asn = {asn}\nrouter_id = \"10.255.0.{number}\"\n{more}\n");
    for (name, address, asn) in peers {
        let family = if address.contains(':') { "ipv6" } else { "ipv4" };
        text.push_str(&format!(
            r#"
[[peer]]
name = "{name}"
address = "{address}"
asn = {asn}
families = ["{family}"]
import = "accept-all"
export = "EXPORT"
connect_retry = "1s"
"#
        ));
    }
    text.replace("EXPORT", if more.contains("name = \"out\"") { "out" } else { "accept-all" })
}

/// A route whose next hop is somewhere behind the peer.
const FAR_NEXT_HOP: &str = r#"
[[originate]]
prefix = "10.50.0.0/24"
kind = "announce"
[[policy]]
name = "out"
default = "reject"
rules = [{ name = "far", match = { source = ["static"] }, set = { next_hop = "172.16.0.9" }, action = "accept" }]
"#;

/// What both external peers announce, and nothing else.
const COMMON: &str = r#"
[[originate]]
prefix = "10.50.0.0/24"
kind = "announce"
[[originate]]
prefix = "fd00:50::/64"
kind = "announce"
[[policy]]
name = "out"
default = "reject"
rules = [{ name = "ours", match = { source = ["static"] }, action = "accept" }]
"#;
