//! A path as lines.

use std::fmt::Display;
use std::net::IpAddr;

use bgp_core::rib::{Forwarding, LocalSource, Source as RibSource};
use bgp_core::speaker::{PathSource, ResolvedHop, RouteView};
use bgp_core::wire::{AsPath, Attributes, Origin, SegmentKind};

use super::attributes;
use super::protocol::{Code, Lines};
use super::roster::Source;
use super::times::Times;
use crate::config::BirdDialect;

/// Prints paths.
#[derive(Clone, Debug)]
pub(super) struct Printer {
    pub(super) dialect: BirdDialect,
    pub(super) times: Times,
    /// With attributes.
    pub(super) all: bool,
}

impl Printer {
    /// A path; its prefix only where it is the `first` of it.
    pub(super) fn path(&self, path: &RouteView, source: &Source<'_>, first: bool, lines: &mut Lines) {
        let prefix = if first { path.prefix.to_string() } else { String::new() };
        let since = self.times.route(self.times.wall(path.since));
        let gateway = gateway(path);
        let from = source.peer.map(|peer| peer.address).filter(|from| gateway != Some(*from));
        let from = from.map_or_else(String::new, |from| format!(" from {from}"));
        let (name, best, info) = (&source.name, if path.best { " *" } else { "" }, info(path));
        let ways = ways(path);
        match self.dialect {
            BirdDialect::One => {
                let via = match &ways[..] {
                    [] => word(path, "unreachable"),
                    [way] => way,
                    _ => "multipath",
                };
                put(lines, format_args!("{prefix:<18} {via} [{name} {since}{from}]{best} {info}"));
                if let [_, _, ..] = ways[..] {
                    ways.iter().for_each(|way| put(lines, format_args!("\t{way} weight 1")));
                }
            }
            BirdDialect::Two => {
                let kind = word(path, "unicast");
                put(lines, format_args!("{prefix:<20} {kind} [{name} {since}{from}]{best} {info}"));
                let weight = if ways.len() > 1 { " weight 1" } else { "" };
                ways.iter().for_each(|way| put(lines, format_args!("\t{way}{weight}")));
            }
        }
        if self.all {
            self.details(path, lines);
        }
    }

    fn details(&self, path: &RouteView, lines: &mut Lines) {
        let unicast = if self.dialect == BirdDialect::One { " unicast" } else { "" };
        lines.put(Code::ROUTE_DETAIL, format_args!("\tType: {}{unicast} univ", kind(&path.source)));
        // Routes of our own have attributes where the operator gave them some.
        let attributes = &path.route.attributes;
        if matches!(path.source, PathSource::Peer(_)) || *attributes != Attributes::default() {
            attributes::of_bgp(&path.route, lines);
        }
    }
}

fn put(lines: &mut Lines, text: impl Display) {
    lines.put(Code::ROUTE, format_args!("{text}"));
}

const fn kind(source: &PathSource) -> &'static str {
    match source {
        PathSource::Peer(_) => "BGP",
        PathSource::Local(LocalSource::Direct) => "device",
        PathSource::Local(LocalSource::Static) => "static",
        PathSource::Local(LocalSource::Kernel) => "inherit",
    }
}

/// What happens to packets of a path, in a word; `forwarded` where they go somewhere.
fn word(path: &RouteView, forwarded: &'static str) -> &'static str {
    match path.route.forwarding {
        Forwarding::Via(_) | Forwarding::Device => forwarded,
        // What is announced and not programmed is most like a block that a BIRD only announces.
        Forwarding::Blackhole | Forwarding::Nowhere => "blackhole",
        Forwarding::Unreachable => "unreachable",
        Forwarding::Prohibit => "prohibited",
    }
}

/// Where packets of a path go. Where nobody asks the kernel, the interface of a next hop is not known, and readers
/// want a word there.
fn ways(path: &RouteView) -> Vec<String> {
    const UNKNOWN: &str = "unknown";
    match &path.route.forwarding {
        Forwarding::Device => {
            vec![format!("dev {}", path.route.interface.as_deref().unwrap_or(UNKNOWN))]
        }
        Forwarding::Via(next_hop) if path.hops.is_empty() => {
            let interface = path.route.interface.as_deref().unwrap_or(UNKNOWN);
            vec![format!("via {} on {interface}", next_hop.address())]
        }
        Forwarding::Via(next_hop) => path.hops.iter().map(|hop| way(hop, next_hop.address())).collect(),
        Forwarding::Blackhole | Forwarding::Unreachable | Forwarding::Prohibit | Forwarding::Nowhere => {
            Vec::new()
        }
    }
}

/// The address that packets of a path go to first.
fn gateway(path: &RouteView) -> Option<IpAddr> {
    let Forwarding::Via(next_hop) = &path.route.forwarding else { return None };
    let found = path.hops.first().and_then(|hop| hop.gateway);
    Some(found.unwrap_or_else(|| next_hop.address()))
}

fn way(hop: &ResolvedHop, next_hop: IpAddr) -> String {
    format!("via {} on {}", hop.gateway.unwrap_or(next_hop), hop.interface)
}

/// Preference, interior cost and origin.
fn info(path: &RouteView) -> String {
    let preference = match &path.source {
        PathSource::Local(source) => return format!("({})", source.preference()),
        PathSource::Peer(_) => RibSource::BGP_PREFERENCE,
    };
    let stale = if path.stale { "s" } else { "" };
    let cost = path.cost.map_or_else(|| "-".to_owned(), |cost| cost.to_string());
    let attributes = &path.route.attributes;
    let origin = match attributes.origin {
        Origin::Igp => "i",
        Origin::Egp => "e",
        Origin::Incomplete => "?",
    };
    let asn = origin_as(&attributes.as_path).map_or_else(String::new, |asn| format!("AS{asn}"));
    format!("({preference}{stale}/{cost}) [{asn}{origin}]")
}

/// The AS that originated a path, where one did.
fn origin_as(path: &AsPath) -> Option<u32> {
    let last = path.segments().last()?;
    match last.kind() {
        SegmentKind::Sequence => last.asns().last().map(|asn| asn.0),
        SegmentKind::Set | SegmentKind::ConfedSequence | SegmentKind::ConfedSet => None,
    }
}
