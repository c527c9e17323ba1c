//! Who may have a session: keys, hops, distance, and neighbours known by their link alone.

use std::fs;
use std::net::IpAddr;

use rtnetlink::packet_route::route::RouteProtocol;
use tests::kernel::Way;
use tests::sandbox::SCRATCH;

use crate::host::Host;
use crate::pings::Pings;
use crate::wires::{address, cable, foreign};
use tests::programs::prove;

#[test]
fn peers_with_different_keys_stay_apart_until_the_keys_agree() {
    prove(|| {
        let (mut a, mut b) = (Host::new("a"), Host::new("b"));
        cable((&a, "eth0", &["10.0.0.1/24"]), (&b, "eth0", &["10.0.0.2/24"]));
        key("a", "one");
        key("b", "another");
        a.run(&text(64512, 1, &[("b", "10.0.0.2", 64512, &keyed("a"))]));
        b.run(&text(64512, 2, &[("a", "10.0.0.1", 64512, &keyed("b"))]));
        for host in [&a, &b] {
            until_dropped(host, &["TCPMD5Failure"]);
        }
        assert_apart(&a, "b");
        assert_apart(&b, "a");
        key("b", "one");
        assert!(b.ask(&["reload"]).status.success());
        a.until_established("b");
        b.until_established("a");
    });
}

#[test]
fn a_key_that_changes_resets_its_own_session_and_no_other() {
    prove(|| {
        let (mut a, mut b, mut c) = (Host::new("a"), Host::new("b"), Host::new("c"));
        cable((&a, "eth1", &["10.0.1.1/24"]), (&b, "eth0", &["10.0.1.2/24"]));
        cable((&a, "eth2", &["10.0.2.1/24"]), (&c, "eth0", &["10.0.2.2/24"]));
        ["ab", "ac", "b", "c"].iter().for_each(|name| key(name, "old"));
        let (to_b, to_c) = (keyed("ab"), keyed("ac"));
        a.run(&text(64512, 1, &[("b", "10.0.1.2", 64512, &to_b), ("c", "10.0.2.2", 64512, &to_c)]));
        b.run(&text(64512, 2, &[("a", "10.0.1.1", 64512, &keyed("b"))]));
        c.run(&text(64512, 3, &[("a", "10.0.2.1", 64512, &keyed("c"))]));
        a.until_established("b");
        a.until_established("c");
        key("ab", "new");
        a.hang_up();
        a.until("the session with b to end", |host| {
            host.log().contains(r#""session.down","peer":"b""#).then_some(()).ok_or("it stands")
        });
        key("b", "new");
        b.hang_up();
        a.until("the session with b to return", |host| {
            (host.sessions("b") == 2).then_some(()).ok_or("not yet")
        });
        a.until_established("b");
        a.until_established("c");
        assert_eq!(a.sessions("c"), 1, "{}", a.log());
    });
}

#[test]
fn ttl_security_keeps_a_peer_out_that_is_farther_away() {
    prove(|| {
        let (mut a, mut b, _router) = far_apart();
        a.run(&text(64512, 1, &[("b", "10.0.2.2", 65001, "ttl_security = 1")]));
        b.run(&text(65001, 2, &[("a", "10.0.1.1", 64512, "ttl_security = 1")]));
        for host in [&a, &b] {
            until_dropped(host, &["TCPMinTTLDrop"]);
        }
        assert_apart(&a, "b");
        assert_apart(&b, "a");
        a.configure(&text(64512, 1, &[("b", "10.0.2.2", 65001, "ttl_security = 2")]));
        b.configure(&text(65001, 2, &[("a", "10.0.1.1", 64512, "ttl_security = 2")]));
        a.hang_up();
        b.hang_up();
        a.until_established("b");
        b.until_established("a");
    });
}

#[test]
fn ttl_security_drops_whoever_claims_to_be_near_from_afar() {
    prove(|| {
        let (mut a, mut b, _router) = far_apart();
        a.run(&text(64512, 1, &[("b", "10.0.2.2", 65001, "ttl_security = 1\npassive = true")]));
        // The most a stranger can do without being near.
        b.run(&text(65001, 2, &[("a", "10.0.1.1", 64512, "multihop = 255")]));
        until_dropped(&a, &["TCPMinTTLDrop"]);
        assert_apart(&a, "b");
        assert_apart(&b, "a");
    });
}

#[test]
fn an_internal_peer_may_be_hops_away_an_external_one_only_where_that_is_said() {
    prove(|| {
        let (mut a, mut b, router) = far_apart();
        let block = "[[originate]]\nprefix = \"10.50.0.0/24\"\nkind = \"announce\"\n";
        a.run(&text(64512, 1, &[("b", "10.0.2.2", 64512, "")]));
        b.run(&(text(64512, 2, &[("a", "10.0.1.1", 64512, "")]) + block));
        a.until_established("b");
        a.until_route("10.50.0.0/24 via 10.0.1.9 dev eth0 proto bird");
        a.terminate();
        b.terminate();
        a.run(&text(64512, 1, &[("b", "10.0.2.2", 65001, "")]));
        b.run(&(text(65001, 2, &[("a", "10.0.1.1", 64512, "")]) + block));
        until_dropped(&router, &["OutTimeExcds"]);
        assert_apart(&a, "b");
        a.configure(&text(64512, 1, &[("b", "10.0.2.2", 65001, "multihop = 2")]));
        b.configure(&(text(65001, 2, &[("a", "10.0.1.1", 64512, "multihop = 2")]) + block));
        a.hang_up();
        b.hang_up();
        a.until_established("b");
        a.until_route("10.50.0.0/24 via 10.0.1.9 dev eth0 proto bird");
    });
}

#[test]
fn neighbours_with_the_same_link_local_address_on_two_links_are_two_peers() {
    prove(|| {
        let (mut a, mut b, mut c) = (Host::new("a"), Host::new("b"), Host::new("c"));
        cable((&a, "eth1", &["fe80::1/64"]), (&b, "eth0", &["fe80::2/64"]));
        cable((&a, "eth2", &["fe80::1/64"]), (&c, "eth0", &["fe80::2/64"]));
        let both = "families = [\"ipv4\", \"ipv6\"]";
        for (host, number) in [(&mut a, 1), (&mut b, 2), (&mut c, 3)] {
            address(host, "lo", &[&format!("10.{number}.0.1/32"), &format!("fd00:{number}::1/128")]);
            let peers = match number {
                1 => vec![("b", "fe80::2%eth1", 65002, both), ("c", "fe80::2%eth2", 65003, both)],
                _ => vec![("a", "fe80::1%eth0", 65001, both)],
            };
            let blocks = format!(
                "[[originate]]\nprefix = \"10.{number}.0.0/24\"\n[[originate]]\nprefix = \"fd00:{number}::/64\"\n"
            );
            host.run(&(text(65000 + u32::from(number), number, &peers) + &blocks));
        }
        for (number, device) in [(2_u8, "eth1"), (3, "eth2")] {
            a.until_route(&format!("fd00:{number}::/64 via fe80::2 dev {device} proto bird"));
            a.until_route(&format!("10.{number}.0.0/24 via inet6 fe80::2 dev {device} proto bird"));
        }
        b.until_route("10.3.0.0/24 via inet6 fe80::1 dev eth0 proto bird");
        Pings::begin(&b, "10.1.0.1").end_without_loss();
        Pings::begin(&c, "fd00:1::1").end_without_loss();
        Pings::begin(&a, "10.3.0.1").end_without_loss();
    });
}

/// Two hosts with a router between them.
fn far_apart() -> (Host, Host, Host) {
    let (a, b, router) = (Host::new("a"), Host::new("b"), Host::new("router"));
    cable((&a, "eth0", &["10.0.1.1/24"]), (&router, "eth1", &["10.0.1.9/24"]));
    cable((&b, "eth0", &["10.0.2.2/24"]), (&router, "eth2", &["10.0.2.9/24"]));
    for (host, to, gateway) in [(&a, "10.0.2.0/24", [10, 0, 1, 9]), (&b, "10.0.1.0/24", [10, 0, 2, 9])] {
        let route = foreign(to, Way::Via(IpAddr::from(gateway), "eth0"), RouteProtocol::Static);
        host.kernel(|kernel| kernel.add_route(&route));
    }
    (a, b, router)
}

/// A configuration with these peers: name, address, AS and more.
fn text(asn: u32, number: u8, peers: &[(&str, &str, u32, &str)]) -> String {
    let mut text = format!("asn = {asn}\nrouter_id = \"10.255.0.{number}\"\n[kernel]\ndirect = false\n");
    for (name, address, asn, more) in peers {
        text.push_str(&format!(
            r#"
[[peer]]
name = "{name}"
address = "{address}"
asn = {asn}
import = "accept-all"
export = "accept-all"
connect_retry = "1s"
{more}
"#
        ));
    }
    text
}

fn key(name: &str, content: &str) {
    fs::write(format!("{SCRATCH}/{name}.key"), content).expect("a writable file");
}

fn keyed(name: &str) -> String {
    format!("password_file = \"{SCRATCH}/{name}.key\"")
}

fn assert_apart(host: &Host, peer: &str) {
    assert_ne!(host.peer(peer, "state"), "Established");
    assert_eq!(host.sessions(peer), 0, "{}", host.log());
}

/// Waits until a kernel has counted as many drops for one of these reasons that it was no single attempt.
fn until_dropped(host: &Host, reasons: &[&str]) {
    host.until(&format!("drops for {reasons:?}"), |host| {
        let dropped: u64 = reasons.iter().map(|reason| counter(host, reason)).sum();
        if dropped >= 4 { Ok(()) } else { Err(format!("{dropped} so far")) }
    });
}

/// One of the counters of a kernel's network stack.
fn counter(host: &Host, name: &str) -> u64 {
    let read = |file| fs::read_to_string(format!("/proc/thread-self/net/{file}")).expect("counters");
    let text = host.place.run(|| read("netstat") + &read("snmp")).expect("inside");
    let lines: Vec<&str> = text.lines().collect();
    let value = lines.chunks(2).find_map(|pair| {
        let place = pair[0].split(' ').position(|word| word == name)?;
        pair[1].split(' ').nth(place)?.parse().ok()
    });
    value.unwrap_or_else(|| panic!("this kernel does not count {name}"))
}
