//! GoBGP. It cannot be kept from telling routes to those who only speak, who then forget them.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use super::{ASN, FILE, Setup, WRITABLE};
use crate::load::network::DAEMON;

pub(super) fn command(folder: &Path) -> Command {
    let mut command = Command::new("/usr/bin/gobgpd");
    command.arg("--config-file").arg(folder.join(FILE));
    command.args(["--pprof-disable", "--log-level", "warn", "--api-hosts"]);
    command.arg(format!("unix://{}", folder.join("socket").display()));
    command
}

pub(super) fn configuration(setup: &Setup) -> String {
    let mut text = format!(
        "[global.config]\n as = {ASN}\n router-id = \"{DAEMON}\"\n local-address-list = [\"{DAEMON}\"]\n"
    );
    for peer in &setup.peers {
        write!(
            text,
            "[[neighbors]]\n [neighbors.config]\n  neighbor-address = \"{}\"\n  peer-as = {}\n \
             [neighbors.transport.config]\n  passive-mode = true\n [neighbors.timers.config]\n  hold-time = {}\n",
            peer.address, peer.asn, setup.hold_time
        )
        .expect(WRITABLE);
        if setup.reflects() {
            write!(
                text,
                " [neighbors.route-reflector.config]\n  route-reflector-client = true\n  route-reflector-cluster-id = \"{DAEMON}\"\n"
            )
            .expect(WRITABLE);
        }
        for family in ["ipv4-unicast", "ipv6-unicast"] {
            write!(
                text,
                " [[neighbors.afi-safis]]\n  [neighbors.afi-safis.config]\n   afi-safi-name = \"{family}\"\n"
            )
            .expect(WRITABLE);
            if setup.add_path {
                write!(text, "  [neighbors.afi-safis.add-paths.config]\n   send-max = 8\n").expect(WRITABLE);
            }
        }
    }
    text
}
