//! Who we are: the BGP Identifier, written, taken from the environment, or chosen among our addresses.

use std::net::{IpAddr, Ipv4Addr};

use bgp_core::RouterId;
use bgp_core::policy::Glob;

use super::document::Node;
use super::host::Host;
use super::report::Problem;
use super::value::{identifier, string};

/// Reads `router_id`. Interfaces that match `ignored` lend no address to `"auto"`: one that every host
/// of a cluster has would make all of them the same.
pub(super) fn router_id(node: &Node, host: &dyn Host, ignored: &[Glob]) -> Result<RouterId, Problem> {
    match string(node)? {
        "auto" => lowest_global(host, ignored).map(RouterId).ok_or_else(|| {
            let problem = Problem::at(node.place, "this host has no global IPv4 address to take it from");
            problem
                .hint("write router_id = \"…\": any number unique in the network, in the form of an address")
        }),
        text => match text.strip_prefix("env:") {
            Some(name) => from_environment(node, name, host),
            None => identifier(node),
        },
    }
}

fn from_environment(node: &Node, name: &str, host: &dyn Host) -> Result<RouterId, Problem> {
    let Some(value) = host.variable(name) else {
        return Err(Problem::at(node.place, format!("there is no environment variable {name}")));
    };
    match value.trim().parse() {
        Ok(Ipv4Addr::UNSPECIFIED) | Err(_) => {
            let message =
                format!("{name} is {value:?}, which is no identifier in the form of an IPv4 address");
            let problem = Problem::at(node.place, message);
            Err(problem.hint(
                "an address of IPv6 is none: \"auto\" takes an IPv4 address of this host, where it has one",
            ))
        }
        Ok(address) => Ok(RouterId(address)),
    }
}

fn lowest_global(host: &dyn Host, ignored: &[Glob]) -> Option<Ipv4Addr> {
    let usable = |name: &str| !ignored.iter().any(|glob| glob.matches(name));
    let addresses = host.addresses().into_iter().filter(|(interface, _)| usable(interface));
    let global = addresses.filter_map(|(_, address)| match address {
        IpAddr::V4(v4) => {
            let local = v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || v4.is_multicast();
            (!local).then_some(v4)
        }
        IpAddr::V6(_) => None,
    });
    global.min()
}
