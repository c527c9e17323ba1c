//! A new user's first hour: a node with two switches, a session that does not come up, a prefix that is missing, and a
//! policy that is changed while routes move. Every question is put to `caracal` alone, and FRR tells what was true.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

use crate::host::Host;
use crate::tor::{Heard, Tor};
use crate::wires::cable;
use tests::programs::prove;
use tests::sandbox::SCRATCH;

const NODE: [&str; 2] = ["10.0.1.11", "10.0.2.11"];
/// Prefixes that each switch announces, and that the feeder does.
const MANY: u8 = 40;

/// What one switch was told, prefix by prefix.
type View = BTreeMap<String, Heard>;

/// The node's configuration: the AS of the first switch as it is told, and the policies.
fn node(first_asn: u32, policies: &str) -> String {
    let peer = |name: &str, address: &str, asn: u32, more: &str| {
        format!(
            "[[peer]]\nname = \"{name}\"\naddress = \"{address}\"\nasn = {asn}\nconnect_retry = \"1s\"\n{more}\n"
        )
    };
    let tor = "import = \"from-tors\"\nexport = \"to-tors\"";
    let signed = format!("{tor}\npassword_file = \"{SCRATCH}/key\"");
    let own = ["10.50.1.0/24", "10.50.2.0/24", "10.60.1.0/24"];
    let own = own.map(|prefix| format!("[[originate]]\nprefix = \"{prefix}\"\n")).concat();
    let peers = [
        peer("tor-a", "10.0.1.1", first_asn, &signed),
        peer("tor-b", "10.0.2.1", 65002, tor),
        peer("feeder", "10.0.3.1", 65200, "import = \"accept-all\"\nexport = \"reject-all\""),
    ];
    let kernel = "[kernel]\ndirect = false\nlearn = false\n";
    format!("asn = 65101\nrouter_id = \"10.0.1.11\"\n{kernel}{}{own}{policies}", peers.concat())
}

/// What is in force first: one prefix of the switches is not taken, one of ours is not told.
const BEFORE: &str = r#"
[[policy]]
name = "from-tors"
default = "accept"
[[policy.rules]]
name = "not-seven"
match = { prefix = ["10.100.7.0/24"] }
action = "reject"
[[policy]]
name = "to-tors"
default = "accept"
[[policy.rules]]
name = "kept-at-home"
match = { prefix = ["10.60.0.0/16+"] }
action = "reject"
"#;

/// What comes: another prefix is not taken, half of what the feeder has is not told, ours is marked or told at last.
const AFTER: &str = r#"
[[policy]]
name = "from-tors"
default = "accept"
[[policy.rules]]
name = "not-seven"
match = { prefix = ["10.100.7.0/24", "10.100.8.0/24"] }
action = "reject"
[[policy]]
name = "to-tors"
default = "accept"
[[policy.rules]]
name = "half"
match = { prefix = ["10.200.0.0/20+"] }
action = "reject"
[[policy.rules]]
name = "marked"
match = { prefix = ["10.50.0.0/16+"] }
action = "accept"
set = { med = 77 }
"#;

/// What FRR says of itself on a switch.
fn switch(own: u8, password: &str) -> String {
    let neighbour = NODE[usize::from(own) - 1];
    let networks: String = (0..MANY).map(|n| format!("  network 10.{}.{n}.0/24\n", 99 + own)).collect();
    format!(
        "router bgp {asn}\n bgp router-id 10.0.{own}.1\n no bgp ebgp-requires-policy\n \
         no bgp network import-check\n neighbor {neighbour} remote-as 65101\n {password}\n \
         neighbor {neighbour} timers connect 1\n address-family ipv4 unicast\n{networks} exit-address-family\n",
        asn = 65000 + u32::from(own),
    )
}

/// The feeder announces the same prefixes with another community every time.
fn feeder(round: usize) -> String {
    let peer = "[[peer]]\nname = \"node\"\naddress = \"10.0.3.11\"\nasn = 65101\nimport = \"reject-all\"\n\
                export = \"accept-all\"\nconnect_retry = \"1s\"\n";
    let route = |n| {
        let community = format!("communities = [\"65200:{}\"]", round % 60_000);
        format!("[[originate]]\nprefix = \"10.200.{n}.0/24\"\n{community}\n")
    };
    let routes: String = (0..MANY).map(route).collect();
    format!("asn = 65200\nrouter_id = \"10.0.3.1\"\n[kernel]\nenabled = false\n{peer}{routes}")
}

#[test]
fn a_new_user_finds_out_what_is_wrong_and_what_a_change_will_do() {
    prove(|| {
        let (mut a, mut feed) = (Host::new("a"), Host::new("feeder"));
        let mut tors = [Tor::new("tor-a"), Tor::new("tor-b")];
        cable((&a, "eth1", &["10.0.1.11/24"]), (&tors[0].host, "eth0", &["10.0.1.1/24"]));
        cable((&a, "eth2", &["10.0.2.11/24"]), (&tors[1].host, "eth0", &["10.0.2.1/24"]));
        cable((&a, "eth3", &["10.0.3.11/24"]), (&feed, "eth0", &["10.0.3.1/24"]));
        tors[0].start(&switch(1, &format!("neighbor {} password right", NODE[0])));
        tors[1].start(&switch(2, ""));
        feed.run(&feeder(0));
        a_session_does_not_come_up(&mut a);
        a_prefix_is_missing(&a, &tors);
        a_policy_changes_while_routes_move(&a, &feed, &tors);
    });
}

/// First the key is another one, then the AS number.
fn a_session_does_not_come_up(a: &mut Host) {
    let key = format!("{SCRATCH}/key");
    fs::write(&key, "wrong\n").expect("a writable file");
    a.run(&node(65009, BEFORE));
    let told = until_layer(a, "unanswered");
    assert!(told["hints"].to_string().contains("we sign with a TCP MD5 key"), "{told}");
    fs::write(&key, "right\n").expect("a writable file");
    assert!(a.ask(&["reload"]).status.success());
    let told = until_layer(a, "open");
    assert!(told["reason"].to_string().contains("bad peer AS"), "{told}");
    a.configure(&node(65001, BEFORE));
    assert!(a.ask(&["reload"]).status.success());
    for peer in ["tor-a", "tor-b", "feeder"] {
        a.until_established(peer);
        assert_eq!(a.ask(&["explain", "peer", peer]).status.code(), Some(0));
    }
}

fn until_layer(a: &Host, layer: &str) -> Value {
    a.until(layer, |a| {
        let told = a.json(&["explain", "peer", "tor-a"]);
        if told["layer"] == layer { Ok(told) } else { Err(told) }
    })
}

/// A prefix that is not taken and one that is not told: the rule, its file and its line.
fn a_prefix_is_missing(a: &Host, tors: &[Tor; 2]) {
    for (peer, asn) in [("tor-a", "65001"), ("tor-b", "65002"), ("feeder", "65200")] {
        // FRR tells a neighbour its own routes too: what others originated is not counted.
        a.until("all routes", |a| {
            let routes = a.json(&["routes", "--in", peer, "--origin-as", asn]);
            let count = routes.as_array().map_or(0, Vec::len);
            if count == usize::from(MANY) { Ok(()) } else { Err(format!("{count} of {peer}")) }
        });
    }
    let place = |rule: &str| {
        let text = fs::read_to_string(a.file()).expect("a file");
        let before = &text[..text.find(&format!("name = \"{rule}\"")).expect("such a rule")];
        format!("{}:{}", a.file(), before.lines().count())
    };
    let because = |words: &[&str], stage: &str| {
        let told = a.json(&[&["explain"], words].concat());
        let steps = told["steps"].as_array().into_iter().flatten();
        let no: Vec<&str> = steps
            .filter(|step| step["stage"] == stage && step["passed"] == false)
            .filter_map(|step| step["reason"].as_str())
            .collect();
        no.join("; ")
    };
    let said = because(&["10.100.7.0/24", "--import", "--peer", "tor-a"], "import");
    let rule = format!("policy from-tors, rule not-seven ({})", place("not-seven"));
    assert_eq!(said, format!("import policy rejected it: {rule}"));
    let said = because(&["10.60.1.0/24", "--peer", "tor-b"], "export");
    assert_eq!(said, format!("rejected: policy to-tors, rule kept-at-home ({})", place("kept-at-home")));
    let heard = until_heard(a, &tors[1], 1, |view| view.contains_key("10.100.6.0/24"));
    assert!(!heard.contains_key("10.100.7.0/24") && !heard.contains_key("10.60.1.0/24"), "{heard:?}");
}

/// Waits until a switch has heard what is wanted of the node; all that it has heard then.
fn until_heard(a: &Host, tor: &Tor, which: usize, wanted: impl Fn(&View) -> bool) -> View {
    a.until("what a switch hears", |_| {
        let heard = tor.heard_from(NODE[which]);
        if wanted(&heard) { Ok(heard) } else { Err(format!("it has heard {heard:?}")) }
    })
}

/// What is foretold is what happens, at both switches and in the kernel, while the feeder says something new all the
/// time.
fn a_policy_changes_while_routes_move(a: &Host, feed: &Host, tors: &[Tor; 2]) {
    let settled = usize::from(MANY) * 2 + 2;
    let before = [0, 1].map(|which| {
        until_heard(a, &tors[which], which, |view| view.len() == settled - usize::from(which == 1))
    });
    let table = blocks(a);
    let draft = format!("{SCRATCH}/draft.toml");
    let text = fs::read_to_string(a.file()).expect("a file");
    fs::write(&draft, text.replace(BEFORE, AFTER)).expect("a writable file");
    let (stop, rounds) = (AtomicBool::new(false), AtomicUsize::new(1));
    let (foretold, after) = thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                feed.configure(&feeder(rounds.fetch_add(1, Ordering::Relaxed)));
                assert!(feed.ask(&["reload"]).status.success());
            }
        });
        // Also where something is not as it should be, or the feeder would go on and the test would not end.
        let _stop = Stop(&stop);
        let busy = |from: usize| {
            a.until("routes to move", |_| {
                let so_far = rounds.load(Ordering::Relaxed);
                if so_far > from + 2 { Ok(so_far) } else { Err(so_far) }
            })
        };
        let begun = busy(0);
        let foretold = a.json(&["diff", &draft, "--routes"]);
        assert!(a.ask(&["apply", &draft]).status.success());
        let after = [0, 1].map(|which| {
            let expected = expected(&before[which], &foretold, ["tor-a", "tor-b"][which]);
            until_heard(a, &tors[which], which, |view| *view == expected)
        });
        busy(begun);
        (foretold, after)
    });
    assert_eq!(after[0].get("10.50.1.0/24").map(|(med, _)| *med), Some(Some(77)));
    assert!(
        after.iter().all(|view| view.contains_key("10.60.1.0/24") && !view.contains_key("10.200.3.0/24"))
    );
    assert!(after[1].contains_key("10.200.30.0/24") && !after[1].contains_key("10.100.8.0/24"));
    let gone: BTreeSet<String> = table.difference(&blocks(a)).cloned().collect();
    let of_kernel = |one: &&Value| one["peer"].is_null();
    let lost: BTreeSet<String> = foretold
        .as_array()
        .into_iter()
        .flatten()
        .filter(of_kernel)
        .map(|one| text_of(one, "prefix"))
        .collect();
    assert_eq!((gone.len(), gone), (1, lost), "what the kernel loses");
    // And nothing more comes of it once routes rest.
    for (which, view) in after.iter().enumerate() {
        assert_eq!(until_heard(a, &tors[which], which, |heard| heard == view), *view);
    }
}

/// Stops whoever looks at it, once dropped.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn text_of(one: &Value, key: &str) -> String {
    one[key].as_str().unwrap_or_default().to_owned()
}

/// What a switch will have been told, if what is foretold is true.
fn expected(before: &View, foretold: &Value, peer: &str) -> View {
    let mut view = before.clone();
    for one in foretold.as_array().into_iter().flatten().filter(|one| one["peer"] == peer) {
        let prefix = text_of(one, "prefix");
        let Some(after) = one["after"][0].as_str() else {
            assert!(view.remove(&prefix).is_some(), "{prefix} is to be lost, and {peer} has not heard of it");
            continue;
        };
        let part = |name: &str| after.split(", ").find_map(|part| part.strip_prefix(name)).map(str::to_owned);
        let med = part("med ").map(|med| med.parse().expect("a number"));
        let heard = (med, part("path ").unwrap_or_default());
        let old = view.insert(prefix.clone(), heard.clone());
        assert_ne!(old, Some(heard), "{prefix} is to change, and would be the same");
    }
    view
}

/// The switches' and the feeder's prefixes in the kernel's table.
fn blocks(a: &Host) -> BTreeSet<String> {
    let table = a.table();
    let prefixes = table.iter().filter_map(|line| line.split(' ').find(|word| word.contains('/')));
    prefixes
        .filter(|prefix| prefix.starts_with("10.100.") || prefix.starts_with("10.2"))
        .map(str::to_owned)
        .collect()
}
