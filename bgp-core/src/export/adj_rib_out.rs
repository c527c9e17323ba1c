//! Adj-RIB-Out of a group: what it last said of each prefix. The only source of withdrawals and
//! refreshes; one copy, however many members.
//!
//! Of what was said it keeps what it was made of, the route as the RIB has it and the voice it came with:
//! rewriting is a function, so the octets are found again when they are asked for. Sixteen octets a prefix.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::export::audience::Audience;
use crate::export::voice::{VoiceId, Voices};
use crate::rib::{Interned, NetId, Paged};
use crate::speaker::PeerId;
use crate::wire::PathId;

/// One path as it was said.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// 0 where the session carries one path per prefix.
    pub(super) path_id: PathId,
    pub(super) voice: VoiceId,
    pub(super) route: Arc<Interned>,
    pub(super) form: Form,
}

/// What a kept route has to go through to be as it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// It is as the decision process chose it, and rewritten whenever it is said.
    Chosen,
    /// A policy changed it; it is kept rewritten.
    Final,
}

impl Said {
    /// Whether both were made of the same, and so are the same.
    pub(super) fn is_made_of(&self, other: &Self) -> bool {
        self.voice == other.voice && self.form == other.form && Arc::ptr_eq(&self.route, &other.route)
    }
}

/// What is said of one prefix: nearly always one path without an identifier.
#[derive(Debug, Default)]
enum Slot {
    #[default]
    Empty,
    Chosen(VoiceId, Arc<Interned>),
    Final(VoiceId, Arc<Interned>),
    Several(Box<Several>),
}

/// Paths in the order of their identifiers; a box around it keeps the other slots small.
#[derive(Debug)]
struct Several(Vec<Said>);

// What a prefix costs in a group.
const _: () = assert!(size_of::<Slot>() <= 16);

impl Slot {
    fn put(now: &[Said]) -> Self {
        match now {
            [] => Self::Empty,
            [said] if said.path_id == PathId::default() => match said.form {
                Form::Chosen => Self::Chosen(said.voice, Arc::clone(&said.route)),
                Form::Final => Self::Final(said.voice, Arc::clone(&said.route)),
            },
            several => Self::Several(Box::new(Several(several.to_vec()))),
        }
    }

    fn said(&self) -> impl Iterator<Item = Said> {
        let one = |voice: &VoiceId, route: &Arc<Interned>, form| Said {
            path_id: PathId::default(),
            voice: *voice,
            route: Arc::clone(route),
            form,
        };
        let (one, several) = match self {
            Self::Empty => (None, &[][..]),
            Self::Chosen(voice, route) => (Some(one(voice, route, Form::Chosen)), &[][..]),
            Self::Final(voice, route) => (Some(one(voice, route, Form::Final)), &[][..]),
            Self::Several(several) => (None, &several.0[..]),
        };
        one.into_iter().chain(several.iter().cloned())
    }
}

/// What a group last said of each prefix.
#[derive(Debug, Default)]
pub(super) struct AdjRibOut {
    slots: Paged<Slot>,
    pub(super) voices: Voices,
    total: u64,
    /// Paths that a peer is not told because they are its own.
    own: BTreeMap<PeerId, u64>,
}

impl AdjRibOut {
    /// What was said of a prefix, in the order of path identifiers.
    pub(super) fn said(&self, net: NetId) -> impl Iterator<Item = Said> {
        self.slots.get(net.index()).into_iter().flat_map(Slot::said)
    }

    /// Who may hear a path that was said.
    pub(super) fn audience(&self, said: &Said) -> Audience {
        self.voices.get(said.voice).map_or(Audience::All, |voice| voice.audience())
    }

    /// Remembers what is said now, in the order of path identifiers; what was said before goes to `before`.
    pub(super) fn replace(&mut self, net: NetId, now: &[Said], before: &mut Vec<Said>) {
        let index = net.index();
        if let Some(slot) = self.slots.get(index) {
            before.extend(slot.said());
        }
        if before.is_empty() && now.is_empty() {
            return;
        }
        self.slots.put(index, Slot::put(now), Slot::default);
        now.iter().for_each(|said| self.count_in(said));
        before.iter().for_each(|said| self.count_out(said));
    }

    /// Every net, with what was said of it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (NetId, Said)> {
        self.range(0, self.slots.len())
    }

    /// The nets of a part of the table, with what was said of them.
    pub(super) fn part(&self, number: usize) -> impl Iterator<Item = (NetId, Said)> {
        let from = number * PART;
        self.range(from, self.slots.len().min(from + PART))
    }

    fn range(&self, from: usize, to: usize) -> impl Iterator<Item = (NetId, Said)> {
        (from..to).map(NetId::at).flat_map(|net| self.said(net).map(move |said| (net, said)))
    }

    /// The part that a net is in.
    pub(super) fn part_of(net: NetId) -> usize {
        net.index() / PART
    }

    /// How many parts there are.
    pub(super) fn parts(&self) -> usize {
        self.slots.len().div_ceil(PART)
    }

    /// How many paths are said.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// How many paths `peer` is told.
    pub(super) fn count(&self, peer: PeerId) -> u64 {
        self.total - self.own.get(&peer).copied().unwrap_or_default()
    }

    fn count_in(&mut self, said: &Said) {
        self.total += 1;
        self.voices.enter(said.voice);
        if let Audience::Except(peer) = self.audience(said) {
            *self.own.entry(peer).or_default() += 1;
        }
    }

    fn count_out(&mut self, said: &Said) {
        self.total -= 1;
        if let Audience::Except(peer) = self.audience(said)
            && let Some(count) = self.own.get_mut(&peer)
        {
            *count -= 1;
            if *count == 0 {
                self.own.remove(&peer);
            }
        }
        self.voices.leave(said.voice);
    }
}

/// Prefixes in a part of the table: what a walk says at a time.
const PART: usize = if cfg!(test) { 4 } else { 1024 };
