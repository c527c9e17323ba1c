//! What a daemon's end and its next start do to the kernel's routes and to the packets that follow them.

use std::fmt::Write;

use bgp_core::Chance;
use rtnetlink::packet_route::route::RouteProtocol;
use tests::kernel::Way;

use crate::host::Host;
use crate::monitor::{Change, Monitor};
use crate::pings::Pings;
use crate::wires::{address, cable, foreign};
use tests::programs::prove;

/// A host ends like this and starts again; neither its neighbour's packets nor its own may be lost.
fn restart_unnoticed(end: impl Fn(&mut Host)) {
    let (mut a, b) = neighbours("");
    let (near, far) = (Monitor::of(&a), Monitor::of(&b));
    let pings = [(&b, "10.1.0.1"), (&b, "fd00:1::1"), (&a, "10.2.0.1"), (&a, "fd00:2::1")]
        .map(|(from, to)| Pings::begin(from, to));
    end(&mut a);
    assert!(a.has_route("10.2.0.0/24 via 10.0.0.2 dev eth0 proto bird"), "routes stay without a daemon");
    a.start();
    assert_back_together(&a, &b);
    until_swept(&a);
    pings.into_iter().for_each(Pings::end_without_loss);
    assert_eq!(near.deletions(&a, &BLOCKS), []);
    assert_eq!(far.deletions(&b, &BLOCKS), []);
}

#[test]
fn an_orderly_restart_loses_no_route_and_no_packet() {
    prove(|| restart_unnoticed(Host::terminate));
}

#[test]
fn a_crash_and_a_restart_lose_no_route_and_no_packet() {
    prove(|| restart_unnoticed(Host::kill));
}

#[test]
fn a_daemon_told_to_remove_its_routes_leaves_those_of_others() {
    prove(|| {
        let (mut a, _b) = neighbours("on_exit = \"remove\"");
        let strangers = strangers(&a);
        a.terminate();
        let left = a.table();
        assert!(!left.iter().any(|line| line.contains("proto bird")), "{left:#?}");
        for stranger in &strangers {
            assert!(left.contains(stranger), "{stranger} is gone: {left:#?}");
        }
    });
}

#[test]
fn a_daemon_killed_in_the_middle_of_changes_finds_its_way_after_a_restart() {
    prove(|| {
        let mut chance = Chance::new(20);
        let mut a = Host::new("a");
        address(&a, "lo", &["10.1.0.1/32"]);
        a.run(&thousands(0));
        let strangers = strangers(&a);
        for round in 1..=20 {
            until_exactly(&a, round - 1);
            let monitor = Monitor::of(&a);
            a.configure(&thousands(round));
            let moment = (chance.draw() % u64::from(CHANGES * 3 / 4)) as usize;
            a.hang_up();
            a.until("the moment to kill", |_| (monitor.has_heard(moment)).then_some(()).ok_or("too early"));
            a.kill();
            a.start();
            until_exactly(&a, round);
            let table = a.table();
            for stranger in &strangers {
                assert!(table.contains(stranger), "round {round}: {stranger} is gone");
            }
        }
    });
}

/// The one neighbour stays away for longer than it is waited for, as when a rack loses power.
#[test]
fn a_restart_into_silence_keeps_the_routes_and_a_late_neighbour_finds_them_all() {
    prove(|| {
        let (mut a, mut b) = (Host::new("a"), Host::new("b"));
        cable((&a, "eth0", &["10.0.0.1/24"]), (&b, "eth0", &["10.0.0.2/24"]));
        a.run(&lonely(1, 2, 0));
        b.run(&lonely(2, 1, ROUTES));
        let learned = |host: &Host| {
            host.table().iter().filter(|line| line.ends_with("via 10.0.0.2 dev eth0 proto bird")).count()
        };
        let until_all = |host: &Host| {
            host.until("all routes", |host| {
                let count = learned(host);
                if count == usize::from(ROUTES) { Ok(()) } else { Err(count) }
            });
        };
        until_all(&a);
        let monitor = Monitor::of(&a);
        a.kill();
        b.kill();
        a.start();
        let held = format!(r#""kernel.sweep_held","adopted":{ROUTES},"stale":{ROUTES}"#);
        a.until("the brake", |host| {
            assert_eq!(learned(host), usize::from(ROUTES), "{}", host.log());
            host.log().contains(&held).then_some(()).ok_or("not yet")
        });
        b.start();
        a.until_established("v4");
        let swept = format!(r#""kernel.swept","adopted":{ROUTES},"removed":0"#);
        a.until("the end of the sweep", |host| host.log().contains(&swept).then_some(()).ok_or("not yet"));
        until_all(&a);
        let went = monitor.changes(&a).into_iter().filter(|change| matches!(change, Change::Went(_)));
        assert_eq!(went.collect::<Vec<_>>(), [], "a route went that is wished again");
    });
}

/// The blocks that two neighbours announce to each other.
const BLOCKS: [&str; 4] = ["10.1.0.0/24", "10.2.0.0/24", "fd00:1::/64", "fd00:2::/64"];

/// Two hosts on one cable that announce a block of each family to each other.
fn neighbours(kernel: &str) -> (Host, Host) {
    let (mut a, mut b) = (Host::new("a"), Host::new("b"));
    cable((&a, "eth0", &["10.0.0.1/24", "fd00::1/64"]), (&b, "eth0", &["10.0.0.2/24", "fd00::2/64"]));
    address(&a, "lo", &["10.1.0.1/32", "fd00:1::1/128"]);
    address(&b, "lo", &["10.2.0.1/32", "fd00:2::1/128"]);
    a.run(&neighbour(1, 2, kernel));
    b.run(&neighbour(2, 1, kernel));
    assert_back_together(&a, &b);
    (a, b)
}

fn neighbour(us: u8, them: u8, kernel: &str) -> String {
    format!(
        r#"
asn = 64512
router_id = "10.0.0.{us}"
[[peer]]
name = "v4"
address = "10.0.0.{them}"
asn = 64512
[[peer]]
name = "v6"
address = "fd00::{them}"
asn = 64512
[[originate]]
prefix = "10.{us}.0.0/24"
[[originate]]
prefix = "fd00:{us}::/64"
[kernel]
direct = false
{kernel}
"#
    )
}

fn assert_back_together(a: &Host, b: &Host) {
    for (host, us, them) in [(a, 1, 2), (b, 2, 1)] {
        host.until_established("v4");
        host.until_established("v6");
        host.until_route(&format!("blackhole 10.{us}.0.0/24 proto bird"));
        host.until_route(&format!("10.{them}.0.0/24 via 10.0.0.{them} dev eth0 proto bird"));
        host.until_route(&format!("blackhole fd00:{us}::/64 dev lo proto bird"));
        host.until_route(&format!("fd00:{them}::/64 via fd00::{them} dev eth0 proto bird"));
    }
}

/// Waits until a daemon has found the four blocks of its predecessor and had nothing to sweep.
fn until_swept(host: &Host) {
    host.until("the sweep", |host| {
        let swept = host.log().contains(r#""kernel.swept","adopted":4,"removed":0"#);
        swept.then_some(()).ok_or("not yet")
    });
}

/// Routes that others installed, as the table shows them.
fn strangers(host: &Host) -> Vec<String> {
    for (number, protocol) in
        [RouteProtocol::Static, RouteProtocol::Other(80), RouteProtocol::Zebra].into_iter().enumerate()
    {
        for to in [format!("10.99.{number}.0/24"), format!("fd00:99:{number}::/64")] {
            let route = foreign(&to, Way::Blackhole, protocol);
            host.kernel(|kernel| kernel.add_route(&route));
        }
    }
    let mut shown = host.table();
    shown.retain(|line| ["blackhole 10.99.", "blackhole fd00:99:"].iter().any(|to| line.starts_with(to)));
    assert_eq!(shown.len(), 6);
    shown
}

/// How many routes change from one round to the next.
const CHANGES: u32 = 2000;

/// Half of the routes of a round are those of the round before, the other half is new.
fn numbers(round: u32) -> std::ops::Range<u32> {
    let first = round * CHANGES / 2;
    first..first + CHANGES
}

fn thousands(round: u32) -> String {
    let mut text = "asn = 64512\nrouter_id = \"10.1.0.1\"\n[kernel]\nsweep_limit = 1.0\n".to_owned();
    for number in numbers(round) {
        write!(text, "[[originate]]\nprefix = \"{}\"\n", prefix(number)).expect("a string takes everything");
    }
    text
}

fn prefix(number: u32) -> String {
    format!("10.{}.{}.0/24", 100 + number / 256, number % 256)
}

/// Waits until the routes of ours are those of the round and no others.
fn until_exactly(host: &Host, round: u32) {
    let mut wanted: Vec<String> =
        numbers(round).map(|number| format!("blackhole {} proto bird", prefix(number))).collect();
    wanted.sort_unstable();
    host.until(&format!("the routes of round {round}"), |host| {
        let mut held = host.table();
        held.retain(|line| line.contains("proto bird"));
        held.sort_unstable();
        (held == wanted).then_some(()).ok_or_else(|| format!("{} routes of ours", held.len()))
    });
}

/// More than a peer's first messages carry.
const ROUTES: u16 = 3000;

/// A host that waits for its neighbour for two seconds and announces so many blocks.
fn lonely(us: u8, them: u8, blocks: u16) -> String {
    let mut text = format!(
        r#"
asn = 64512
router_id = "10.0.0.{us}"
[graceful_restart]
first_contact = "2s"
[kernel]
direct = false
[[peer]]
name = "v4"
address = "10.0.0.{them}"
asn = 64512
"#
    );
    for number in 0..blocks {
        let prefix = format!("10.{}.{}.0/24", 100 + number / 256, number % 256);
        write!(text, "[[originate]]\nprefix = \"{prefix}\"\nkind = \"announce\"\n")
            .expect("a string takes everything");
    }
    text
}
