//! `show memory`, `show interfaces`, `show symbols`: what there is besides routes.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_nametoindex};

use super::protocol::{Code, Lines};
use super::roster::Roster;
use super::voice::Voice;
use crate::config::BirdDialect;
use crate::transport::network;

/// `show memory`: what the kernel counts. The tables are not told apart.
pub(super) fn memory(lines: &mut Lines) {
    lines.put(Code::MEMORY, format_args!("BIRD memory usage"));
    let kilobytes =
        resident().map_or_else(|| "unknown".to_owned(), |octets| format!("{:8} kB", octets / 1000));
    lines.put(Code::MEMORY, format_args!("Total:           {kilobytes}"));
    lines.done();
}

/// Octets of memory that are ours now.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// An interface.
struct Interface {
    flags: InterfaceFlags,
    addresses: Vec<ipnet::IpNet>,
}

fn interfaces() -> BTreeMap<(u32, String), Interface> {
    let mut found = BTreeMap::new();
    for one in getifaddrs().into_iter().flatten() {
        let index = if_nametoindex(one.interface_name.as_str()).unwrap_or_default();
        let interface = found
            .entry((index, one.interface_name.clone()))
            .or_insert_with(|| Interface { flags: one.flags, addresses: Vec::new() });
        interface.addresses.extend(network(&one));
    }
    found
}

/// `show interfaces summary`
pub(super) fn interface_summary(voice: Voice, lines: &mut Lines) {
    let shown = |of: &Interface, wanted: fn(&IpAddr) -> bool| {
        let first = of.addresses.iter().find(|net| wanted(&net.addr()) && voice.shows(net.addr()));
        first.map_or_else(String::new, ToString::to_string)
    };
    if voice.dialect == BirdDialect::One {
        lines.put(Code::INTERFACE_HEADING, format_args!("interface state address"));
    } else {
        let heading = "Interface  State  IPv4 address       IPv6 address";
        lines.put(Code::INTERFACE_HEADING, format_args!("{heading}"));
    }
    for ((_, name), interface) in interfaces() {
        let state = state(&interface);
        if voice.dialect == BirdDialect::One {
            let address = shown(&interface, |_| true);
            lines.put(Code::INTERFACE_SUMMARY, format_args!("{name:<9} {state:<5} {address}"));
        } else {
            let (v4, v6) = (shown(&interface, IpAddr::is_ipv4), shown(&interface, IpAddr::is_ipv6));
            lines.put(Code::INTERFACE_SUMMARY, format_args!("{name:<10} {state:<6} {v4:<18} {v6}"));
        }
    }
    lines.done();
}

/// `show interfaces`
pub(super) fn interface_list(voice: Voice, lines: &mut Lines) {
    let standing = if voice.dialect == BirdDialect::One { "Primary" } else { "Preferred" };
    for ((index, name), interface) in interfaces() {
        lines.put(Code::INTERFACE, format_args!("{name} {} (index={index})", state(&interface)));
        let mtu = fs::read_to_string(format!("/sys/class/net/{name}/mtu")).unwrap_or_default();
        let flags = flags(interface.flags).join(" ");
        lines.put(Code::INTERFACE_FLAGS, format_args!("\t{flags} MTU={}", mtu.trim()));
        for net in interface.addresses.iter().filter(|net| voice.shows(net.addr())) {
            let scope = scope(net.addr());
            lines.put(Code::INTERFACE_ADDRESS, format_args!("\t{net} ({standing}, scope {scope})"));
        }
    }
    lines.done();
}

fn state(interface: &Interface) -> &'static str {
    if interface.flags.contains(InterfaceFlags::IFF_UP) { "up" } else { "down" }
}

fn flags(flags: InterfaceFlags) -> Vec<&'static str> {
    let point_to_point = flags.contains(InterfaceFlags::IFF_POINTOPOINT);
    let words = [
        (point_to_point, "PtP"),
        (!point_to_point, "MultiAccess"),
        (flags.contains(InterfaceFlags::IFF_BROADCAST), "Broadcast"),
        (flags.contains(InterfaceFlags::IFF_MULTICAST), "Multicast"),
        (flags.contains(InterfaceFlags::IFF_UP), "AdminUp"),
        (flags.contains(InterfaceFlags::IFF_RUNNING), "LinkUp"),
        (flags.contains(InterfaceFlags::IFF_LOOPBACK), "Loopback Ignored"),
    ];
    words.into_iter().filter_map(|(holds, word)| holds.then_some(word)).collect()
}

fn scope(address: IpAddr) -> &'static str {
    match address {
        address if address.is_loopback() => "host",
        IpAddr::V4(v4) if v4.is_link_local() => "link",
        IpAddr::V4(v4) if v4.is_private() => "site",
        IpAddr::V6(v6) if v6.is_unicast_link_local() => "link",
        IpAddr::V6(v6) if v6.is_unique_local() => "site",
        _ => "univ",
    }
}

/// `show symbols [KIND | NAME]`
pub(super) fn symbols(asked: Option<&str>, roster: &Roster, voice: Voice, lines: &mut Lines) {
    let mut tables: Vec<&str> = voice.families().map(|family| voice.table(family)).collect();
    tables.dedup();
    let tables = tables.into_iter().map(|name| (name, "routing table"));
    let protocols = roster.protocols.iter().map(|protocol| (&*protocol.name, "protocol"));
    let all: Vec<(&str, &str)> = tables.chain(protocols).collect();
    let kind = match asked {
        None => None,
        Some("table") => Some("routing table"),
        Some("protocol") => Some("protocol"),
        Some(none @ ("filter" | "function" | "template" | "constant" | "variable")) => Some(none),
        Some(name) => {
            let known = all.iter().find(|(its, _)| *its == name);
            let kind = known.map_or("undefined", |(_, kind)| kind);
            return lines.end(Code::SYMBOL, format_args!("{name:<8}\t{kind}"));
        }
    };
    for (name, its) in all.iter().filter(|(_, its)| kind.is_none_or(|kind| kind == *its)) {
        lines.put(Code::SYMBOL, format_args!("{name:<8}\t{its}"));
    }
    lines.done();
}
