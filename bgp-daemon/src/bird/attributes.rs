//! The attributes of a path as lines.

use std::fmt::Display;

use bgp_core::rib::{Forwarding, Route};
use bgp_core::wire::{AsPath, NextHop, Origin, SegmentKind};

use super::protocol::{Code, Lines};

/// Longest line, octets. Some clients read no longer ones than 1024.
const LINE: usize = 960;

/// The attributes of a path that a peer told.
pub(super) fn of_bgp(route: &Route, lines: &mut Lines) {
    let attributes = &route.attributes;
    let origin = match attributes.origin {
        Origin::Igp => "IGP",
        Origin::Egp => "EGP",
        Origin::Incomplete => "Incomplete",
    };
    say(lines, "origin", origin);
    list(lines, "as_path", as_path(&attributes.as_path));
    if let Forwarding::Via(next_hop) = &route.forwarding {
        say(lines, "next_hop", next_hops(next_hop));
    }
    optional(lines, "med", attributes.med);
    optional(lines, "local_pref", attributes.local_preference);
    if attributes.atomic_aggregate {
        say(lines, "atomic_aggr", "");
    }
    if let Some(aggregator) = &attributes.aggregator {
        say(lines, "aggregator", format_args!("{} AS{}", aggregator.router_id, aggregator.asn.0));
    }
    let communities = attributes.communities.iter();
    several(lines, "community", communities.map(|it| format!("({},{})", it.high(), it.low())));
    optional(lines, "originator_id", attributes.originator_id);
    several(lines, "cluster_list", attributes.cluster_list.iter().map(ToString::to_string));
    let extended = attributes.extended_communities.iter();
    several(lines, "ext_community", extended.map(|it| tuple(&it.to_string())));
    optional(lines, "aigp", attributes.aigp.as_ref().and_then(|aigp| aigp.metric));
    let large = attributes.large_communities.iter();
    several(
        lines,
        "large_community",
        large.map(|it| format!("({}, {}, {})", it.global, it.local1, it.local2)),
    );
    optional(lines, "otc", attributes.otc.map(|asn| asn.0));
}

fn say(lines: &mut Lines, name: &str, value: impl Display) {
    lines.put(Code::ROUTE_ATTRIBUTE, format_args!("\tBGP.{name}: {value}"));
}

fn optional(lines: &mut Lines, name: &str, value: Option<impl Display>) {
    if let Some(value) = value {
        say(lines, name, value);
    }
}

/// A list that is not shown when it is empty.
fn several(lines: &mut Lines, name: &str, values: impl Iterator<Item = String>) {
    let values: Vec<String> = values.collect();
    if !values.is_empty() {
        list(lines, name, values);
    }
}

/// A list on as many lines as it needs; those after the first begin with two tabs.
fn list(lines: &mut Lines, name: &str, values: Vec<String>) {
    let mut line = format!("\tBGP.{name}:");
    let mut is_empty = true;
    for value in &values {
        if line.len() + 1 + value.len() > LINE {
            lines.put(Code::ROUTE_ATTRIBUTE, format_args!("{line}"));
            "\t\t".clone_into(&mut line);
        } else {
            line.push(' ');
        }
        line.push_str(value);
        is_empty = false;
    }
    let end = if is_empty { " " } else { "" };
    lines.put(Code::ROUTE_ATTRIBUTE, format_args!("{line}{end}"));
}

/// The AS numbers of a path, sets in braces.
fn as_path(path: &AsPath) -> Vec<String> {
    let mut words = Vec::new();
    for segment in path.segments() {
        let asns = segment.asns().map(|asn| asn.0.to_string());
        let brackets = match segment.kind() {
            SegmentKind::Sequence => None,
            SegmentKind::Set => Some(("{", "}")),
            SegmentKind::ConfedSequence => Some(("(", ")")),
            SegmentKind::ConfedSet => Some(("({", "})")),
        };
        words.extend(brackets.map(|(open, _)| open.to_owned()));
        words.extend(asns);
        words.extend(brackets.map(|(_, close)| close.to_owned()));
    }
    words
}

fn next_hops(next_hop: &NextHop) -> String {
    match next_hop {
        NextHop::V6 { global, link_local: Some(link_local) } if global != link_local => {
            format!("{global} {link_local}")
        }
        other => other.to_string(),
    }
}

/// `rt:64512:7` as `(rt, 64512, 7)`; any other kind as its octets.
fn tuple(community: &str) -> String {
    match community.strip_prefix("0x").filter(|digits| digits.len() == 16) {
        Some(digits) => {
            let (high, low) = digits.split_at(8);
            format!("(generic, 0x{high}, 0x{low})")
        }
        None => format!("({})", community.replace(':', ", ")),
    }
}

#[cfg(test)]
mod tests {
    use bgp_core::rib::KernelHint;
    use bgp_core::wire::{Attributes, Community};

    use super::*;

    fn shown(attributes: Attributes) -> String {
        let next_hop = NextHop::V4(std::net::Ipv4Addr::new(10, 99, 0, 1));
        let (forwarding, kernel) = (Forwarding::Via(next_hop), KernelHint::default());
        let mut lines = Lines::new(false);
        of_bgp(&Route { attributes, forwarding, interface: None, kernel }, &mut lines);
        lines.take()
    }

    #[test]
    fn attributes_come_in_the_order_of_their_codes() {
        let attributes = Attributes {
            med: Some(50),
            local_preference: Some(100),
            communities: ["65001:100", "64512:7"].map(|it| it.parse().expect("a community")).into(),
            large_communities: ["1:2:3".parse().expect("a large one")].into(),
            ..Attributes::default()
        };
        let expected = "1012-\tBGP.origin: IGP\n \tBGP.as_path: \n \tBGP.next_hop: 10.99.0.1\n \tBGP.med: 50\n \
                        \tBGP.local_pref: 100\n \tBGP.community: (65001,100) (64512,7)\n \
                        \tBGP.large_community: (1, 2, 3)\n";
        assert_eq!(shown(attributes), expected);
    }

    #[test]
    fn long_lists_take_several_lines() {
        let communities: Vec<Community> =
            (0..300).map(|low| format!("65001:{low}").parse().expect("a community")).collect();
        let text = shown(Attributes { communities: communities.into(), ..Attributes::default() });
        assert!(text.lines().all(|line| line.len() < 1024), "{text}");
        let list = text.split("BGP.community:").nth(1).expect("it is there");
        assert_eq!(list.matches("(65001,").count(), 300);
        assert!(list.lines().skip(1).all(|line| line.starts_with(" \t\t(")), "{list}");
    }

    #[test]
    fn extended_communities_are_tuples() {
        assert_eq!(tuple("rt:64512:7"), "(rt, 64512, 7)");
        assert_eq!(tuple("0x4300000000000001"), "(generic, 0x43000000, 0x00000001)");
    }
}
