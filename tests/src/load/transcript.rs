//! A transcript: what listeners heard who are told the same. The first of them reads it; whoever hears the same
//! octets holds what the first one held then. So a crowd costs a comparison, and not the reading of each message
//! once for each of its members.

use super::client::HEADER;
use super::ledger::{Ledger, Standing};
use super::mark::Passage;
use super::register::Register;
use super::update::Reading;

/// What listeners heard, as whole messages.
#[derive(Debug)]
pub struct Transcript {
    /// Of the listener that heard everything first.
    ledger: Ledger,
    /// Some session has begun, and the others are to be of its kind.
    begun: bool,
    octets: Vec<u8>,
    lines: Vec<Line>,
}

/// A message.
#[derive(Debug)]
struct Line {
    /// Where it ends.
    end: usize,
    /// Where it leaves whoever hears it.
    standing: Standing,
}

impl Transcript {
    /// Nothing was heard yet; of `count` prefixes there are.
    #[must_use]
    pub fn new(passage: Passage, count: usize) -> Self {
        let ledger = Ledger::new(passage, count, 0..0);
        Self { ledger, begun: false, octets: Vec::new(), lines: Vec::new() }
    }

    /// A session begins. Whether it has path identifiers, or has none, as the first one did.
    pub(super) fn begin(&mut self, path_ids: bool) -> bool {
        if !self.begun {
            self.begun = true;
            self.ledger.begin(path_ids);
        }
        self.reading().path_ids == path_ids
    }

    /// How messages are read.
    pub(super) const fn reading(&self) -> Reading {
        self.ledger.reading()
    }

    /// A ledger for somebody who has heard nothing yet.
    pub(super) fn blank(&self) -> Ledger {
        self.ledger.blank()
    }

    /// How many messages there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Where the first `lines` messages leave whoever hears them.
    pub(super) fn standing(&self, lines: usize) -> Standing {
        lines.checked_sub(1).map_or_else(Standing::default, |last| self.lines[last].standing)
    }

    /// With how many messages, and octets, `octets` goes on as this does after the first `lines`.
    pub(super) fn agrees(&self, lines: usize, octets: &[u8]) -> (usize, usize) {
        let start = self.end(lines);
        let end = start + common(&self.octets[start..], octets);
        let more = self.lines[lines..].partition_point(|line| line.end <= end);
        (more, self.end(lines + more) - start)
    }

    /// One more message is heard, by somebody who has heard all the others; `None` where it makes no sense.
    pub(super) fn append(&mut self, message: &[u8], register: &Register) -> Option<()> {
        self.ledger.take(message.get(HEADER..)?, register)?;
        self.octets.extend_from_slice(message);
        self.lines.push(Line { end: self.octets.len(), standing: self.ledger.standing() });
        Some(())
    }

    /// The ledger of somebody who has heard the first `lines` messages.
    pub(super) fn ledger(&self, lines: usize, register: &Register) -> Option<Ledger> {
        let mut ledger = self.ledger.blank();
        for line in 0..lines {
            ledger.take(self.octets.get(self.end(line) + HEADER..self.end(line + 1))?, register)?;
        }
        Some(ledger)
    }

    /// Where the first `lines` messages end.
    fn end(&self, lines: usize) -> usize {
        lines.checked_sub(1).map_or(0, |last| self.lines[last].end)
    }
}

/// How many octets both begin with.
fn common(some: &[u8], others: &[u8]) -> usize {
    // Octet by octet would take longer than to read the messages.
    let blocks = some.chunks(BLOCK).zip(others.chunks(BLOCK)).take_while(|(one, other)| one == other);
    let equal: usize = blocks.map(|(one, _)| one.len()).sum();
    let rest = some[equal..].iter().zip(&others[equal..]);
    equal + rest.take_while(|(one, other)| one == other).count()
}

/// Octets compared at a time.
const BLOCK: usize = 1024;
