//! The configuration files of Caracal in the cluster.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::neighbours::{Neighbour, Seat};
use super::topology::{ASN, NETWORK4, NETWORK6, Overlay, POOL4, Setup};
use crate::kernel::Ip;
use crate::sandbox::SCRATCH;

/// Where a host's control socket is; `name` is the host's.
pub fn socket(name: &str) -> PathBuf {
    Path::new(SCRATCH).join(format!("{name}.sock"))
}

/// What `caracal run`, or `caracal-rr run` on a reflector, is told.
pub fn caracal_toml(setup: &Setup, seat: Seat) -> String {
    let text = match seat {
        Seat::Host(which) => host(setup, which),
        Seat::Reflector(_) => reflector(setup, seat),
    };
    setup.neighbours(seat).iter().fold(text, |text, neighbour| text + &peer(setup, seat, neighbour))
}

/// What `caracal-rr run` is told where nobody lists its clients.
pub fn open_reflector_toml(setup: &Setup, seat: Seat) -> String {
    let mut text = format!(
        "\
# The reflector takes every host of the network as its client.
role = \"reflector\"
asn = {ASN}
router_id = \"{v4}\"

[graceful_restart]
first_contact = \"1s\"                # after a start, clients have this long to come back before anybody is told

[control]
socket = \"{socket}\"
",
        v4 = setup.router_id(seat),
        socket = socket(setup.name(seat)).display()
    );
    for prefix in [format!("{}/{}", NETWORK4.0, NETWORK4.1), format!("{}/{}", NETWORK6.0, NETWORK6.1)] {
        write!(text, "\n[[dynamic_peers]]\nprefix = \"{prefix}\"\nasn = {ASN}\nclient = true\n")
            .expect("writing to a string cannot fail");
    }
    text
}

fn host(setup: &Setup, which: usize) -> String {
    let host = &setup.hosts[which];
    format!(
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
    )
}

fn reflector(setup: &Setup, seat: Seat) -> String {
    let restarts = setup.restarts.map_or_else(String::new, |restarts| {
        format!(
            "\n[graceful_restart]\nrestart_time = \"{}s\"\nlong_lived = \"{}s\"\n",
            restarts.time.as_secs(),
            restarts.stale.as_secs()
        )
    });
    format!(
        "role = \"reflector\"\nasn = {ASN}\nrouter_id = \"{}\"\n{restarts}\n[control]\nsocket = \"{}\"\n",
        setup.router_id(seat),
        socket(setup.name(seat)).display()
    )
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

fn peer(setup: &Setup, seat: Seat, neighbour: &Neighbour) -> String {
    let Neighbour { name, ip, theirs, ours, passive, client } = neighbour;
    let suffix = if *ip == Ip::V6 { "-v6" } else { "" };
    let kind = match (client, setup.restarts, seat) {
        (true, ..) => "client = true\n".to_owned(),
        // Reflectors cannot say how long their hosts go on without them.
        (false, Some(restarts), Seat::Host(_)) => {
            format!("export = \"own-blocks\"\nheadless = \"{}s\"\n", restarts.stale.as_secs())
        }
        (false, ..) => "export = \"own-blocks\"\n".to_owned(),
    };
    format!(
        "
[[peer]]
name = \"{name}{suffix}\"
address = \"{theirs}\"
local_address = \"{ours}\"
asn = {ASN}
passive = {passive}
connect_retry = \"1s\"
{kind}"
    )
}
