//! What `explain --kernel` says of a prefix: what is wished and why, what the table holds, and what stands in the way.

use rtnetlink::packet_route::route::RouteProtocol;
use serde_json::Value;
use tests::kernel::Way;

use crate::host::Host;
use crate::wires::{cable, foreign};
use tests::programs::prove;

const BLOCK: &str = "10.1.0.0/24";

/// The last step of a stage: whether it let the prefix through, and why.
fn last(told: &Value, stage: &str) -> (bool, String) {
    let mut steps = told["steps"].as_array().into_iter().flatten().filter(|step| step["stage"] == stage);
    let step = steps.next_back().unwrap_or_else(|| panic!("no {stage} in {told}"));
    (step["passed"] == true, step["reason"].as_str().unwrap_or_default().to_owned())
}

/// Waits until the kernel step about what is held says so.
fn until_held(host: &Host, passed: bool, words: &str) -> String {
    host.until(words, |host| {
        let (so, reason) = last(&host.json(&["explain", BLOCK, "--kernel"]), "kernel");
        if so == passed && reason.contains(words) { Ok(reason) } else { Err(reason) }
    })
}

fn peer(number: u8, more: &str) -> String {
    format!(
        "asn = {asn}\nrouter_id = \"10.0.0.{own}\"\n\
         [[peer]]\nname = \"p\"\naddress = \"10.0.0.{number}\"\nasn = \"external\"\nimport = \"accept-all\"\n\
         export = \"accept-all\"\nconnect_retry = \"1s\"\n{more}",
        asn = 65003 - u32::from(number),
        own = 3 - number,
    )
}

#[test]
fn the_kernels_row_is_told_with_whatever_is_in_the_way() {
    prove(|| {
        let (mut a, mut b) = (Host::new("a"), Host::new("b"));
        cable((&a, "eth0", &["10.0.0.1/24"]), (&b, "eth0", &["10.0.0.2/24"]));
        a.run(&peer(2, &format!("[[originate]]\nprefix = \"{BLOCK}\"\n")));
        let policy = "[kernel]\nexport = \"chosen\"\n[[policy]]\nname = \"chosen\"\ndefault = \"accept\"\n";
        // Somebody else is at the same key first.
        let theirs = foreign(BLOCK, Way::Blackhole, RouteProtocol::Static);
        b.kernel(|kernel| kernel.add_route(&theirs));
        b.run(&peer(1, policy));
        let reason = until_held(&b, false, "refused: a route of protocol 4 (static) holds metric 0");
        assert!(reason.ends_with("; there is blackhole of protocol 4 (static), metric 0"), "{reason}");
        b.kernel(|kernel| kernel.delete_route(&theirs));
        let reason = until_held(&b, true, "via 10.0.0.1 dev eth0");
        assert_eq!(reason, "via 10.0.0.1 dev eth0");
        let told = b.json(&["explain", BLOCK]);
        let way = "10.0.0.1 is reached on the link of eth0, metric 0, by 10.0.0.0/24 (connected)";
        assert_eq!(last(&told, "next hop"), (true, way.to_owned()));
        let connected = last(&b.json(&["explain", "10.0.0.0/24"]), "origin");
        assert!(
            connected.1.starts_with("a connected prefix of eth0, of protocol 2 (kernel)"),
            "{connected:?}"
        );

        // Not wished any more, by a rule of a file and a line.
        b.configure(&peer(1, &policy.replace("default = \"accept\"", "default = \"reject\"")));
        b.hang_up();
        let reason = until_held(&b, false, "nothing of ours");
        assert_eq!(reason, "nothing of ours");
        let told = b.json(&["explain", BLOCK, "--kernel"]);
        let wished = told["steps"].as_array().into_iter().flatten().find(|step| step["subject"] == "wished");
        let reason = wished.map(|step| step["reason"].to_string()).unwrap_or_default();
        assert!(
            reason.contains("rejected: default of policy chosen (") && reason.contains("b.toml:"),
            "{reason}"
        );
    });
}
