//! Adj-RIB-Out of a group: what it last said of each prefix. The only source of withdrawals and
//! refreshes; one copy, however many members.

use std::collections::BTreeMap;
use std::slice;
use std::sync::Arc;

use crate::export::audience::Audience;
use crate::rib::{Interned, NetId, SourceId};
use crate::speaker::PeerId;
use crate::wire::PathId;

/// One path as it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// 0 where the session carries one path per prefix.
    pub(super) path_id: PathId,
    pub(super) source: SourceId,
    /// Never `Only`.
    pub(super) audience: Audience,
    /// Shared with every other prefix that says the same.
    pub(super) route: Arc<Interned>,
}

/// What is said of one prefix: nearly always of one path, so that costs no allocation.
#[derive(Clone, Debug, Default)]
pub(super) enum Slot {
    #[default]
    Empty,
    One(Said),
    Several(Box<[Said]>),
}

/// What a group last said of each prefix.
#[derive(Debug, Default)]
pub(super) struct AdjRibOut {
    slots: Vec<Slot>,
    total: u64,
    /// Paths that a peer is not told because they are its own.
    own: BTreeMap<PeerId, u64>,
}

impl AdjRibOut {
    /// What was said of a prefix, in the order of path identifiers.
    pub(super) fn said(&self, net: NetId) -> &[Said] {
        self.at(net.index())
    }

    /// Remembers what is said now, in the order of path identifiers, taking it out of `now`; returns
    /// what was said before.
    pub(super) fn replace(&mut self, net: NetId, now: &mut Vec<Said>) -> Slot {
        let index = net.index();
        if index >= self.slots.len() {
            if now.is_empty() {
                return Slot::Empty;
            }
            self.slots.resize(index + 1, Slot::Empty);
        }
        now.iter().for_each(|said| self.count_in(said));
        let Some(slot) = self.slots.get_mut(index) else { return Slot::Empty };
        let before = std::mem::replace(slot, Slot::take_from(now));
        before.said().iter().for_each(|said| self.count_out(said));
        before
    }

    /// Every net, with what was said of it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (NetId, &[Said])> {
        (0..self.slots.len()).map(|index| (NetId::at(index), self.at(index)))
    }

    /// The nets of a part of the table, each with what was said of it.
    pub(super) fn part(&self, number: usize) -> impl Iterator<Item = (NetId, &[Said])> {
        let from = number * PART;
        (from..self.slots.len().min(from + PART)).map(|index| (NetId::at(index), self.at(index)))
    }

    /// The part that a net is in.
    pub(super) fn part_of(net: NetId) -> usize {
        net.index() / PART
    }

    /// How many parts there are.
    pub(super) fn parts(&self) -> usize {
        self.slots.len().div_ceil(PART)
    }

    /// How many paths `peer` is told.
    pub(super) fn count(&self, peer: PeerId) -> u64 {
        self.total - self.own.get(&peer).copied().unwrap_or_default()
    }

    fn at(&self, index: usize) -> &[Said] {
        self.slots.get(index).map_or(&[], Slot::said)
    }

    fn count_in(&mut self, said: &Said) {
        self.total += 1;
        if let Audience::Except(peer) = said.audience {
            *self.own.entry(peer).or_default() += 1;
        }
    }

    fn count_out(&mut self, said: &Said) {
        self.total -= 1;
        if let Audience::Except(peer) = said.audience
            && let Some(count) = self.own.get_mut(&peer)
        {
            *count -= 1;
            if *count == 0 {
                self.own.remove(&peer);
            }
        }
    }
}

impl Slot {
    fn take_from(said: &mut Vec<Said>) -> Self {
        match said.len() {
            0 => Self::Empty,
            1 => said.pop().map_or(Self::Empty, Self::One),
            _ => Self::Several(said.drain(..).collect()),
        }
    }

    pub(super) fn said(&self) -> &[Said] {
        match self {
            Self::Empty => &[],
            Self::One(said) => slice::from_ref(said),
            Self::Several(said) => said,
        }
    }
}

/// Prefixes in a part of the table: what a walk says at a time.
const PART: usize = if cfg!(test) { 4 } else { 1024 };
