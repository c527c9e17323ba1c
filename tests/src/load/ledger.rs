//! What a listener holds: a mark for each route, and an order-free hash of all of them.

use std::collections::HashMap;
use std::ops::Range;

use super::mark::{Passage, mix};
use super::register::{Fast, Register};
use super::update::{Reading, Spoken, Tally};

/// A set of routes, small enough to compare at every turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// How many routes.
    pub count: u64,
    sum: u64,
}

impl Holding {
    /// Adds a route.
    pub const fn add(&mut self, number: u32, mark: u32) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(one(number, mark));
    }

    /// Takes a route away.
    pub const fn remove(&mut self, number: u32, mark: u32) {
        self.count -= 1;
        self.sum = self.sum.wrapping_sub(one(number, mark));
    }
}

const fn one(number: u32, mark: u32) -> u64 {
    mix(0, (number as u64) << 32 | mark as u64)
}

/// A listener's routes.
#[derive(Debug)]
pub(super) struct Ledger {
    reading: Reading,
    /// A mark for each number; 0 for no route.
    marks: Vec<u32>,
    /// Marks by number and path identifier, where paths have those.
    paths: HashMap<(u32, u32), u32, Fast>,
    /// Routes of the listener's own, which some daemons send back to it.
    own: Range<u32>,
    standing: Standing,
}

/// What a listener holds by now, and what came to it so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    pub(super) held: Holding,
    pub(super) tally: Tally,
}

impl Ledger {
    /// Holds nothing yet; of `count` prefixes there are.
    pub(super) fn new(passage: Passage, count: usize, own: Range<u32>) -> Self {
        let reading = Reading { passage, path_ids: false };
        Self { reading, marks: vec![0; count], paths: HashMap::default(), own, standing: Standing::default() }
    }

    /// Like this one, and nothing in it.
    pub(super) fn blank(&self) -> Self {
        let reading = self.reading;
        Self { reading, ..Self::new(reading.passage, self.marks.len(), self.own.clone()) }
    }

    /// Its session begins, with path identifiers or without.
    pub(super) const fn begin(&mut self, path_ids: bool) {
        self.reading.path_ids = path_ids;
    }

    pub(super) const fn reading(&self) -> Reading {
        self.reading
    }

    pub(super) const fn standing(&self) -> Standing {
        self.standing
    }

    /// Takes the body of an UPDATE; `None` where it makes no sense.
    pub(super) fn take(&mut self, body: &[u8], register: &Register) -> Option<()> {
        let Self { reading, marks, paths, own, standing: Standing { held, tally } } = self;
        reading.update(body, register, tally, |Spoken { number, path_id, mark }| {
            if mark != 0 && own.contains(&number) {
                return;
            }
            let before = match (reading.path_ids, mark) {
                (false, _) => marks.get_mut(number as usize).map(|place| std::mem::replace(place, mark)),
                (true, 0) => paths.remove(&(number, path_id)),
                (true, _) => paths.insert((number, path_id), mark),
            };
            if let Some(before) = before.filter(|before| *before != 0) {
                held.remove(number, before);
            }
            if mark != 0 {
                held.add(number, mark);
            }
        })
    }
}
