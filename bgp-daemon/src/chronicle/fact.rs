//! A fact: what happened, as the speaker or the rest of the daemon tells of it.

use std::net::SocketAddr;
use std::sync::Arc;

use bgp_core::speaker::{Author, Event};
use bgp_core::{Family, Instant};
use ipnet::IpNet;

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

impl Fact {
    /// The name of what happened, as the log has it where it has a line.
    pub(super) const fn event(&self) -> &'static str {
        match self {
            Self::State { .. } => "peer.state",
            Self::Up { .. } => "session.up",
            Self::Down { established: true, .. } => "session.down",
            Self::Down { established: false, .. } => "session.failed",
            Self::Kept { .. } => "restart.began",
            Self::Swept(_) => "restart.over",
            Self::Headless(_) => "route.headless",
            Self::Thawed(_) => "route.thawed",
            Self::EndOfRib(_) => "route.end_of_rib",
            Self::Limit { .. } => "route.limit",
            Self::Fault(_) => "update.fault",
            Self::Stranger { .. } => "connection.refused",
            Self::Flaw { is_over: false } => "topology.flaw",
            Self::Flaw { is_over: true } => "topology.mended",
            Self::Asked(_) => "peer.asked",
            Self::Config { step, .. } => step.event(),
            Self::Drain(Drain::Began) => "drain.began",
            Self::Drain(Drain::Undone) => "drain.undone",
            Self::Drain(Drain::Told) => "drain.told",
            Self::Kernel { event, .. } => event,
        }
    }

    /// Whether it is one of many steps on the way to a session, which a peer that is down takes again and again.
    pub(super) const fn is_step(&self) -> bool {
        matches!(self, Self::State { .. } | Self::Down { established: false, .. })
    }

    /// The prefixes that it names.
    pub(super) fn prefixes(&self) -> &[IpNet] {
        if let Self::Kernel { examples, .. } = self { examples } else { &[] }
    }

    /// What it takes of memory beside itself.
    pub(super) fn octets(&self) -> usize {
        let families = if let Self::Up { families, .. } = self { &**families } else { &[] };
        size_of_val(families) + size_of_val(self.prefixes())
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
pub(super) fn read(event: &Event, times: u64) -> Option<(Option<&Arc<str>>, Fact, String)> {
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
