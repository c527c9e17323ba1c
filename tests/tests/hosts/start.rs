//! Whom a start waits for.

use tests::programs::prove;

use crate::host::Host;
use crate::wires::switch;

/// The third host is there and has no daemon: what the second told meanwhile is known long before
/// `first_contact` is over, and nothing of the third's is swept.
#[test]
fn a_closed_port_keeps_nobody_from_being_told() {
    prove(|| {
        let (mut a, mut b, mut c) = (Host::new("a"), Host::new("b"), Host::new("c"));
        let _switch = switch(&[(&a, &["10.0.0.1/24"]), (&b, &["10.0.0.2/24"]), (&c, &["10.0.0.3/24"])]);
        a.run(&text(1, &["10.1.0.0/24"]));
        b.run(&text(2, &["10.2.0.0/24"]));
        c.run(&text(3, &["10.3.0.0/24"]));
        for number in [2, 3] {
            a.until_route(&format!("10.{number}.0.0/24 via 10.0.0.{number} dev eth0 proto bird"));
        }
        a.kill();
        c.kill();
        b.configure(&text(2, &["10.2.0.0/24", "10.22.0.0/24"]));
        b.hang_up();
        a.configure(&text(1, &["10.1.0.0/24", "10.11.0.0/24"]));
        a.start();
        a.until_route("10.22.0.0/24 via 10.0.0.2 dev eth0 proto bird");
        b.until_route("10.11.0.0/24 via 10.0.0.1 dev eth0 proto bird");
        assert!(a.has_route("10.3.0.0/24 via 10.0.0.3 dev eth0 proto bird"), "{:#?}", a.table());
        assert_eq!(a.json(&["status"])["settled"], false, "the third may come yet");
        c.start();
        a.until("everything to be told", |host| {
            let status = host.json(&["status"]);
            if status["settled"] == true { Ok(()) } else { Err(status) }
        });
        assert!(a.has_route("10.3.0.0/24 via 10.0.0.3 dev eth0 proto bird"));
    });
}

/// A host with two neighbours, for whom it waits longer than any test does.
fn text(number: u8, blocks: &[&str]) -> String {
    let peers = [1, 2, 3].into_iter().filter(|other| *other != number).map(|other| {
        format!(
            "[[peer]]\nname = \"h{other}\"\naddress = \"10.0.0.{other}\"\nasn = 64512\nconnect_retry = \"1s\"\n"
        )
    });
    let blocks = blocks.iter().map(|block| format!("[[originate]]\nprefix = \"{block}\"\n"));
    let rest: String = peers.chain(blocks).collect();
    format!(
        "asn = 64512\nrouter_id = \"10.0.0.{number}\"\n[graceful_restart]\nrestart_time = \"600s\"\n\
         first_contact = \"600s\"\nmax_wait = \"600s\"\n[kernel]\ndirect = false\n{rest}"
    )
}
