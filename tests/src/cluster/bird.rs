//! The configuration of BIRD 2 in the cluster: what Calico's templates make of it, in BIRD 2's words.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::neighbours::{Neighbour, Seat};
use super::topology::{ASN, Setup};
use crate::kernel::Ip;
use crate::sandbox::SCRATCH;

/// Where BIRD answers; `name` is the host's.
pub fn bird_socket(name: &str) -> PathBuf {
    Path::new(SCRATCH).join(format!("{name}.ctl"))
}

/// What `bird -c` is told.
pub fn bird_conf(setup: &Setup, seat: Seat) -> String {
    let mut text = format!(
        "\
log stderr all;
router id {};
protocol device {{}}
protocol direct {{ interface -\"cali*\", \"*\"; ipv4; ipv6; }}
",
        setup.router_id(seat)
    );
    if let Seat::Host(which) = seat {
        text.push_str("filter to_kernel { if source = RTS_DEVICE then reject; accept; }\n");
        for ip in Ip::BOTH {
            write!(
                text,
                "
protocol kernel kernel_{family} {{
  learn; persist; graceful restart; scan time 2; metric {metric};
  {family} {{ import all; export filter to_kernel; }};
}}
protocol static static_{family} {{ {family}; route {block} blackhole; }}
filter own_{family} {{ if net = {block} then accept; reject; }}
",
                family = ip.name(),
                metric = setup.metric,
                block = setup.hosts[which].block(ip),
            )
            .expect(WRITABLE);
        }
    }
    setup.neighbours(seat).iter().fold(text, |text, neighbour| text + &session(setup, seat, neighbour))
}

fn session(setup: &Setup, seat: Seat, neighbour: &Neighbour) -> String {
    let Neighbour { name, ip, theirs, ours, passive, client } = neighbour;
    let family = ip.name();
    let passive = if *passive { "on" } else { "off" };
    let (client, export) = match client {
        true => ("  rr client;\n", "all".to_owned()),
        false => ("", format!("filter own_{family}")),
    };
    format!(
        "
protocol bgp {name}_{family} {{
  local {ours} as {ASN};
  neighbor {theirs} as {ASN};
  multihop;
  passive {passive};
  connect retry time 1;
  connect delay time 1;
  error wait time 1, 2;
  graceful restart on;
{client}{long_lived}  {family} {{ import all; export {export}; gateway recursive; add paths on; }};
}}
",
        long_lived = long_lived(setup, seat),
    )
}

/// What a reflector promises of itself, and that a host keeps to it.
fn long_lived(setup: &Setup, seat: Seat) -> String {
    match (setup.restarts, seat) {
        (None, _) => String::new(),
        (Some(_), Seat::Host(_)) => "  long lived graceful restart on;\n".to_owned(),
        (Some(restarts), Seat::Reflector(_)) => format!(
            "  graceful restart time {};\n  long lived graceful restart on;\n  long lived stale time {};\n",
            restarts.time.as_secs(),
            restarts.stale.as_secs()
        ),
    }
}

const WRITABLE: &str = "writing to a string cannot fail";
