//! Another configuration in a running daemon: what changed changes, everything else stays.

use std::fs;

use serde_json::{Value, json};

use crate::host::Host;
use crate::monitor::Monitor;
use crate::wires::cable;
use tests::programs::prove;

#[test]
fn a_peer_and_a_block_come_and_go_without_disturbing_anybody() {
    prove(|| {
        let (a, b, c) = triangle();
        let monitor = Monitor::of(&a);
        for round in 1..=3 {
            a.configure(&(both() + BLOCK));
            a.hang_up();
            a.until_established("c");
            a.until_route("10.3.0.0/24 via 10.0.2.2 dev eth2 proto bird");
            a.until_route("blackhole 10.50.0.0/24 proto bird");
            b.until_route("10.50.0.0/24 via 10.0.1.1 dev eth0 proto bird");
            c.until_route("10.50.0.0/24 via 10.0.2.1 dev eth0 proto bird");
            a.configure(&one());
            a.hang_up();
            a.until_no_route("10.3.0.0/24");
            a.until_no_route("blackhole 10.50.0.0/24");
            b.until_no_route("10.50.0.0/24");
            assert_eq!(a.ask(&["peer", "c"]).status.code(), Some(1), "there is no such peer any more");
            assert_eq!(a.json(&["status"])["generation"], json!(1 + 2 * round));
        }
        assert_eq!(a.sessions("b"), 1, "{}", a.log());
        assert_eq!(monitor.deletions(&a, &["10.1.0.0/24", "10.2.0.0/24"]), []);
    });
}

#[test]
fn a_file_with_an_error_changes_nothing_and_says_so() {
    prove(|| {
        let (a, b, _c) = triangle();
        let before = (a.table(), b.table());
        let monitor = Monitor::of(&a);
        a.configure(&(both() + BLOCK + "[[peer]]\nname = \"d\"\naddress = \"10.0.2.77\"\nasm = 65000\n"));
        let answer = a.ask(&["reload"]);
        assert_eq!(answer.status.code(), Some(5), "{answer:?}");
        let said = String::from_utf8_lossy(&answer.stderr).into_owned();
        assert!(said.contains("asm") && said.contains("a.toml:"), "{said}");
        let error = config_error(&a);
        assert!(error.as_str().is_some_and(|text| text.contains("asm")), "{error}");
        fs::write(a.file(), "this is no TOML [[[").expect("a writable file");
        a.hang_up();
        a.until("the second refusal", |host| {
            let error = config_error(host);
            if error.as_str().is_some_and(|text| !text.contains("asm")) { Ok(()) } else { Err(error) }
        });
        assert_eq!(a.json(&["status"])["generation"], json!(1));
        assert_eq!(a.ask(&["peer", "c"]).status.code(), Some(1), "the good half of a bad file is not taken");
        assert_eq!(a.sessions("b"), 1);
        assert_eq!((a.table(), b.table()), before);
        assert_eq!(monitor.changes(&a), []);
        a.configure(&both());
        a.hang_up();
        a.until_established("c");
        assert_eq!(config_error(&a), Value::Null);
    });
}

#[test]
fn a_program_that_cannot_start_says_why_and_touches_nothing() {
    prove(|| {
        let a = Host::new("a");
        let before = a.table();
        fs::write(a.file(), "asn = 64512\nrouter_id = \"10.0.0.1\"\n[[peer]]\naddress = \"10.0.0.300\"\n")
            .expect("a writable file");
        for words in [["check", &a.file()].as_slice(), &["run", "--config", &a.file()]] {
            let answer = a.ask(words);
            assert_eq!(answer.status.code(), Some(5), "{answer:?}");
            let said = String::from_utf8_lossy(&answer.stderr) + String::from_utf8_lossy(&answer.stdout);
            assert!(said.contains("10.0.0.300") && said.contains("a.toml:4"), "{said}");
        }
        assert_eq!(a.table(), before);
    });
}

fn config_error(host: &Host) -> Value {
    host.json(&["status"])["config_error"].clone()
}

/// A host with a session with one of two neighbours.
fn triangle() -> (Host, Host, Host) {
    let (mut a, mut b, mut c) = (Host::new("a"), Host::new("b"), Host::new("c"));
    cable((&a, "eth1", &["10.0.1.1/24"]), (&b, "eth0", &["10.0.1.2/24"]));
    cable((&a, "eth2", &["10.0.2.1/24"]), (&c, "eth0", &["10.0.2.2/24"]));
    a.run(&one());
    b.run(&text(2, &[("a", "10.0.1.1")]));
    c.run(&text(3, &[("a", "10.0.2.1")]));
    a.until_established("b");
    a.until_route("10.2.0.0/24 via 10.0.1.2 dev eth1 proto bird");
    b.until_route("10.1.0.0/24 via 10.0.1.1 dev eth0 proto bird");
    (a, b, c)
}

fn one() -> String {
    text(1, &[("b", "10.0.1.2")])
}

fn both() -> String {
    text(1, &[("b", "10.0.1.2"), ("c", "10.0.2.2")])
}

fn text(number: u8, peers: &[(&str, &str)]) -> String {
    let mut text = format!(
        r#"
asn = {asn}
router_id = "10.255.0.{number}"
[kernel]
direct = false
learn = false
[[originate]]
prefix = "10.{number}.0.0/24"
"#,
        asn = 65000 + u32::from(number)
    );
    for (name, address) in peers {
        text.push_str(&format!(
            r#"
[[peer]]
name = "{name}"
address = "{address}"
asn = "external"
import = "accept-all"
export = "accept-all"
connect_retry = "1s"
"#
        ));
    }
    text
}

const BLOCK: &str = "[[originate]]\nprefix = \"10.50.0.0/24\"\n";
