//! Routes in the words of `ip route`, for tables that people compare by eye.

use std::collections::BTreeMap;
use std::fmt::Write;

use fib_sync::Protocol;
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteNextHop, RoutePreference, RouteVia,
};

/// One route as `ip route` prints it: a line, and one more for each next hop of a multipath.
pub fn lines(route: &RouteMessage, links: &BTreeMap<u32, String>) -> Vec<String> {
    let mut text = String::new();
    if let Some(kind) = KINDS.get(usize::from(u8::from(route.header.kind)))
        && *kind != "unicast"
    {
        text.push_str(kind);
        text.push(' ');
    }
    text.push_str(&destination(route));
    hop(&mut text, &route.attributes, None, links);
    origin(&mut text, route);
    flags(&mut text, u32::from(route.header.flags.bits() as u8));
    trailer(&mut text, route);
    let mut all = vec![text];
    all.extend(next_hops(route).iter().map(|member| member_line(member, links)));
    all
}

fn destination(route: &RouteMessage) -> String {
    let length = route.header.destination_prefix_length;
    let full = if route.header.address_family == AddressFamily::Inet6 { 128 } else { 32 };
    let to = route.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Destination(address) => Some(address_text(address)),
        _ => None,
    });
    match to {
        None if length == 0 => "default".to_owned(),
        None => format!("0/{length}"),
        Some(to) if length == full => to,
        Some(to) => format!("{to}/{length}"),
    }
}

/// `via` and `dev`, wherever they stand: in the route itself or in a member of a multipath.
fn hop(text: &mut String, attributes: &[RouteAttribute], device: Option<u32>, links: &BTreeMap<u32, String>) {
    let mut device = device;
    for attribute in attributes {
        match attribute {
            RouteAttribute::Gateway(address) => add(text, "via", &address_text(address)),
            RouteAttribute::Via(RouteVia::Inet(address)) => add(text, "via inet", &address.to_string()),
            RouteAttribute::Via(RouteVia::Inet6(address)) => add(text, "via inet6", &address.to_string()),
            RouteAttribute::Oif(index) => device = Some(*index),
            _ => {}
        }
    }
    if let Some(index) = device {
        let unnamed = format!("if{index}");
        add(text, "dev", links.get(&index).unwrap_or(&unnamed));
    }
}

fn origin(text: &mut String, route: &RouteMessage) {
    let protocol = u8::from(route.header.protocol);
    if protocol != BOOT {
        let number = protocol.to_string();
        let name = Protocol(protocol).name().filter(|_| protocol != FELIX);
        add(text, "proto", name.unwrap_or(&number));
    }
    let scope = u8::from(route.header.scope);
    if scope != 0 {
        let number = scope.to_string();
        let name = SCOPES.iter().find(|(code, _)| *code == scope).map(|(_, name)| *name);
        add(text, "scope", name.unwrap_or(&number));
    }
    for attribute in &route.attributes {
        if let RouteAttribute::PrefSource(address) = attribute {
            add(text, "src", &address_text(address));
        }
    }
    for attribute in &route.attributes {
        if let RouteAttribute::Priority(metric) = attribute {
            add(text, "metric", &metric.to_string());
        }
    }
}

fn flags(text: &mut String, bits: u32) {
    let flags = RouteFlags::from_bits_retain(bits);
    for (flag, word) in FLAGS {
        if flags.contains(*flag) {
            text.push(' ');
            text.push_str(word);
        }
    }
}

fn trailer(text: &mut String, route: &RouteMessage) {
    for attribute in &route.attributes {
        if let RouteAttribute::CacheInfo(info) = attribute
            && info.error != 0
        {
            add(text, "error", &info.error.cast_signed().to_string());
        }
    }
    for attribute in &route.attributes {
        if let RouteAttribute::Preference(preference) = attribute {
            let word = match preference {
                RoutePreference::Low => "low",
                RoutePreference::Medium => "medium",
                RoutePreference::High => "high",
                _ => "invalid",
            };
            add(text, "pref", word);
        }
    }
}

fn next_hops(route: &RouteMessage) -> &[RouteNextHop] {
    let members = route.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::MultiPath(members) => Some(members.as_slice()),
        _ => None,
    });
    members.unwrap_or_default()
}

fn member_line(member: &RouteNextHop, links: &BTreeMap<u32, String>) -> String {
    let mut text = "\tnexthop".to_owned();
    hop(&mut text, &member.attributes, Some(member.interface_index), links);
    add(&mut text, "weight", &(u16::from(member.hops) + 1).to_string());
    flags(&mut text, u32::from(member.flags.bits()));
    text
}

fn address_text(address: &RouteAddress) -> String {
    match address {
        RouteAddress::Inet(address) => address.to_string(),
        RouteAddress::Inet6(address) => address.to_string(),
        other => format!("{other:?}"),
    }
}

fn add(text: &mut String, word: &str, value: &str) {
    write!(text, " {word} {value}").expect("writing to a string cannot fail");
}

/// RTPROT_BOOT: what an administrator's bare `ip route add` leaves, and what is not printed.
const BOOT: u8 = 3;

/// Calico's own, to which `ip route` gives no name.
const FELIX: u8 = 80;

const KINDS: [&str; 12] = [
    "none",
    "unicast",
    "local",
    "broadcast",
    "anycast",
    "multicast",
    "blackhole",
    "unreachable",
    "prohibit",
    "throw",
    "nat",
    "xresolve",
];

const SCOPES: &[(u8, &str)] = &[(255, "nowhere"), (254, "host"), (253, "link"), (200, "site")];

const FLAGS: &[(RouteFlags, &str)] = &[
    (RouteFlags::Dead, "dead"),
    (RouteFlags::Onlink, "onlink"),
    (RouteFlags::Pervasive, "pervasive"),
    (RouteFlags::Offload, "offload"),
    (RouteFlags::Trap, "trap"),
    (RouteFlags::Linkdown, "linkdown"),
    (RouteFlags::Unresolved, "unresolved"),
];
