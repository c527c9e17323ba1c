//! `show protocols`: who there is, and how they are.

use std::fmt::Display;
use std::time::SystemTime;

use bgp_core::speaker::{PeerView, RouteCounts};
use bgp_core::{Deadline, Family, Instant, Timer};

use super::capabilities;
use super::channel::Channel;
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
                let standing = Standing::of(peer);
                (standing.state, self.times.wall(peer.since), standing.words())
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
                Channel::local(*source, self.sum(counts)).print("  ", lines);
            }
            Kind::Bgp(peer) => {
                description(peer, lines);
                Channel::bgp(peer, self.sum(&peer.routes)).print("  ", lines);
                self.session(peer, lines);
            }
        }
    }

    /// 2: the session first, then the routes of each family.
    fn full_two(&self, protocol: &Protocol, lines: &mut Lines) {
        match &protocol.kind {
            Kind::Device => {}
            Kind::Local(source, counts) => {
                for (family, counts) in counts {
                    self.channel_of(*family, "UP", &Channel::local(*source, *counts), lines);
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
        it.print("    ", lines);
    }

    /// All families as one.
    fn sum(&self, routes: &[(Family, RouteCounts)]) -> RouteCounts {
        let mut sum = RouteCounts::default();
        routes.iter().filter(|(family, _)| self.voice.has(*family)).for_each(|(_, counts)| sum += *counts);
        sum
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
        self.waits(peer, lines);
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
            let hold_time = u64::from(negotiated.hold_time);
            self.timer("Hold timer:", until(peer, Timer::Hold), hold_time, lines);
            self.timer("Keepalive timer:", until(peer, Timer::Keepalive), hold_time / 3, lines);
        }
        if let Some(error) = standing.error {
            detail(lines, format_args!("    Last error:       {error}"));
        }
    }

    /// What a peer without a session waits for.
    fn waits(&self, peer: &PeerView, lines: &mut Lines) {
        for Deadline { at, timer } in &peer.timers {
            let what = match timer {
                Timer::IdleHold | Timer::PrefixLimit => "Error wait:",
                Timer::ConnectRetry => "Connect delay:",
                _ => continue,
            };
            let total = at.since(peer.since).as_secs_f64().round() as u64;
            self.timer(what, Some(*at), total, lines);
        }
    }

    /// How long a timer runs yet, and how long in all: seconds. One that does not run has no time left.
    fn timer(&self, what: &str, until: Option<Instant>, total: u64, lines: &mut Lines) {
        let left = self.times.left(until);
        detail(lines, format_args!("    {what:<18}{left}/{total}"));
    }
}

/// Until when a timer runs, if it does.
fn until(peer: &PeerView, timer: Timer) -> Option<Instant> {
    peer.timers.iter().find(|running| running.timer == timer).map(|running| running.at)
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
