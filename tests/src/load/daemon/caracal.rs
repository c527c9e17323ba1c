//! Ours.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use super::{ASN, FILE, Setup, TAGS, WRITABLE};
use crate::load::network::{DAEMON, PORT};
use crate::programs::program;

pub(super) fn command(folder: &Path) -> Command {
    let mut command = Command::new(program("caracal-rr"));
    command.args(["run", "--config"]).arg(folder.join(FILE));
    command
}

pub(super) fn reload(folder: &Path) -> Command {
    let mut command = Command::new(program("caracal-rr"));
    command.arg("--socket").arg(folder.join("socket")).args(["--timeout", "60s", "reload"]);
    command
}

/// Listeners of a reflector come from a range, as nodes do; everybody else is named.
pub(super) fn configuration(setup: &Setup, folder: &Path) -> String {
    let mut text = format!(
        "asn = {ASN}\nrouter_id = \"{DAEMON}\"\nrole = \"reflector\"\nhold_time = \"{}s\"\nfamilies = [\"ipv4\", \"ipv6\"]\n\
         [listen]\naddresses = [\"{DAEMON}\"]\nport = {PORT}\n[control]\nsocket = \"{}\"\n\
         [graceful_restart]\nenabled = false\nfirst_contact = \"0s\"\n[log]\nlevel = \"warn\"\n",
        setup.hold_time,
        folder.join("socket").display()
    );
    let export = match setup.tag {
        Some(tag) => {
            writeln!(
                text,
                "[[policy]]\nname = \"tag\"\nrules = [ {{ set = {{ add_communities = [\"{TAGS}:{tag}\"] }}, action = \"accept\" }} ]"
            )
            .expect(WRITABLE);
            "tag"
        }
        None => "accept-all",
    };
    let add_path = if setup.add_path { "add_path = \"send\"\n" } else { "" };
    let listening = format!("{add_path}import = \"accept-all\"\nexport = \"{export}\"");
    if setup.reflects() {
        writeln!(
            text,
            "[[dynamic_peers]]\nname = \"nodes\"\nprefix = \"198.18.0.0/15\"\nasn = {ASN}\nclient = true\nlimit = {}\n{listening}",
            setup.peers.len() + 1
        )
        .expect(WRITABLE);
    }
    for peer in setup.peers.iter().filter(|peer| !(setup.reflects() && peer.listens)) {
        let policies = match peer.listens {
            true => &listening,
            false => "import = \"accept-all\"\nexport = \"reject-all\"",
        };
        writeln!(
            text,
            "[[peer]]\naddress = \"{}\"\nasn = {}\npassive = true\nclient = {}\n{policies}",
            peer.address,
            peer.asn,
            setup.reflects()
        )
        .expect(WRITABLE);
    }
    text
}
