//! What a session's two ends agreed, in BIRD's words.

use bgp_core::Family;
use bgp_core::session::Negotiated;
use bgp_core::speaker::PeerView;
use bgp_core::wire::{AddPathMode, Capability, Open};

use super::protocol::Lines;
use super::protocols::detail;

/// 1.6: one line.
pub(super) fn in_one_line(open: &Open, lines: &mut Lines) {
    let words: Vec<&str> = open.capabilities.iter().flat_map(words).collect();
    detail(lines, format_args!("    Neighbor caps:    {}", words.join(" ")));
}

fn words(capability: &Capability) -> Vec<&'static str> {
    match capability {
        Capability::RouteRefresh => vec!["refresh"],
        Capability::EnhancedRouteRefresh => vec!["enhanced-refresh"],
        Capability::ExtendedMessage => vec!["ext-messages"],
        Capability::GracefulRestart { families, .. } if families.is_empty() => vec!["restart-aware"],
        Capability::GracefulRestart { .. } => vec!["restart-able"],
        Capability::LongLivedGracefulRestart(families) if families.is_empty() => vec!["llgr-aware"],
        Capability::LongLivedGracefulRestart(_) => vec!["llgr-able"],
        Capability::FourOctetAs(_) => vec!["AS4"],
        Capability::AddPath(families) => {
            let any = |wanted: fn(AddPathMode) -> bool| families.iter().any(|(_, mode)| wanted(*mode));
            let ways = [(any(receives), "add-path-rx"), (any(sends), "add-path-tx")];
            ways.into_iter().filter_map(|(does, word)| does.then_some(word)).collect()
        }
        Capability::Multiprotocol(_)
        | Capability::ExtendedNextHop(_)
        | Capability::Role(_)
        | Capability::Fqdn { .. }
        | Capability::Unknown { .. } => Vec::new(),
    }
}

const fn receives(mode: AddPathMode) -> bool {
    matches!(mode, AddPathMode::Receive | AddPathMode::Both)
}

const fn sends(mode: AddPathMode) -> bool {
    matches!(mode, AddPathMode::Send | AddPathMode::Both)
}

/// 2: a line for each, what belongs to it below.
pub(super) fn in_a_tree(open: &Open, lines: &mut Lines) {
    detail(lines, "    Neighbor capabilities");
    let announced: Vec<Family> = open.capabilities.iter().filter_map(family).collect();
    if !announced.is_empty() {
        detail(lines, "      Multiprotocol");
        detail(lines, format_args!("        AF announced: {}", join(announced)));
    }
    for capability in &open.capabilities {
        branch(capability, lines);
    }
}

const fn family(capability: &Capability) -> Option<Family> {
    match capability {
        Capability::Multiprotocol(family) => Some(*family),
        _ => None,
    }
}

fn branch(capability: &Capability, lines: &mut Lines) {
    match capability {
        Capability::Multiprotocol(_) | Capability::Role(_) | Capability::Unknown { .. } => {}
        Capability::RouteRefresh => detail(lines, "      Route refresh"),
        Capability::EnhancedRouteRefresh => detail(lines, "      Enhanced refresh"),
        Capability::ExtendedMessage => detail(lines, "      Extended message"),
        Capability::FourOctetAs(_) => detail(lines, "      4-octet AS numbers"),
        Capability::ExtendedNextHop(families) => {
            detail(lines, "      Extended next hop");
            detail(lines, format_args!("        IPv6 nexthop: {}", join(families.iter().copied())));
        }
        Capability::GracefulRestart { restart_time, families, .. } => {
            detail(lines, "      Graceful restart");
            if !families.is_empty() {
                let preserved = families.iter().filter(|it| it.forwarding_preserved).map(|it| it.family);
                detail(lines, format_args!("        Restart time: {restart_time}"));
                let supported = join(families.iter().map(|it| it.family));
                detail(lines, format_args!("        AF supported: {supported}"));
                detail(lines, format_args!("        AF preserved: {}", join(preserved)));
            }
        }
        Capability::LongLivedGracefulRestart(families) => {
            detail(lines, "      Long-lived graceful restart");
            if !families.is_empty() {
                let supported = join(families.iter().map(|it| it.family));
                detail(lines, format_args!("        AF supported: {supported}"));
            }
        }
        Capability::AddPath(families) => {
            let of = |wanted: fn(AddPathMode) -> bool| {
                join(families.iter().filter(|(_, mode)| wanted(*mode)).map(|(family, _)| *family))
            };
            detail(lines, "      ADD-PATH");
            detail(lines, format_args!("        RX: {}", of(receives)));
            detail(lines, format_args!("        TX: {}", of(sends)));
        }
        Capability::Fqdn { host, .. } => detail(lines, format_args!("      Hostname: {host}")),
    }
}

fn join(families: impl IntoIterator<Item = Family>) -> String {
    families.into_iter().map(|family| family.to_string()).collect::<Vec<_>>().join(" ")
}

/// What kind of session it is.
pub(super) fn session(peer: &PeerView, negotiated: &Negotiated) -> String {
    let dialect = &negotiated.dialect;
    let is_internal = negotiated.asn == peer.local_asn;
    let words = [
        (true, if is_internal { "internal" } else { "external" }),
        (peer.multihop, "multihop"),
        (peer.client, "route-reflector"),
        (dialect.four_octet_as, "AS4"),
        (!dialect.add_path_receive.is_empty(), "add-path-rx"),
        (!dialect.add_path_send.is_empty(), "add-path-tx"),
    ];
    words.into_iter().filter_map(|(holds, word)| holds.then_some(word)).collect::<Vec<_>>().join(" ")
}
