//! Adj-RIB-Out of a group: what it last said of each prefix. The only source of withdrawals and
//! refreshes; one copy, however many members.
//!
//! Of what was said it keeps what it was made of, the route as the RIB has it and the voice it came with:
//! rewriting is a function, so the octets are found again when they are asked for. Eight octets a prefix.

use std::collections::BTreeMap;

use crate::export::audience::Audience;
use crate::export::voice::{VoiceId, Voices};
use crate::rib::{NetId, Paged, Rib, RouteId, Slab};
use crate::speaker::PeerId;
use crate::wire::PathId;

/// One path as it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// 0 where the session carries one path per prefix.
    pub(super) path_id: PathId,
    pub(super) voice: VoiceId,
    /// Held where it is kept.
    pub(super) route: RouteId,
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
        self.voice == other.voice && self.form == other.form && self.route == other.route
    }
}

/// What is said of one prefix: nearly always one path without an identifier, whose voice and form share four
/// octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    /// One of the kinds below, or 0 where there is nothing; and a voice.
    kind: u32,
    /// The route, or what has several.
    number: u32,
}

// What a prefix costs in a group.
const _: () = assert!(size_of::<Slot>() <= 8);

impl Slot {
    const CHOSEN: u32 = 1 << 30;
    const FINAL: u32 = 2 << 30;
    /// Paths in the order of their identifiers, under a number of their own.
    const SEVERAL: u32 = 3 << 30;

    /// Of a path without an identifier.
    const fn one(said: &Said) -> Self {
        let form = match said.form {
            Form::Chosen => Self::CHOSEN,
            Form::Final => Self::FINAL,
        };
        Self { kind: form | said.voice.number(), number: said.route.number() }
    }

    const fn several(number: u32) -> Self {
        Self { kind: Self::SEVERAL, number }
    }

    const fn kind(self) -> u32 {
        self.kind & Self::SEVERAL
    }

    /// The path, where there is one.
    const fn said(self) -> Option<Said> {
        let form = match self.kind() {
            Self::CHOSEN => Form::Chosen,
            Self::FINAL => Form::Final,
            _ => return None,
        };
        let voice = VoiceId::new(self.kind & !Self::SEVERAL);
        Some(Said { path_id: PathId(0), voice, route: RouteId::new(self.number), form })
    }
}

/// What a group last said of each prefix.
#[derive(Debug, Default)]
pub(super) struct AdjRibOut {
    slots: Paged<Slot>,
    several: Slab<Vec<Said>>,
    /// How many paths stand in `several`.
    listed: usize,
    pub(super) voices: Voices,
    total: u64,
    /// Paths that a peer is not told because they are its own.
    own: BTreeMap<PeerId, u64>,
}

impl AdjRibOut {
    /// What was said of a prefix, in the order of path identifiers.
    pub(super) fn said(&self, net: NetId) -> impl Iterator<Item = Said> {
        let slot = self.slots.get(net.index()).copied().unwrap_or_default();
        let several = (slot.kind() == Slot::SEVERAL).then(|| self.several.get(slot.number)).flatten();
        slot.said().into_iter().chain(several.into_iter().flatten().copied())
    }

    /// Who may hear a path that was said.
    pub(super) fn audience(&self, said: &Said) -> Audience {
        self.voices.get(said.voice).map_or(Audience::All, |voice| voice.audience())
    }

    /// Remembers what is said now, in the order of path identifiers; what was said before goes to `before`. The
    /// routes of the one are held in the RIB from now on, those of the other no more.
    pub(super) fn replace(&mut self, net: NetId, now: &[Said], before: &mut Vec<Said>, rib: &mut Rib) {
        let index = net.index();
        let slot = self.slots.get(index).copied().unwrap_or_default();
        if slot.kind() == Slot::SEVERAL {
            before.extend(self.several.get(slot.number).into_iter().flatten());
        } else if let Some(said) = slot.said() {
            before.push(said);
        }
        if before == now {
            return;
        }
        if slot.kind() == Slot::SEVERAL {
            self.several.remove(slot.number);
            self.listed -= before.len();
        }
        let slot = match now {
            [] => Slot::default(),
            [said] if said.path_id == PathId::default() => Slot::one(said),
            several => {
                self.listed += several.len();
                Slot::several(self.several.insert(several.to_vec()))
            }
        };
        self.slots.put(index, slot, Slot::default);
        for said in now {
            self.count_in(said);
            rib.hold_route(said.route);
        }
        for said in before {
            self.count_out(said);
            rib.release_route(said.route);
        }
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

    /// About how many octets it takes. Routes that a policy changed are the RIB's, and counted there.
    pub(super) fn octets(&self) -> usize {
        self.slots.octets() + self.several.octets() + self.listed * size_of::<Said>()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::testing::{route, source};
    use crate::rib::Settings;
    use crate::wire::PeerKind;

    #[test]
    fn it_knows_what_paths_with_identifiers_take() {
        let mut rib = Rib::new(Settings::default(), 0);
        let mut out = AdjRibOut::default();
        let source = source(1, PeerKind::Internal);
        let id = rib.add_source(source);
        let voice = out.voices.of(id, &source);
        let route = rib.intern(&route(1, &[]));
        let said = |path_id| Said { path_id: PathId(path_id), voice, route: route.id(), form: Form::Chosen };
        let mut say = |now: &[Said]| {
            out.replace(NetId::at(0), now, &mut Vec::new(), &mut rib);
            out.octets()
        };
        let one = say(&[said(0)]);
        let three = say(&[said(1), said(2), said(3)]);
        assert!(three >= one + 3 * size_of::<Said>(), "{one} octets for one, {three} for three");
        assert_eq!(say(&[said(1), said(3)]), three - size_of::<Said>());
        assert_eq!(say(&[]), three - 3 * size_of::<Said>(), "the places stay");
    }
}
