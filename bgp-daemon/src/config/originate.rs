//! `[[originate]]`: routes of our own.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bgp_core::policy::AnyCommunity;
use bgp_core::rib::{Forwarding, KernelHint, Route};
use bgp_core::wire::{Attributes, NextHop};
use ipnet::IpNet;

use super::report::{Place, Problem};
use super::section::Section;
use super::settings::Originated;
use super::value::{address, number, parsed, prefix, word};

/// Reads every `[[originate]]`.
pub(super) fn read(root: &mut Section<'_>) -> Vec<Originated> {
    let mut routes = Vec::new();
    let mut places: BTreeMap<IpNet, Place> = BTreeMap::new();
    for mut section in root.sections("originate", "[[originate]]") {
        let prefix = section.require("prefix", prefix);
        let route = read_route(&mut section, prefix);
        let (report, place) = (section.report, section.place_of("prefix"));
        section.finish();
        let Some(prefix) = prefix else { continue };
        match places.insert(prefix, place) {
            None => routes.push(Originated { prefix, route, place: report.line_of(place).into() }),
            Some(first) => {
                let problem = Problem::at(place, format!("{prefix} is originated twice"));
                report.error(problem.hint(format!("the first is at {}", report.line_of(first))));
            }
        }
    }
    routes
}

fn read_route(section: &mut Section<'_>, prefix: Option<IpNet>) -> Route {
    Route {
        forwarding: read_forwarding(section, prefix),
        attributes: read_attributes(section),
        interface: None,
        kernel: KernelHint::default(),
    }
}

fn read_forwarding(section: &mut Section<'_>, prefix: Option<IpNet>) -> Forwarding {
    #[derive(Clone, Copy)]
    enum Kind {
        Blackhole,
        Unreachable,
        Prohibit,
        Announce,
    }
    let words = &[
        ("blackhole", Kind::Blackhole),
        ("unreachable", Kind::Unreachable),
        ("prohibit", Kind::Prohibit),
        ("announce", Kind::Announce),
    ];
    let kind = section.read("kind", word(words));
    let via = section.read("via", address);
    let place = section.place_of("via");
    if section.has("kind") && section.has("via") {
        let problem = Problem::at(place, "a route has a `kind` or goes `via` somewhere, not both");
        section.report.error(problem);
    }
    match (via, prefix) {
        (Some(IpAddr::V4(_)), Some(IpNet::V6(_))) => {
            section.report.error(Problem::at(place, "an IPv6 route cannot go via an IPv4 address"));
        }
        (Some(IpAddr::V6(via)), _) if via.is_unicast_link_local() => {
            section.report.error(Problem::at(place, "a link-local next hop does not say on which link"));
        }
        _ => {}
    }
    match (via, kind) {
        (Some(IpAddr::V4(address)), _) => Forwarding::Via(NextHop::V4(address)),
        (Some(IpAddr::V6(global)), _) => Forwarding::Via(NextHop::V6 { global, link_local: None }),
        (None, None | Some(Kind::Blackhole)) => Forwarding::Blackhole,
        (None, Some(Kind::Unreachable)) => Forwarding::Unreachable,
        (None, Some(Kind::Prohibit)) => Forwarding::Prohibit,
        (None, Some(Kind::Announce)) => Forwarding::Nowhere,
    }
}

fn read_attributes(section: &mut Section<'_>) -> Attributes {
    let (mut standard, mut large, mut extended) = (Vec::new(), Vec::new(), Vec::new());
    for community in section.list("communities", parsed).unwrap_or_default() {
        match community {
            AnyCommunity::Standard(community) => standard.push(community),
            AnyCommunity::Large(community) => large.push(community),
            AnyCommunity::Extended(community) => extended.push(community),
        }
    }
    Attributes {
        local_preference: section.read("local_preference", number),
        med: section.read("med", number),
        communities: standard.into(),
        large_communities: large.into(),
        extended_communities: extended.into(),
        ..Attributes::default()
    }
}
