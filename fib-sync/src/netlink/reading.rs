//! A reading of the whole view: five lists, one after the other, because a socket makes one list at a time.

use rtnetlink::packet_core::NLM_F_DUMP_INTR;

use super::alike::Alike;
use super::answer::Answer;
use super::encode::List;
use super::route::route;
use crate::Seen;

/// A reading under way.
#[derive(Debug)]
pub(super) struct Reading {
    list: List,
    sequence: u32,
    interrupted: bool,
    last: Alike,
}

/// What comes after an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Ask for this list.
    Ask(List),
    /// The reading ended.
    Ended(Seen),
}

impl Reading {
    /// The first list, asked for under this number.
    pub(super) fn start(sequence: u32) -> Self {
        Self { list: FIRST, sequence, interrupted: false, last: Alike::default() }
    }

    /// Whether a message belongs to the list under way.
    pub(super) const fn is_mine(&self, sequence: u32) -> bool {
        self.sequence == sequence
    }

    /// Any message of a list may say that the table changed meanwhile.
    pub(super) const fn note(&mut self, flags: u16) {
        self.interrupted |= flags & NLM_F_DUMP_INTR != 0;
    }

    /// What the message of a route says.
    pub(super) fn listed(&mut self, payload: &[u8], table: u32) -> Option<Seen> {
        if let Some(prefix) = self.last.prefix(payload) {
            return Some(Seen::ListedAlike(prefix));
        }
        let route = route(payload, table)?;
        self.last.remember(payload);
        Some(Seen::Listed(route))
    }

    /// The list under way ended.
    ///
    /// A table that never held a route answers that it does not exist: it is empty. A kernel without IPv6 has no
    /// IPv6 table either, and one before Linux 5.3 no next-hop objects.
    pub(super) fn answered(&self, answer: &Answer) -> Next {
        let may_lack = matches!(self.list, List::Objects | List::Ipv4Routes | List::Ipv6Routes);
        let absent = may_lack && ABSENT.contains(&answer.errno);
        if answer.errno != 0 && !absent {
            tracing::warn!(list = ?self.list, errno = answer.errno, text = answer.text, "cannot read");
            return Next::Ended(Seen::Failed);
        }
        match self.list {
            List::Links => Next::Ask(List::Addresses),
            List::Addresses => Next::Ask(List::Objects),
            List::Objects => Next::Ask(List::Ipv4Routes),
            List::Ipv4Routes => Next::Ask(List::Ipv6Routes),
            List::Ipv6Routes if self.interrupted => Next::Ended(Seen::Interrupted),
            List::Ipv6Routes => Next::Ended(Seen::Complete),
        }
    }

    /// The next list is asked for under this number.
    pub(super) const fn asked(&mut self, list: List, sequence: u32) {
        self.list = list;
        self.sequence = sequence;
    }
}

/// Interfaces first: routes name them by index, and objects by number.
pub(super) const FIRST: List = List::Links;
const ABSENT: [i32; 3] = [nix::libc::ENOENT, nix::libc::EAFNOSUPPORT, nix::libc::EOPNOTSUPP];

#[cfg(test)]
mod tests {
    use super::*;

    /// A reading to its end, where one message of the list of this number says so.
    fn read(interrupted: Option<u32>) -> Seen {
        let mut reading = Reading::start(0);
        for sequence in 1.. {
            let is_interrupted = interrupted == Some(sequence - 1);
            reading.note(if is_interrupted { NLM_F_DUMP_INTR } else { 0 });
            reading.note(0);
            match reading.answered(&Answer::default()) {
                Next::Ask(list) => reading.asked(list, sequence),
                Next::Ended(seen) => return seen,
            }
        }
        Seen::Failed
    }

    #[test]
    fn a_reading_of_which_any_list_was_interrupted_is_interrupted() {
        assert_eq!(read(None), Seen::Complete);
        for list in 0..5 {
            assert_eq!(read(Some(list)), Seen::Interrupted, "list {list}");
        }
    }
}
