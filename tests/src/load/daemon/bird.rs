//! BIRD 2.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use super::{ASN, FILE, Setup, TAGS, WRITABLE};
use crate::load::network::DAEMON;

pub(super) fn command(folder: &Path) -> Command {
    let mut command = Command::new("/usr/sbin/bird");
    command.args(["-f", "-c"]).arg(folder.join(FILE)).arg("-s").arg(folder.join("socket"));
    command
}

pub(super) fn reload(folder: &Path) -> Command {
    let mut command = Command::new("/usr/sbin/birdc");
    command.arg("-s").arg(folder.join("socket")).arg("configure");
    command
}

/// Every peer a protocol of its own, as confd writes them for Calico.
pub(super) fn configuration(setup: &Setup) -> String {
    let listening = match setup.tag {
        Some(tag) => format!(
            "filter {{ if source != RTS_BGP then reject; bgp_community.add(({TAGS},{tag})); accept; }}"
        ),
        None => "where source = RTS_BGP".to_owned(),
    };
    let mut text = format!("router id {DAEMON};\nprotocol device {{ }}\nprotocol direct {{ ipv4; ipv6; }}\n");
    for (number, peer) in setup.peers.iter().enumerate() {
        let export = if peer.listens { &listening } else { "none" };
        let reflect = if setup.reflects() { "rr client; " } else { "" };
        let add_paths = if setup.add_path && peer.listens { "add paths tx; " } else { "" };
        let channel = format!("import all; export {export}; {add_paths}");
        writeln!(
            text,
            "protocol bgp p{number} {{ local {DAEMON} as {ASN}; neighbor {} as {}; passive on; hold time {}; {reflect}\
             ipv4 {{ {channel} }}; ipv6 {{ {channel} }}; }}",
            peer.address, peer.asn, setup.hold_time
        )
        .expect(WRITABLE);
    }
    text
}
