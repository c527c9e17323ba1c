//! The configuration files of the cluster's speakers.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::topology::{ASN, Host, NETWORK4, NETWORK6, Overlay, POOL4, REFLECTOR, Sessions, Setup};
use crate::kernel::Ip;
use crate::sandbox::SCRATCH;

/// Where a host's control socket is; `name` is the host's.
pub fn socket(name: &str) -> PathBuf {
    Path::new(SCRATCH).join(format!("{name}.sock"))
}

/// What `caracal run` is told on one of the hosts.
pub fn caracal_toml(setup: &Setup, which: usize) -> String {
    let host = &setup.hosts[which];
    let mut text = format!(
        "\
# {name}: originates its block, tells it to its peers and nothing else, believes what they say.
asn = {ASN}
router_id = \"{v4}\"

[control]
socket = \"{socket}\"

[kernel]
metric = {metric}
{export}
[[originate]]
prefix = \"{block4}\"
kind = \"blackhole\"

[[originate]]
prefix = \"{block6}\"
kind = \"blackhole\"

[[policy]]
name = \"own-blocks\"
default = \"reject\"
rules = [
  {{ name = \"own blocks\", match = {{ prefix = [\"{block4}\", \"{block6}\"] }}, action = \"accept\" }},
]
",
        name = host.name,
        v4 = host.v4,
        socket = socket(host.name).display(),
        metric = setup.metric,
        export = kernel_export(setup.overlay),
        block4 = host.block4,
        block6 = host.block6,
    );
    for peer in peers(setup, which) {
        text.push_str(&peer);
    }
    text
}

/// What `caracal-rr run` is told.
pub fn reflector_toml() -> String {
    let (name, v4, _) = REFLECTOR;
    let mut text = format!(
        "\
# The reflector takes every host of the network as its client.
role = \"reflector\"
asn = {ASN}
router_id = \"{v4}\"

[graceful_restart]
first_contact = \"1s\"                # after a start, clients have this long to come back before anybody is told

[control]
socket = \"{}\"
",
        socket(name).display()
    );
    for prefix in [format!("{}/{}", NETWORK4.0, NETWORK4.1), format!("{}/{}", NETWORK6.0, NETWORK6.1)] {
        write!(text, "\n[[dynamic_peers]]\nprefix = \"{prefix}\"\nasn = {ASN}\nclient = true\n")
            .expect("writing to a string cannot fail");
    }
    text
}

/// In the overlay, routes of the pods' pool learned from peers go through the tunnel.
fn kernel_export(overlay: Overlay) -> String {
    match overlay {
        Overlay::None => String::new(),
        Overlay::Ipip => format!(
            "\
export = \"overlay\"

[[policy]]
name = \"overlay\"
default = \"accept\"
rules = [
  {{ name = \"pool\", match = {{ prefix = [\"{POOL4}+\"], source = [\"bgp\"] }}, action = \"accept\", \
             set = {{ tunnel = \"tunl0\" }} }},
]
"
        ),
    }
}

fn peers(setup: &Setup, which: usize) -> Vec<String> {
    let own = &setup.hosts[which];
    let (reflector, v4, v6) = REFLECTOR;
    match setup.sessions {
        Sessions::Reflector => vec![
            peer(reflector, &v4.to_string(), &own.v4.to_string(), false),
            peer(&format!("{reflector}-v6"), &v6.to_string(), &own.v6.to_string(), false),
        ],
        Sessions::Mesh => setup.others(which).flat_map(|other| mesh_peers(own, other)).collect(),
    }
}

/// One session for each family; of the two, the host whose address compares larger as text dials.
fn mesh_peers(own: &Host, other: &Host) -> [String; 2] {
    [(Ip::V4, ""), (Ip::V6, "-v6")].map(|(ip, suffix)| {
        let (theirs, ours) = (other.address(ip).to_string(), own.address(ip).to_string());
        let passive = theirs > ours;
        peer(&format!("{}{suffix}", other.name), &theirs, &ours, passive)
    })
}

fn peer(name: &str, address: &str, local: &str, passive: bool) -> String {
    format!(
        "
[[peer]]
name = \"{name}\"
address = \"{address}\"
local_address = \"{local}\"
asn = {ASN}
passive = {passive}
connect_retry = \"1s\"
export = \"own-blocks\"
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_every_pair_exactly_one_dials() {
        let setup = Setup::documented();
        let dialing: usize =
            (0..3).map(|which| caracal_toml(&setup, which).matches("passive = false").count()).sum();
        assert_eq!(dialing, 6, "three pairs in two families");
        assert!(caracal_toml(&setup, 0).matches("passive = true").count() == 4, "the smallest only listens");
    }
}
