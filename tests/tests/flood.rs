//! Packets across ten thousand routes of each family while fib-sync alone replaces, adopts and sweeps them and is
//! killed in the midst of it.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bgp_core::Chance;
use ipnet::IpNet;
use tests::blocks;
use tests::flood::Flood;
use tests::netns::Netns;
use tests::ping::ping;
use tests::removals::Removals;
use tests::sandbox;
use tests::wait::until;

#[test]
fn a_flood_across_ten_thousand_routes_replaced_adopted_and_swept_loses_nothing() {
    sandbox::test(|| {
        let line = Line::new();
        for form in [5, 0] {
            line.keep(&[form], STRAYS).finish();
            line.wait_until_it_carries();
        }
        let removals = Removals::begin(Arc::clone(&line.router)).expect("a listener");
        let flood = Flood::begin(Arc::clone(&line.source), blocks::addresses());

        // Replaced by a table that lives on: one gateway, both, the other one, another family's.
        line.keep(&[1, 2, 3, 4, 5, 0], STRAYS).finish();
        // Killed at any moment of its life, the next one finding whatever there is.
        let mut chance = Chance::new(9);
        for life in 0..LIVES {
            let keeper = line.keep(&[life + 1, life + 2], STRAYS);
            thread::sleep(Duration::from_millis(chance.draw() % 1200));
            keeper.kill();
        }
        // Adopted as it is, the strays swept.
        line.keep(&[0], STRAYS).finish();
        line.keep(&[0], 0).finish();

        let tally = flood.end().expect("a flood");
        let heard = removals.end().expect("all was heard");
        println!(
            "{} sent in {:?}; {} routes written, {} removed",
            tally.sent,
            tally.time,
            heard.written,
            heard.removed.len()
        );
        assert_eq!(tally.lost, [], "of {} requests", tally.sent);
        let removed: BTreeSet<IpNet> = heard.removed.iter().copied().collect();
        assert_eq!(
            blocks::all().find(|prefix| removed.contains(prefix)),
            None,
            "removed although it was to stay"
        );
        assert_eq!(removed, blocks::strays(STRAYS).collect(), "swept");
    });
}

/// A source, a router that keeps its table, and a target at the end of two cables that is every address.
struct Line {
    source: Arc<Netns>,
    router: Arc<Netns>,
    _target: Arc<Netns>,
}

impl Line {
    fn new() -> Self {
        let [source, router, target] = ["source", "router", "target"].map(place);
        cable(
            &source,
            "r0",
            &["10.0.9.2/24", "fd00:9::2/64"],
            &router,
            "s0",
            &["10.0.9.1/24", "fd00:9::1/64"],
        );
        cable(
            &router,
            "a0",
            &["10.0.1.1/24", "fd00:1::1/64"],
            &target,
            "a0",
            &["10.0.1.2/24", "fd00:1::2/64"],
        );
        cable(
            &router,
            "b0",
            &["10.0.2.1/24", "fd00:2::1/64"],
            &target,
            "b0",
            &["10.0.2.2/24", "fd00:2::2/64"],
        );
        for words in ["route add default via 10.0.9.1", "-6 route add default via fd00:9::1"] {
            ip(&source, words);
        }
        for words in [
            "route add 10.0.9.0/24 via 10.0.1.1",
            "-6 route add fd00:9::/64 via fd00:1::1",
            "route add local 100.64.0.0/11 dev lo",
            "-6 route add local 2001:db8::/32 dev lo",
        ] {
            ip(&target, words);
        }
        Self { source, router, _target: target }
    }

    /// The kernel takes up to a second to notice that a cable is plugged in, and IPv6 waits for that.
    fn wait_until_it_carries(&self) {
        for block in blocks::addresses().into_iter().take(2) {
            let answer = || self.source.run(|| ping(block, Duration::from_millis(200)))?;
            until("an answer from behind the gateway", Duration::from_secs(30), answer).expect("a way");
        }
    }

    fn keep(&self, forms: &[usize], strays: usize) -> Keeper {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keeper"));
        command.args(forms.iter().chain([&strays]).map(usize::to_string)).stdin(Stdio::null());
        Keeper(self.router.spawn(&mut command).expect("a keeper"))
    }
}

struct Keeper(Child);

impl Keeper {
    fn finish(mut self) {
        assert!(self.0.wait().expect("it ends").success(), "the keeper failed");
    }

    fn kill(mut self) {
        self.0.kill().expect("a signal");
        self.0.wait().expect("it ends");
    }
}

fn place(name: &str) -> Arc<Netns> {
    let place = Netns::create(name).expect("a namespace");
    for (key, value) in [
        ("ipv6/conf/all/accept_dad", "0"),
        ("ipv6/conf/default/accept_dad", "0"),
        ("ipv4/conf/all/rp_filter", "0"),
        ("ipv4/conf/default/rp_filter", "0"),
        ("ipv4/ip_forward", "1"),
        ("ipv6/conf/all/forwarding", "1"),
    ] {
        place.set(key, value).expect("a setting");
    }
    Arc::new(place)
}

fn cable(near: &Netns, here: &str, ours: &[&str], far: &Netns, there: &str, theirs: &[&str]) {
    near.kernel(|kernel| kernel.add_pair(here, there, far)).expect("a cable");
    for (place, device, addresses) in [(near, here, ours), (far, there, theirs)] {
        for address in addresses {
            let address = address.parse().expect("an address");
            place.kernel(|kernel| kernel.add_address(device, address, 0)).expect("an address");
        }
        place.kernel(|kernel| kernel.up(device)).expect("a device");
    }
}

fn ip(place: &Netns, words: &str) {
    let mut command = Command::new("ip");
    let mut child = place.spawn(command.args(words.split(' '))).expect("needs iproute2");
    assert!(child.wait().expect("it ends").success(), "ip {words}");
}

const STRAYS: usize = 2000;
const LIVES: usize = 10;
