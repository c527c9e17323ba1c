//! An entry: one thing that happened, with its number and its time.

use std::net::SocketAddr;
use std::sync::Arc;

use bgp_core::speaker::{Author, Event};
use bgp_core::{Family, Instant};
use ipnet::IpNet;

use super::ring::Kept;

/// Most characters of a reason; a shutdown communication has 255 octets at most.
const TEXT: usize = 512;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place among all that happened, changes of best paths included.
    pub number: u64,
    /// When.
    pub at: Instant,
    /// Whom it is about.
    pub peer: Option<Arc<str>>,
    /// What.
    pub fact: Fact,
    /// Why, or more about it, in words; text of a peer is in it, escaped.
    pub reason: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A peer's state changed.
    State {
        /// The RFC's name of the old state.
        from: &'static str,
        /// The RFC's name of the new state.
        to: &'static str,
    },
    /// A session is Established.
    Up {
        /// Families in use.
        families: Vec<Family>,
        /// Hold time in use, seconds.
        hold_time: u16,
    },
    /// A session ended, or a connection before it was one.
    Down {
        /// It had been Established.
        established: bool,
        /// Who ended it.
        author: Author,
        /// Code and subcode of the NOTIFICATION that its author sent.
        notification: Option<(u8, u8)>,
    },
    /// Routes are kept until their peer is back.
    Kept {
        /// Of which family.
        family: Family,
        /// Until when at the latest.
        until: Instant,
        /// They are long-lived stale.
        long_lived: bool,
    },
    /// What was kept and not told again is gone.
    Swept(Family),
    /// The last of its kind is gone, and its routes are kept.
    Headless(Instant),
    /// Somebody of its kind is back.
    Thawed(Family),
    /// The initial routes of a family are complete.
    EndOfRib(Family),
    /// A prefix limit was passed.
    Limit {
        /// Of which family.
        family: Family,
        /// How many there are.
        count: u32,
        /// How many there may be.
        maximum: u32,
    },
    /// An error in an UPDATE was tolerated, so often since it was last told.
    Fault(u64),
    /// A connection was refused before it became a session, so often since it was last told.
    Stranger {
        /// Their end.
        remote: SocketAddr,
        /// How often.
        times: u64,
    },
    /// Something is wrong between reflectors, or is no longer.
    Flaw {
        /// It was.
        is_over: bool,
    },
    /// An operator acted on a peer.
    Asked(&'static str),
    /// Something about the daemon's configuration.
    Config {
        /// What became of it.
        step: Step,
        /// The generation in force since.
        generation: u64,
    },
    /// The daemon is about to leave, or is not any more.
    Drain(Drain),
    /// Something about the kernel's table.
    Kernel {
        /// What, as the log names it.
        event: &'static str,
        /// How many routes it is about.
        routes: usize,
        /// Some of their prefixes.
        examples: Vec<IpNet>,
    },
}

/// What becomes of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is in force.
    Applied,
    /// It is in force until somebody confirms it, or time is up.
    Trial,
    /// It stays.
    Confirmed,
    /// What was before it is in force again.
    Undone,
    /// It was not put in force.
    Rejected,
    /// Nobody confirmed it in time.
    Expired,
}

/// How far the daemon is from leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drain {
    /// It has begun to.
    Began,
    /// It stays.
    Undone,
    /// Every peer has been told.
    Told,
}

/// Something that happens outside of the speaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whom it is about.
    pub peer: Option<Arc<str>>,
    /// What.
    pub fact: Fact,
    /// Why, or more about it.
    pub reason: String,
}

impl Note {
    /// Something about no peer.
    pub(crate) fn new(fact: Fact, reason: impl Into<String>) -> Self {
        Self { peer: None, fact, reason: reason.into() }
    }
}

impl Entry {
    /// What was noted, as `number` in the order of things.
    pub(crate) fn noted(number: u64, at: Instant, Note { peer, fact, mut reason }: Note) -> Self {
        if let Some((end, _)) = reason.char_indices().nth(TEXT) {
            reason.truncate(end);
            reason.push('\u{2026}');
        }
        reason.shrink_to_fit();
        Self { number, at, peer, fact, reason }
    }

    /// What an event of the speaker is as an entry, where it stands for `times` of its kind; `None` where it is told
    /// otherwise.
    pub(crate) fn of(number: u64, at: Instant, event: &Event, times: u64) -> Option<Self> {
        let (peer, fact, reason) = read(event, times)?;
        Some(Self::noted(number, at, Note { peer: peer.cloned(), fact, reason }))
    }

    /// The name of what happened, as the log has it where it has a line.
    #[must_use]
    pub const fn event(&self) -> &'static str {
        match &self.fact {
            Fact::State { .. } => "peer.state",
            Fact::Up { .. } => "session.up",
            Fact::Down { established: true, .. } => "session.down",
            Fact::Down { established: false, .. } => "session.failed",
            Fact::Kept { .. } => "restart.began",
            Fact::Swept(_) => "restart.over",
            Fact::Headless(_) => "route.headless",
            Fact::Thawed(_) => "route.thawed",
            Fact::EndOfRib(_) => "route.end_of_rib",
            Fact::Limit { .. } => "route.limit",
            Fact::Fault(_) => "update.fault",
            Fact::Stranger { .. } => "connection.refused",
            Fact::Flaw { is_over: false } => "topology.flaw",
            Fact::Flaw { is_over: true } => "topology.mended",
            Fact::Asked(_) => "peer.asked",
            Fact::Config { step, .. } => step.event(),
            Fact::Drain(Drain::Began) => "drain.began",
            Fact::Drain(Drain::Undone) => "drain.undone",
            Fact::Drain(Drain::Told) => "drain.told",
            Fact::Kernel { event, .. } => event,
        }
    }

    /// Whether it is one of many steps on the way to a session, which a peer that is down takes again and again.
    pub(super) const fn is_step(&self) -> bool {
        matches!(self.fact, Fact::State { .. } | Fact::Down { established: false, .. })
    }
}

impl Step {
    const fn event(self) -> &'static str {
        match self {
            Self::Applied => "config.reloaded",
            Self::Trial => "config.trial",
            Self::Confirmed => "config.confirmed",
            Self::Undone => "config.undone",
            Self::Rejected => "config.rejected",
            Self::Expired => "config.expired",
        }
    }
}

/// Whom an event is about, what it is, and why.
fn read(event: &Event, times: u64) -> Option<(Option<&Arc<str>>, Fact, String)> {
    let told = String::new;
    Some(match event {
        Event::State { peer, from, to, reason } => {
            (Some(peer), Fact::State { from, to }, reason.clone().unwrap_or_default())
        }
        Event::Established { peer, families, hold_time } => {
            (Some(peer), Fact::Up { families: families.clone(), hold_time: *hold_time }, told())
        }
        Event::Down { peer, reason, established, author, notification } => {
            let (established, author, notification) = (*established, *author, *notification);
            (Some(peer), Fact::Down { established, author, notification }, reason.clone())
        }
        Event::Kept { peer, family, until, long_lived } => {
            let (family, until, long_lived) = (*family, *until, *long_lived);
            (Some(peer), Fact::Kept { family, until, long_lived }, told())
        }
        Event::Swept { peer, family, reason } => (Some(peer), Fact::Swept(*family), (*reason).to_owned()),
        Event::Headless { peer, until } => (Some(peer), Fact::Headless(*until), told()),
        Event::Thawed { peer, family } => (Some(peer), Fact::Thawed(*family), told()),
        Event::EndOfRib { peer, family } => (Some(peer), Fact::EndOfRib(*family), told()),
        Event::PrefixLimit { peer, family, count, maximum } => {
            let (family, count, maximum) = (*family, *count, *maximum);
            (Some(peer), Fact::Limit { family, count, maximum }, told())
        }
        Event::Fault { peer, reason, treatment, .. } => {
            (Some(peer), Fact::Fault(times), format!("{reason}: {treatment}"))
        }
        Event::Refused { remote, reason } => {
            (None, Fact::Stranger { remote: *remote, times }, reason.clone())
        }
        Event::Flaw { flaw, is_over } => (None, Fact::Flaw { is_over: *is_over }, flaw.to_string()),
        // The daemon tells of it, with the generation.
        Event::Reconfigured { .. } => return None,
        _ => return None,
    })
}

impl Kept for Arc<Entry> {
    fn number(&self) -> u64 {
        self.number
    }

    fn octets(&self) -> usize {
        let lists = match &self.fact {
            Fact::Up { families, .. } => size_of_val(&**families),
            Fact::Kernel { examples, .. } => size_of_val(&**examples),
            _ => 0,
        };
        // The two counters of an `Arc`, and its place in a ring.
        size_of::<Entry>() + self.reason.len() + lists + 3 * size_of::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_and_stays_text() {
        let note = Note::new(Fact::Drain(Drain::Began), "\u{2019}<img onerror=x>".repeat(200));
        let entry = Entry::noted(1, Instant::ZERO, note);
        assert_eq!(entry.reason.chars().count(), TEXT + 1);
        assert!(entry.reason.ends_with('\u{2026}') && entry.reason.starts_with("\u{2019}<img"));
    }

    #[test]
    fn a_reason_counts_with_all_its_octets() {
        let octets = |reason: &str| {
            Arc::new(Entry::noted(1, Instant::ZERO, Note::new(Fact::Drain(Drain::Began), reason))).octets()
        };
        assert_eq!(octets("\u{fffd}".repeat(100).as_str()), octets("") + 300);
    }
}
