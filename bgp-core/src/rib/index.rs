//! An index: small numbers found by the hash of what they name. What they name lies elsewhere and is
//! compared by the caller, so a slot has eight octets whatever the key is.
//!
//! Linear probing. A slot keeps half of the hash, so neither growing nor removing looks at a key.

/// Finds numbers by hashes.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// A power of two of them, or none.
    slots: Vec<Option<Slot>>,
    len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    tag: u32,
    number: Number,
}

/// A number plus one, for the sake of a free slot's size.
type Number = std::num::NonZeroU32;

const _: () = assert!(size_of::<Option<Slot>>() == 8);

impl Index {
    /// The number with this hash for which `is_it` holds.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = tag(hash);
        let (_, slot) = self.run(tag).find(|(_, slot)| slot.tag == tag && is_it(slot.number.get() - 1))?;
        Some(slot.number.get() - 1)
    }

    /// Adds a number that is not there.
    pub(super) fn insert(&mut self, hash: u64, number: u32) {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.len += 1;
        self.put(Slot { tag: tag(hash), number: named(number) });
    }

    /// Takes a number out.
    pub(super) fn remove(&mut self, hash: u64, number: u32) {
        let Some(mut hole) = self.place(hash, number) else { return };
        self.len -= 1;
        self.slots[hole] = None;
        // What was put aside for it moves up, so that no run has a hole.
        let mut at = self.after(hole);
        while let Some(slot) = self.slots[at] {
            let way = |from: usize| at.wrapping_sub(from) & self.mask();
            if way(slot.tag as usize) >= way(hole) {
                self.slots[hole] = Some(slot);
                self.slots[at] = None;
                hole = at;
            }
            at = self.after(at);
        }
    }

    /// What had the number `from` has the number `to` from now on.
    pub(super) fn renumber(&mut self, hash: u64, from: u32, to: u32) {
        if let Some(at) = self.place(hash, from) {
            self.slots[at] = Some(Slot { tag: tag(hash), number: named(to) });
        }
    }

    fn place(&self, hash: u64, number: u32) -> Option<usize> {
        let wanted = Slot { tag: tag(hash), number: named(number) };
        self.run(wanted.tag).find(|(_, slot)| *slot == wanted).map(|(at, _)| at)
    }

    /// The slots in use from where `tag` belongs to the first free one.
    fn run(&self, tag: u32) -> impl Iterator<Item = (usize, Slot)> {
        let first = tag as usize & self.mask();
        let places = std::iter::successors(Some(first), |at| Some(self.after(*at)));
        places.map_while(|at| Some((at, (*self.slots.get(at)?)?)))
    }

    fn put(&mut self, slot: Slot) {
        let mut at = slot.tag as usize & self.mask();
        while self.slots[at].is_some() {
            at = self.after(at);
        }
        self.slots[at] = Some(slot);
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16);
        let old = std::mem::replace(&mut self.slots, vec![None; size]);
        old.into_iter().flatten().for_each(|slot| self.put(slot));
    }

    const fn after(&self, at: usize) -> usize {
        at.wrapping_add(1) & self.mask()
    }

    const fn mask(&self) -> usize {
        self.slots.len().wrapping_sub(1)
    }
}

const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

fn named(number: u32) -> Number {
    Number::MIN.saturating_add(number)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_index_finds_nothing() {
        assert_eq!(Index::default().find(7, |_| true), None);
    }

    proptest! {
        #[test]
        fn an_index_is_a_map_whatever_collides(
            steps in vec((any::<bool>(), 0..64_u32), 0..400),
            spread in 0..4_u32,
        ) {
            // Few distinct hashes, so that runs are long, overlap and wrap around.
            let hash = |number: u32| u64::from(number >> spread).wrapping_mul(0xffff_fffd) << 32;
            let (mut index, mut model) = (Index::default(), BTreeMap::new());
            for (adding, number) in steps {
                match (adding, model.remove(&number)) {
                    (true, None) => {
                        index.insert(hash(number), number);
                        model.insert(number, ());
                    }
                    (true, Some(())) => {
                        index.renumber(hash(number), number, number);
                        model.insert(number, ());
                    }
                    (false, _) => index.remove(hash(number), number),
                }
                for number in 0..64 {
                    let found = index.find(hash(number), |one| one == number);
                    prop_assert_eq!(found, model.contains_key(&number).then_some(number));
                }
            }
        }
    }
}
