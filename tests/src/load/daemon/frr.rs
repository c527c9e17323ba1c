//! FRR's bgpd, alone.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::{ASN, FILE, Setup, TAGS, WRITABLE};
use crate::load::network::{DAEMON, PORT};

pub(super) fn command(folder: &Path) -> Command {
    let mut command = Command::new("/usr/lib/frr/bgpd");
    command.args(["-S", "-Z", "-n", "-P", "0", "-p", &PORT.to_string(), "-l", &DAEMON.to_string()]);
    command.args(["--log", "stdout", "--log-level", "warnings"]);
    command.arg("-f").arg(folder.join(FILE)).arg("-i").arg(folder.join("pid"));
    command.arg("--vty_socket").arg(folder);
    command
}

/// The route map alone is told; what it does to peers follows after a delay, here the least, 1 s, and 5 s by default.
pub(super) fn reload(folder: &Path, setup: &Setup) -> Command {
    let changes = folder.join("changes");
    // vtysh complains where the file is missing.
    let _ = fs::write(&changes, format!("bgp route-map delay-timer 1\n{}", route_map(setup)));
    let mut command = Command::new("/usr/bin/vtysh");
    command.arg("--vty_socket").arg(folder).arg("-f").arg(changes);
    command
}

/// `coalesce-time`: by default FRR waits at least a second for peers to come before it tells any of them anything.
pub(super) fn configuration(setup: &Setup) -> String {
    let mut text = format!(
        "{}route-map SILENCE deny 10\nexit\nrouter bgp {ASN}\n bgp router-id {DAEMON}\n coalesce-time 10\n \
         no bgp default ipv4-unicast\n no bgp ebgp-requires-policy\n no bgp network import-check\n \
         timers bgp {} {}\n",
        route_map(setup),
        setup.hold_time / 3,
        setup.hold_time
    );
    for group in ["LISTENERS", "SPEAKERS"] {
        write!(text, " neighbor {group} peer-group\n neighbor {group} passive\n").expect(WRITABLE);
    }
    for peer in &setup.peers {
        let group = if peer.listens { "LISTENERS" } else { "SPEAKERS" };
        write!(
            text,
            " neighbor {0} remote-as {1}\n neighbor {0} peer-group {group}\n",
            peer.address, peer.asn
        )
        .expect(WRITABLE);
    }
    for family in ["ipv4", "ipv6"] {
        writeln!(text, " address-family {family} unicast").expect(WRITABLE);
        for (group, map) in [("LISTENERS", "TAG"), ("SPEAKERS", "SILENCE")] {
            write!(text, "  neighbor {group} activate\n  neighbor {group} route-map {map} out\n")
                .expect(WRITABLE);
            if setup.reflects() {
                writeln!(text, "  neighbor {group} route-reflector-client").expect(WRITABLE);
            }
        }
        if setup.add_path {
            writeln!(text, "  neighbor LISTENERS addpath-tx-all-paths").expect(WRITABLE);
        }
        writeln!(text, " exit-address-family").expect(WRITABLE);
    }
    text + "exit\n"
}

fn route_map(setup: &Setup) -> String {
    let tag = setup.tag.map(|tag| format!(" set community {TAGS}:{tag} additive\n"));
    format!("route-map TAG permit 10\n{}exit\n", tag.unwrap_or_default())
}
