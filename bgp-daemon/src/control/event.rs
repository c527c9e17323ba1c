//! What happened in the shapes of the control protocol.

use std::sync::Arc;

use bgp_core::rib::{Interned, LocalSource};
use bgp_core::speaker::{Author, PathSource, ShiftView};

use super::picture::{Painter, words};
use crate::api::{self, BestPath, EventId, Notice, Side};
use crate::chronicle::{Entry, Fact, Item};

/// The version of an event's form.
const VERSION: u32 = 1;

/// Paints what happened in the life of one daemon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chronicler {
    pub(super) painter: Painter,
    /// When the daemon started, in milliseconds since 1970.
    pub(super) run: u64,
}

impl Chronicler {
    /// Something that happened.
    pub(super) fn event(self, item: &Item) -> api::Event {
        match item {
            Item::Entry(entry) => self.entry(entry),
            Item::Shift(shift) => self.shift(shift),
        }
    }

    /// Says that some of what followed `seq` is not there to be told, up to `lost_until` if that is known.
    pub(super) fn gap(self, seq: u64, lost_until: Option<u64>, reason: &str) -> api::Event {
        api::Event {
            v: VERSION,
            seq,
            time: self.painter.precisely(self.painter.now),
            event: "gap".into(),
            reason: reason.to_owned(),
            lost_until,
            ..api::Event::default()
        }
    }

    /// Where somebody has read up to.
    pub(super) fn id(self, seq: u64) -> EventId {
        EventId { run: Some(self.run), seq }
    }

    fn entry(self, entry: &Entry) -> api::Event {
        let mut event = api::Event {
            v: VERSION,
            seq: entry.number,
            id: self.id(entry.number).to_string(),
            time: self.painter.precisely(entry.at),
            event: entry.event().into(),
            peer: entry.peer.as_deref().map(str::to_owned),
            reason: entry.reason.clone(),
            ..api::Event::default()
        };
        self.detail(&entry.fact, &mut event);
        event
    }

    /// What belongs to one kind of event.
    fn detail(self, fact: &Fact, event: &mut api::Event) {
        match fact {
            Fact::State { from, to } => {
                event.from = Some(Side::State((*from).into()));
                event.to = Some(Side::State((*to).into()));
            }
            Fact::Up { families, hold_time } => {
                event.families = families.iter().map(ToString::to_string).collect();
                event.hold_time = Some(*hold_time);
            }
            Fact::Down { author, notification, .. } => {
                event.closed_by = Some(author_word(*author).into());
                event.notification = notification.map(|(code, subcode)| Notice { code, subcode });
            }
            Fact::Kept { family, until, long_lived } => {
                event.family = Some(family.to_string());
                event.until = Some(self.painter.wall(*until));
                event.reason =
                    if *long_lived { "long-lived stale" } else { "kept for graceful restart" }.into();
            }
            Fact::Swept(family) | Fact::Thawed(family) | Fact::EndOfRib(family) => {
                event.family = Some(family.to_string());
            }
            Fact::Headless(until) => event.until = Some(self.painter.wall(*until)),
            Fact::Limit { family, count, maximum } => {
                event.family = Some(family.to_string());
                event.count = Some((*count).into());
                event.maximum = Some(*maximum);
            }
            Fact::Fault(times) => event.count = Some(*times),
            Fact::Stranger { remote, times } => {
                event.count = Some(*times);
                event.reason = format!("{remote}: {}", event.reason);
            }
            Fact::Asked(action) => event.reason = (*action).to_owned(),
            Fact::Config { generation, .. } => event.generation = Some(*generation),
            Fact::Kernel { routes, examples, .. } => {
                event.count = Some(*routes as u64);
                event.prefixes = examples.iter().map(ToString::to_string).collect();
            }
            Fact::Flaw { .. } | Fact::Drain(_) => {}
        }
    }

    fn shift(self, shift: &ShiftView) -> api::Event {
        let event = match (&shift.before, &shift.after) {
            (None, _) => "route.found",
            (Some(_), Some(_)) => "route.changed",
            (Some(_), None) => "route.lost",
        };
        api::Event {
            v: VERSION,
            seq: shift.number,
            id: self.id(shift.number).to_string(),
            time: self.painter.precisely(shift.at),
            event: event.into(),
            prefix: Some(shift.prefix.to_string()),
            reason: shift.why.to_string(),
            from: shift.before.as_ref().map(path),
            to: shift.after.as_ref().map(path),
            ..api::Event::default()
        }
    }
}

const fn author_word(author: Author) -> &'static str {
    match author {
        Author::Us => "us",
        Author::Peer => "peer",
        Author::Nobody => "nobody",
    }
}

fn path((source, route): &(PathSource, Arc<Interned>)) -> Side {
    let (source, peer) = match source {
        PathSource::Peer(name) => ("bgp", Some(name.to_string())),
        PathSource::Local(LocalSource::Direct) => ("direct", None),
        PathSource::Local(LocalSource::Static) => ("static", None),
        PathSource::Local(LocalSource::Kernel) => ("kernel", None),
    };
    Side::Path(BestPath { source: source.into(), peer, route: words(&route.route()) })
}
