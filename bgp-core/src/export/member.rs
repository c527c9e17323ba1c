//! A member of a group: how far one session has heard what the group says.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::export::ExportTally;
use crate::export::arrears::Arrears;
use crate::export::dirty::Ticket;
use crate::export::journal::{Portion, Position};
use crate::export::refusals::Refusals;
use crate::wire::Nlri;

/// Why a member is told everything, and how it learns that everything has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The session is new: End-of-RIB follows ([RFC 4724 §2](https://www.rfc-editor.org/rfc/rfc4724#section-2)).
    Join,
    /// The peer asked: between BoRR and EoRR, where it knows them
    /// ([RFC 7313 §4](https://www.rfc-editor.org/rfc/rfc7313#section-4)).
    Refresh,
    /// The session came from another group: nobody has to be told.
    Move,
}

/// A walk through Adj-RIB-Out. What changes meanwhile is heard from the journal, before each step, so
/// that nothing old is said after something new.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    pub(super) purpose: Purpose,
    /// The opening marker was sent.
    pub(super) begun: bool,
    /// The next part of the table.
    pub(super) part: usize,
    /// Where it ends: what was first said later is in the journal.
    pub(super) parts: usize,
    /// What was dirty at the start has to be told as well before the walk is over.
    pub(super) until: Ticket,
    /// The last step was one of this walk: the group's dirty nets are next, so that neither starves.
    pub(super) stepped: bool,
}

impl Walk {
    /// A walk through a table of so many parts.
    pub(super) fn new(purpose: Purpose, parts: usize, until: Ticket) -> Self {
        Self { purpose, begun: false, part: 0, parts, until, stepped: false }
    }
}

/// Whether a session may be told that it has been told everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// As soon as it has been.
    Free,
    /// Not yet.
    Held,
    /// Not yet, although it has been.
    Owed,
}

/// How far one session has heard what the group says.
#[derive(Debug)]
pub(super) struct Member {
    /// What was cut for it from a walk or its arrears, to be sent before anything else.
    pub(super) queue: VecDeque<Portion>,
    /// Where it reads the journal.
    pub(super) position: Position,
    pub(super) arrears: Arrears,
    /// What it may have been told in other groups: withdrawn at the end of its walk, unless it has been told again.
    pub(super) held: Vec<Arc<[Nlri]>>,
    pub(super) walk: Option<Walk>,
    /// Whether End-of-RIB may end its first walk.
    pub(super) closing: Closing,
    /// Another refresh was asked for during a walk.
    pub(super) refresh: bool,
    /// It knows BoRR and EoRR.
    pub(super) enhanced_refresh: bool,
    /// What it was told, and what not: all but what its group has come to refuse since `found`.
    pub(super) tally: ExportTally,
    /// What its group had refused when it came.
    pub(super) found: ExportTally,
}

/// What a member needs next once it has heard everything the group has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// The group's next batch of dirty nets.
    Batch,
    /// Some of its arrears.
    Arrears,
    /// The next step of its walk.
    Step,
    /// A walk, to answer a refresh.
    Walk,
    /// Nothing.
    Nothing,
}

impl Member {
    /// A member that begins to listen at `position`.
    pub(super) fn new(position: Position, enhanced_refresh: bool) -> Self {
        Self {
            queue: VecDeque::new(),
            position,
            arrears: Arrears::default(),
            held: Vec::new(),
            walk: None,
            closing: Closing::Free,
            refresh: false,
            enhanced_refresh,
            tally: ExportTally::default(),
            found: ExportTally::default(),
        }
    }

    /// Whether there is something that the group has said, up to `end`, and it has not heard.
    pub(super) fn is_behind(&self, end: Position) -> bool {
        let is_told_all = self.walk.is_none_or(|walk| walk.part >= walk.parts);
        !(self.queue.is_empty() && self.position >= end && self.arrears.is_empty() && is_told_all)
    }

    /// It is to be told everything by a group that has these `refusals`.
    pub(super) fn look_at_all(&mut self, refusals: &Refusals) {
        self.tally += refusals.standing();
    }

    /// It begins to be told by a group what that looks at from now on.
    pub(super) fn enter(&mut self, refusals: &Refusals) {
        self.found = refusals.found();
        self.look_at_all(refusals);
    }

    /// What it was told and what not, in a group that has these `refusals`.
    pub(super) fn tally(&self, refusals: &Refusals) -> ExportTally {
        let mut tally = self.tally;
        tally += refusals.found() - self.found;
        tally
    }

    /// End-of-RIB may be said, once all that waits before `until` has been.
    pub(super) fn conclude(&mut self, until: Ticket) {
        let closing = std::mem::replace(&mut self.closing, Closing::Free);
        match (closing, self.walk.as_mut()) {
            // It has come from another group meanwhile, and is being told what differs.
            (Closing::Owed, Some(walk)) => (walk.purpose, walk.until) = (Purpose::Join, until),
            (Closing::Owed, None) => {
                self.walk = Some(Walk { begun: true, ..Walk::new(Purpose::Join, 0, until) });
            }
            (Closing::Held, Some(walk)) => walk.until = until,
            (Closing::Held, None) | (Closing::Free, _) => {}
        }
    }

    /// What it needs next; `dirty` where the group has nets to look at.
    pub(super) fn need(&self, dirty: bool) -> Need {
        // The last word on what is owed has to be found before it is said: where the group is new, nothing
        // has been looked at yet, and everything would be withdrawn.
        let busy_elsewhere = self.arrears.is_empty() && self.walk.is_some_and(|walk| !walk.stepped);
        if dirty && !busy_elsewhere {
            Need::Batch
        } else if !self.arrears.is_empty() {
            Need::Arrears
        } else if self.walk.is_some() {
            Need::Step
        } else if self.refresh && self.closing != Closing::Owed {
            // BoRR does not come before End-of-RIB (RFC 7313 §4).
            Need::Walk
        } else {
            Need::Nothing
        }
    }
}
