//! Channels as monitoring sees them: what prometheus-bird-exporter makes of `show protocols all`, in dialect 2.

use std::time::{Duration, SystemTime};

use bgp_core::Family;
use bgp_core::speaker::PeerView;

use super::channel::{Channel, changes, routes};
use super::roster::{Census, Kind, Locals, Roster, Standing};
use super::voice::Voice;
use crate::clock::Clock;

/// A channel of a protocol; a protocol without any is one without a family.
#[derive(Clone, Debug)]
pub(crate) struct Monitored {
    /// What the protocol is called.
    pub(crate) name: String,
    /// What BIRD calls its kind.
    pub(crate) proto: &'static str,
    /// `4` or `6`; empty without a family.
    pub(crate) ip_version: &'static str,
    /// What routes from it have to pass.
    pub(crate) import_filter: String,
    /// What routes to it have to pass.
    pub(crate) export_filter: String,
    /// The state of a session and why there is none; the first channel of a protocol alone has it.
    pub(crate) state: String,
    /// Whether the protocol is up.
    pub(crate) is_up: bool,
    /// How long it is in its state.
    pub(crate) uptime: Duration,
    /// Routes that are imported, filtered, exported and preferred.
    pub(crate) routes: [u64; 4],
    /// Updates and withdrawals in import, then in export: received, rejected, filtered, ignored, accepted.
    pub(crate) changes: [[u64; 5]; 4],
}

/// What there is to know of a moment besides peers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    /// The speaker's time on the wall.
    pub(crate) clock: Clock,
    /// When the daemon started, and with it whatever is no peer.
    pub(crate) started: SystemTime,
    /// Routes of this machine's own.
    pub(crate) locals: &'a Locals,
    /// Whether the kernel's table is programmed.
    pub(crate) is_kernel: bool,
}

impl Monitored {
    /// Every channel there is.
    pub(crate) fn all(peers: &[PeerView], moment: Moment<'_>) -> Vec<Self> {
        let census = Census { peers: peers.to_vec(), locals: moment.locals.clone() };
        let roster = Roster::new(census, moment.is_kernel, Voice::PLAIN);
        let mut all = Vec::new();
        for protocol in &roster.protocols {
            let base = Self::without_family(&protocol.name, protocol.kind());
            match &protocol.kind {
                Kind::Device => {}
                Kind::Local(source, counts) => {
                    let base = Self { is_up: true, uptime: age(moment.started), ..base };
                    let channels = counts.iter().map(|(family, it)| (*family, Channel::local(*source, *it)));
                    all.extend(base.of_each(channels));
                }
                Kind::Bgp(peer) => {
                    let standing = Standing::of(peer);
                    let (is_up, state) = (standing.state == "up", standing.words().trim_end().to_owned());
                    let uptime = age(moment.clock.wall(peer.since).0);
                    let channels = peer.routes.iter().map(|(family, it)| (*family, Channel::bgp(peer, *it)));
                    all.extend(Self { is_up, state, uptime, ..base }.of_each(channels));
                }
            }
        }
        all
    }

    fn without_family(name: &str, proto: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            proto,
            ip_version: "",
            import_filter: String::new(),
            export_filter: String::new(),
            state: String::new(),
            is_up: false,
            uptime: Duration::ZERO,
            routes: [0; 4],
            changes: [[0; 5]; 4],
        }
    }

    /// The protocol with each of its channels.
    fn of_each(self, channels: impl Iterator<Item = (Family, Channel)>) -> Vec<Self> {
        let mut all: Vec<Self> = channels.map(|(family, channel)| self.with(family, channel)).collect();
        if all.is_empty() {
            return vec![self];
        }
        all.iter_mut().skip(1).for_each(|other| other.state.clear());
        all
    }

    fn with(&self, family: Family, Channel { input, output, counts, .. }: Channel) -> Self {
        let counts = counts.unwrap_or_default();
        Self {
            ip_version: if family == Family::IPV6 { "6" } else { "4" },
            import_filter: input,
            export_filter: output,
            routes: routes(&counts).map(|(_, count)| count),
            changes: changes(&counts).map(|(_, cells)| cells.map(Option::unwrap_or_default)),
            ..self.clone()
        }
    }
}

/// How long ago it was; nothing where the host's clock was set back.
fn age(since: SystemTime) -> Duration {
    since.elapsed().unwrap_or_default()
}
