//! An index: small numbers found by the hash of what they name. What they name lies elsewhere and is
//! compared by the caller, so a slot has eight octets whatever the key is.
//!
//! Linear probing. A slot keeps the hash, so neither growing nor removing looks at a key. Where a hash belongs
//! is its share of the length, which so can be any: it grows by half and not by doubling.

/// Finds numbers by hashes.
#[derive(Debug, Default)]
pub(crate) struct Index {
    slots: Vec<Option<Slot>>,
    len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    hash: u32,
    number: Number,
}

/// A number plus one, for the sake of a free slot's size.
type Number = std::num::NonZeroU32;

const _: () = assert!(size_of::<Option<Slot>>() == 8);

impl Index {
    /// The number with this hash for which `is_it` holds.
    pub(crate) fn find(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        while let Some(slot) = (*self.slots.get(at)?).as_ref() {
            let number = slot.number.get() - 1;
            if slot.hash == hash && is_it(number) {
                return Some(number);
            }
            at = self.after(at);
        }
        None
    }

    /// The number where this hash belongs, if it has the same hash: most likely the one that is looked for. Looks at
    /// one place and at no key, so whoever looks for many asks this for all of them first: the memory that each is
    /// waited for then comes at the same time.
    pub(crate) fn guess(&self, hash: u32) -> Option<u32> {
        let slot = (*self.slots.get(self.home(hash))?)?;
        (slot.hash == hash).then(|| slot.number.get() - 1)
    }

    /// Octets that it takes.
    pub(super) fn octets(&self) -> usize {
        self.slots.capacity() * size_of::<Option<Slot>>()
    }

    /// Adds a number that is not there.
    pub(crate) fn insert(&mut self, hash: u32, number: u32) {
        if (self.len + 1) * 5 > self.slots.len() * 4 {
            self.grow();
        }
        self.len += 1;
        self.put(Slot { hash, number: named(number) });
    }

    /// Takes a number out.
    pub(super) fn remove(&mut self, hash: u32, number: u32) {
        let Some(mut hole) = self.place(hash, number) else { return };
        self.len -= 1;
        self.slots[hole] = None;
        // What was put aside for it moves up, so that no run has a hole.
        let mut at = self.after(hole);
        while let Some(slot) = self.slots[at] {
            if self.way(self.home(slot.hash), at) >= self.way(hole, at) {
                self.slots[hole] = Some(slot);
                self.slots[at] = None;
                hole = at;
            }
            at = self.after(at);
        }
    }

    fn place(&self, hash: u32, number: u32) -> Option<usize> {
        let wanted = Slot { hash, number: named(number) };
        let mut at = self.home(hash);
        while let Some(slot) = *self.slots.get(at)? {
            if slot == wanted {
                return Some(at);
            }
            at = self.after(at);
        }
        None
    }

    fn put(&mut self, slot: Slot) {
        let mut at = self.home(slot.hash);
        while self.slots[at].is_some() {
            at = self.after(at);
        }
        self.slots[at] = Some(slot);
    }

    fn grow(&mut self) {
        let size = (self.slots.len() / 2 * 3).max(16);
        let old = std::mem::replace(&mut self.slots, vec![None; size]);
        old.into_iter().flatten().for_each(|slot| self.put(slot));
    }

    /// Where `hash` belongs.
    const fn home(&self, hash: u32) -> usize {
        ((hash as u64).wrapping_mul(self.slots.len() as u64) >> 32) as usize
    }

    const fn after(&self, at: usize) -> usize {
        if at + 1 < self.slots.len() { at + 1 } else { 0 }
    }

    /// How far it is from `from` on to `to`.
    const fn way(&self, from: usize, to: usize) -> usize {
        if from <= to { to - from } else { self.slots.len() - from + to }
    }
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
            // Few distinct hashes, all over the index or at its end, so that runs are long, overlap and wrap
            // around.
            let factor = [0x0500_0000, 0xffff_fffd][spread as usize % 2];
            let hash = |number: u32| (number >> (spread / 2)).wrapping_mul(factor);
            let (mut index, mut model) = (Index::default(), BTreeMap::new());
            for (adding, number) in steps {
                match (adding, model.remove(&number)) {
                    (true, None) => {
                        index.insert(hash(number), number);
                        model.insert(number, ());
                    }
                    (true, Some(())) => {
                        model.insert(number, ());
                    }
                    (false, _) => index.remove(hash(number), number),
                }
                for number in 0..64 {
                    let found = index.find(hash(number), |one| one == number);
                    prop_assert_eq!(found, model.contains_key(&number).then_some(number));
                    let is_there = |guess| hash(guess) == hash(number) && model.contains_key(&guess);
                    prop_assert!(index.guess(hash(number)).is_none_or(is_there));
                }
            }
        }
    }
}
