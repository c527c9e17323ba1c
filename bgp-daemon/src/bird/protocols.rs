//! `show protocols`: who there is, and how they are.

use std::fmt::Display;
use std::sync::Arc;
use std::time::SystemTime;

use bgp_core::Family;
use bgp_core::rib::{LocalSource, Source};
use bgp_core::speaker::{PeerView, RouteCounts};

use super::capabilities;
use super::protocol::{Code, Lines};
use super::roster::{Kind, Protocol, Standing};
use super::times::Times;
use super::voice::Voice;
use crate::config::BirdDialect;

/// Prints protocols.
#[derive(Clone, Debug)]
pub(super) struct Printer {
    pub(super) voice: Voice,
    pub(super) times: Times,
    /// When the daemon started, and with it whatever is no peer.
    pub(super) started: SystemTime,
}

impl Printer {
    /// The names of the columns.
    pub(super) fn heading(&self, lines: &mut Lines) {
        let columns = match self.voice.dialect {
            BirdDialect::One => "name     proto    table    state  since       info",
            BirdDialect::Two => "Name       Proto      Table      State  Since         Info",
        };
        lines.put(Code::PROTOCOL_HEADING, format_args!("{columns}"));
    }

    /// The line of a protocol.
    pub(super) fn row(&self, protocol: &Protocol, lines: &mut Lines) {
        let Protocol { name, .. } = protocol;
        let (kind, table) = (protocol.kind(), self.table(protocol));
        let (state, since, info) = match protocol.peer() {
            None => ("up", self.started, String::new()),
            Some(peer) => {
                let Standing { state, session, error } = Standing::of(peer);
                let info = format!("{session:<14}{}", error.unwrap_or_default());
                (state, self.times.wall(peer.since), info)
            }
        };
        let since = self.times.protocol(since);
        let row = match self.voice.dialect {
            BirdDialect::One => {
                format!("{name:<8} {kind:<8} {table:<8} {state:<5}  {since:<10}  {info}")
            }
            BirdDialect::Two => {
                format!("{name:<10} {kind:<10} {table:<10} {state:<6} {since:<12}  {info}")
            }
        };
        lines.put(Code::PROTOCOL, format_args!("{row}"));
    }

    fn table(&self, protocol: &Protocol) -> &'static str {
        match (self.voice.dialect, &protocol.kind) {
            (BirdDialect::One, _) => self.voice.table(Family::IPV4),
            (BirdDialect::Two, Kind::Local(_, counts)) if let [(family, _)] = counts[..] => {
                self.voice.table(family)
            }
            (BirdDialect::Two, _) => "---",
        }
    }

    /// The line of a protocol and all there is to say about it.
    pub(super) fn full(&self, protocol: &Protocol, lines: &mut Lines) {
        self.row(protocol, lines);
        match self.voice.dialect {
            BirdDialect::One => self.full_one(protocol, lines),
            BirdDialect::Two => self.full_two(protocol, lines),
        }
        detail(lines, "");
    }

    /// 1.6: routes first, then the session.
    fn full_one(&self, protocol: &Protocol, lines: &mut Lines) {
        match &protocol.kind {
            Kind::Device => detail(lines, "  Preference:     240"),
            Kind::Local(source, counts) => {
                channel(lines, "  ", &Channel::local(*source, counts.iter().map(|(_, count)| count).sum()));
            }
            Kind::Bgp(peer) => {
                description(peer, lines);
                channel(lines, "  ", &self.whole(peer));
                self.session(peer, lines);
            }
        }
    }

    /// 2: the session first, then the routes of each family.
    fn full_two(&self, protocol: &Protocol, lines: &mut Lines) {
        match &protocol.kind {
            Kind::Device => {}
            Kind::Local(source, counts) => {
                for (family, count) in counts {
                    self.channel_of(*family, "UP", &Channel::local(*source, *count), lines);
                }
            }
            Kind::Bgp(peer) => {
                description(peer, lines);
                self.session(peer, lines);
                let state = if Standing::of(peer).state == "up" { "UP" } else { "DOWN" };
                for (family, counts) in &peer.routes {
                    self.channel_of(*family, state, &Channel::bgp(peer, *counts), lines);
                }
            }
        }
    }

    fn channel_of(&self, family: Family, state: &str, it: &Channel, lines: &mut Lines) {
        detail(lines, format_args!("  Channel {family}"));
        detail(lines, format_args!("    State:          {state}"));
        detail(lines, format_args!("    Table:          {}", self.voice.table(family)));
        channel(lines, "    ", it);
    }

    /// All families of a session as one.
    fn whole(&self, peer: &PeerView) -> Channel {
        let mut sum = RouteCounts::default();
        for (_, counts) in peer.routes.iter().filter(|(family, _)| self.voice.has(*family)) {
            sum.received += counts.received;
            sum.accepted += counts.accepted;
            sum.advertised += counts.advertised;
        }
        Channel::bgp(peer, sum)
    }

    fn session(&self, peer: &PeerView, lines: &mut Lines) {
        let standing = Standing::of(peer);
        detail(lines, format_args!("  BGP state:          {}", standing.session));
        detail(lines, format_args!("    Neighbor address: {}", peer.address));
        let asn = peer.asn.map_or_else(|| "any".to_owned(), |asn| asn.0.to_string());
        detail(lines, format_args!("    Neighbor AS:      {asn}"));
        if self.voice.dialect == BirdDialect::Two {
            detail(lines, format_args!("    Local AS:         {}", peer.local_asn.0));
        }
        if let Some(negotiated) = &peer.negotiated {
            detail(lines, format_args!("    Neighbor ID:      {}", negotiated.router_id));
            match self.voice.dialect {
                BirdDialect::One => capabilities::in_one_line(&negotiated.open, lines),
                BirdDialect::Two => capabilities::in_a_tree(&negotiated.open, lines),
            }
            detail(lines, format_args!("    Session:          {}", capabilities::session(peer, negotiated)));
            if let Some(local) = peer.local {
                detail(lines, format_args!("    Source address:   {local}"));
            }
            detail(lines, format_args!("    Hold timer:       {}", negotiated.hold_time));
        }
        if let Some(error) = standing.error {
            detail(lines, format_args!("    Last error:       {error}"));
        }
    }
}

/// A line of the details. The address of a peer and the state of its session never come first, where a reader of
/// 1.6 would take the code for a part of them.
pub(super) fn detail(lines: &mut Lines, text: impl Display) {
    lines.put(Code::PROTOCOL_DETAIL, format_args!("{text}"));
}

fn description(peer: &PeerView, lines: &mut Lines) {
    if !peer.description.is_empty() {
        detail(lines, format_args!("  Description:    {}", peer.description));
    }
}

/// What a protocol exchanges with a table.
struct Channel {
    preference: u16,
    input: String,
    output: String,
    /// `None` where no session is up.
    counts: Option<RouteCounts>,
}

impl Channel {
    fn local(source: LocalSource, count: u64) -> Self {
        let output = if source == LocalSource::Kernel { ACCEPT } else { REJECT };
        Self {
            preference: source.preference(),
            input: ACCEPT.to_owned(),
            output: output.to_owned(),
            counts: Some(RouteCounts { received: count, accepted: count, advertised: 0 }),
        }
    }

    fn bgp(peer: &PeerView, counts: RouteCounts) -> Self {
        let is_internal = peer.asn == Some(peer.local_asn);
        Self {
            preference: Source::BGP_PREFERENCE,
            input: filter(peer.import.as_deref(), is_internal),
            output: filter(peer.export.as_deref(), is_internal),
            counts: peer.negotiated.is_some().then_some(counts),
        }
    }
}

const ACCEPT: &str = "ACCEPT";
const REJECT: &str = "REJECT";

/// Policies as the one filter that BIRD would have. Without any, internal peers are trusted and others are not
/// ([RFC 8212](https://www.rfc-editor.org/rfc/rfc8212)).
fn filter(policies: Option<&[Arc<str>]>, is_internal: bool) -> String {
    let Some(policies) = policies else {
        return if is_internal { ACCEPT } else { REJECT }.to_owned();
    };
    let word = |name: &Arc<str>| match &**name {
        "accept-all" => ACCEPT.to_owned(),
        "reject-all" => REJECT.to_owned(),
        name => name.to_owned(),
    };
    policies.iter().map(word).collect::<Vec<_>>().join(",")
}

fn channel(lines: &mut Lines, indent: &str, it: &Channel) {
    let mut say = |text: &str| detail(lines, format_args!("{indent}{text}"));
    say(&format!("Preference:     {}", it.preference));
    say(&format!("Input filter:   {}", it.input));
    say(&format!("Output filter:  {}", it.output));
    let Some(RouteCounts { received, accepted, advertised }) = it.counts else { return };
    let filtered = received.saturating_sub(accepted);
    say(&format!("Routes:         {accepted} imported, {filtered} filtered, {advertised} exported"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_a_filter() {
        assert_eq!(filter(None, true), "ACCEPT");
        assert_eq!(filter(None, false), "REJECT");
        assert_eq!(filter(Some(&["to-tor".into(), "reject-all".into()]), false), "to-tor,REJECT");
    }
}
