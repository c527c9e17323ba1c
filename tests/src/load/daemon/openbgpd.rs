//! OpenBGPD.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::{ASN, FILE, Setup, TAGS, WRITABLE};
use crate::load::network::DAEMON;

pub(super) fn command(folder: &Path) -> Command {
    // Its parts lock themselves in here; where it is missing, bgpd says so.
    let _ = fs::create_dir_all("/run/openbgpd");
    let mut command = Command::new("/usr/sbin/bgpd");
    command.arg("-d").arg("-f").arg(folder.join(FILE));
    command
}

pub(super) fn reload(folder: &Path) -> Command {
    let mut command = Command::new("/usr/sbin/bgpctl");
    command.arg("-s").arg(folder.join("socket")).arg("reload");
    command
}

pub(super) fn configuration(setup: &Setup, folder: &Path) -> String {
    let mut text = format!(
        "AS {ASN}\nrouter-id {DAEMON}\nsocket \"{}\"\nfib-update no\nlisten on {DAEMON}\nholdtime {}\n",
        folder.join("socket").display(),
        setup.hold_time
    );
    let reflect = if setup.reflects() { "  route-reflector\n" } else { "" };
    for peer in &setup.peers {
        let export = if peer.listens { "" } else { "  export none\n" };
        let add_path = if setup.add_path && peer.listens { "  announce add-path send all\n" } else { "" };
        write!(
            text,
            "neighbor {} {{\n  remote-as {}\n  passive\n  local-address {DAEMON}\n  announce IPv4 unicast\n  announce IPv6 unicast\n\
             {reflect}{export}{add_path}}}\n",
            peer.address, peer.asn
        )
        .expect(WRITABLE);
    }
    let tag = setup.tag.map(|tag| format!(" set community {TAGS}:{tag}")).unwrap_or_default();
    text + &format!("allow from any\nallow to any{tag}\n")
}
