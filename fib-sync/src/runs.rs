//! An ordered map that is nearly all content: short sorted runs of keys with their values beside them, found through
//! two levels of runs of their first keys.
//!
//! A tree node of the standard library is between half and all full, half where keys come in order, and pads every
//! key to the alignment of its value. Here a run grows by some entries at a time, keys and values lie apart, and
//! what comes in order fills its run. Keys are compared as numbers.

use std::mem;

use crate::key::Key;

/// A map from `K` to `T` in the order of the keys.
#[derive(Clone, Debug)]
pub(crate) struct Runs<K, T> {
    chapters: Run<K, Run<K, Run<K, T>>>,
    len: usize,
}

/// Keys in order, and the value of each at the same place. Where the values are runs, they hold what is not below
/// their key and below the next one; the first one also holds what is below.
#[derive(Clone, Debug)]
struct Run<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
}

impl<K, T> Default for Runs<K, T> {
    fn default() -> Self {
        Self { chapters: Run { keys: Vec::new(), values: Vec::new() }, len: 0 }
    }
}

impl<K: Key, T> Runs<K, T> {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, key: &K) -> Option<&T> {
        let rank = key.rank();
        let run = self.chapters.covering(rank)?.covering(rank)?;
        run.values.get(run.find(rank).ok()?)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut T> {
        let rank = key.rank();
        let (_, chapter) = self.chapters.covering_mut(rank)?;
        let (_, run) = chapter.covering_mut(rank)?;
        let at = run.find(rank).ok()?;
        run.values.get_mut(at)
    }

    /// Puts a value there; gives the one that was.
    pub(crate) fn insert(&mut self, key: K, value: T) -> Option<T> {
        self.put(key, value, mem::replace)
    }

    /// Puts a value there unless there is one, and gives that.
    pub(crate) fn add(&mut self, key: K, value: T) -> Option<T>
    where
        T: Copy,
    {
        self.put(key, value, |held, _| *held)
    }

    fn put(&mut self, key: K, value: T, meet: impl FnOnce(&mut T, T) -> T) -> Option<T> {
        let (rank, chapters) = (key.rank(), self.chapters.keys.len());
        let Some((chapter_at, chapter)) = self.chapters.covering_mut(rank) else {
            self.chapters.insert(0, key, Run::of(key, Run::of(key, value)));
            self.len = 1;
            return None;
        };
        let (run_at, run) = chapter.covering_mut(rank)?;
        let at = match run.find(rank) {
            Ok(at) => return run.values.get_mut(at).map(|held| meet(held, value)),
            Err(at) => at,
        };
        self.len += 1;
        let (bound, mut upper) = run.place(at, key, value)?;
        if chapter_at + 1 == chapters && run_at + 1 == chapter.keys.len() {
            // What comes in order fills this one next.
            upper.reserve(LONGEST);
        }
        let (bound, upper) = chapter.place(run_at + 1, bound, upper)?;
        self.chapters.insert(chapter_at + 1, bound, upper);
        None
    }

    /// Takes a value away.
    pub(crate) fn remove(&mut self, key: &K) -> Option<T> {
        let rank = key.rank();
        let (chapter_at, chapter) = self.chapters.covering_mut(rank)?;
        let (run_at, run) = chapter.covering_mut(rank)?;
        let value = run.remove(run.find(rank).ok()?);
        self.len -= 1;
        if run.keys.len() < SHORTEST {
            chapter.join(run_at);
            if chapter.keys.len() < SHORTEST {
                self.chapters.join(chapter_at);
            }
        }
        Some(value)
    }

    /// Every entry in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &T)> {
        let runs = self.chapters.values.iter().flat_map(|chapter| &chapter.values);
        runs.flat_map(|run| run.keys.iter().zip(&run.values))
    }

    /// The entries from `key` on, in order.
    pub(crate) fn iter_from(&self, key: K) -> impl Iterator<Item = (&K, &T)> {
        let rank = key.rank();
        let chapters = self.chapters.values.iter().skip(self.chapters.covers(rank));
        let runs = chapters.flat_map(move |chapter| chapter.values.iter().skip(chapter.covers(rank)));
        runs.flat_map(move |run| run.keys.iter().zip(&run.values).skip(run.below(rank)))
    }
}

impl<K: Key, V> Run<K, V> {
    fn of(key: K, value: V) -> Self {
        let mut run = Self { keys: Vec::new(), values: Vec::new() };
        run.insert(0, key, value);
        run
    }

    /// How many keys are below this one. What comes in order, as lists of the kernel do, is found at once.
    fn below(&self, rank: K::Rank) -> usize {
        match self.keys.last() {
            Some(last) if last.rank() < rank => self.keys.len(),
            _ => self.keys.partition_point(|key| key.rank() < rank),
        }
    }

    /// Where the key is, or would be.
    fn find(&self, rank: K::Rank) -> Result<usize, usize> {
        let at = self.below(rank);
        if self.keys.get(at).is_some_and(|key| key.rank() == rank) { Ok(at) } else { Err(at) }
    }

    /// The place of the last key that is not above this one, or the first.
    fn covers(&self, rank: K::Rank) -> usize {
        match self.keys.last() {
            Some(last) if last.rank() <= rank => self.keys.len() - 1,
            _ => self.keys.partition_point(|key| key.rank() <= rank).saturating_sub(1),
        }
    }

    fn covering(&self, rank: K::Rank) -> Option<&V> {
        self.values.get(self.covers(rank))
    }

    fn covering_mut(&mut self, rank: K::Rank) -> Option<(usize, &mut V)> {
        let at = self.covers(rank);
        self.values.get_mut(at).map(|value| (at, value))
    }

    /// Inserts, and splits what is too long: gives the upper part with its first key.
    fn place(&mut self, at: usize, key: K, value: V) -> Option<(K, Self)> {
        if self.keys.len() < LONGEST {
            self.insert(at, key, value);
            return None;
        }
        if at == self.keys.len() {
            // What comes in order leaves full runs behind.
            return Some((key, Self::of(key, value)));
        }
        let mut upper = self.split();
        match at.checked_sub(self.keys.len()) {
            None | Some(0) => self.insert(at, key, value),
            Some(at) => upper.insert(at, key, value),
        }
        upper.keys.first().copied().map(|first| (first, upper))
    }

    fn insert(&mut self, at: usize, key: K, value: V) {
        if self.keys.len() == self.keys.capacity() {
            let length = self.keys.len();
            let room = (length / 2).min(LONGEST.saturating_sub(length)).clamp(STEP, MOST);
            self.reserve(room);
        }
        self.keys.insert(at, key);
        self.values.insert(at, value);
    }

    fn reserve(&mut self, room: usize) {
        self.keys.reserve_exact(room);
        self.values.reserve_exact(room);
    }

    fn remove(&mut self, at: usize) -> V {
        self.keys.remove(at);
        let value = self.values.remove(at);
        if self.keys.capacity() - self.keys.len() > MOST + STEP {
            self.shrink();
        }
        value
    }

    /// Keeps the lower half and gives the upper one.
    fn split(&mut self) -> Self {
        let middle = self.keys.len() / 2;
        let upper = Self { keys: self.keys.split_off(middle), values: self.values.split_off(middle) };
        self.shrink();
        upper
    }

    /// Leaves room for a few.
    fn shrink(&mut self) {
        let room = self.keys.len() + STEP;
        self.keys.shrink_to(room);
        self.values.shrink_to(room);
    }
}

impl<K: Key, V> Run<K, Run<K, V>> {
    /// Puts a short run behind the one before it, where there is room; drops an empty one.
    fn join(&mut self, at: usize) {
        let length = |at: usize| self.values.get(at).map_or(LONGEST, |run| run.keys.len());
        let fits = at > 0 && length(at - 1) + length(at) <= LONGEST - STEP;
        if !fits && length(at) > 0 {
            return;
        }
        let bound = self.keys.get(at).copied();
        let short = self.remove(at);
        if at == 0
            && let Some((first, bound)) = self.keys.first_mut().zip(bound)
        {
            // What was covered stays covered, also when this run comes to stand behind another.
            *first = bound;
        }
        if fits && let Some(before) = self.values.get_mut(at - 1) {
            before.reserve(short.keys.len());
            before.keys.extend(short.keys);
            before.values.extend(short.values);
        }
    }
}

/// Longer runs cost more to insert into, shorter ones more octets to find.
const LONGEST: usize = if cfg!(test) { 8 } else { 128 };
/// A run that is shorter joins the one before it.
const SHORTEST: usize = LONGEST / 4;
/// By how many entries a run grows at least.
const STEP: usize = if cfg!(test) { 1 } else { 8 };
/// By how many it grows at most.
const MOST: usize = 4 * STEP;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{LONGEST, Runs};

    /// Puts a value there, or takes it away.
    fn steps(keys: u16) -> impl Strategy<Value = Vec<(u16, Option<u8>)>> {
        prop::collection::vec((0..keys, any::<Option<u8>>()), 0..1000)
    }

    fn check(steps: Vec<(u16, Option<u8>)>) {
        let (mut runs, mut model) = (Runs::default(), BTreeMap::new());
        for (key, value) in steps {
            match value {
                Some(value) => assert_eq!(runs.insert(key, value), model.insert(key, value)),
                None => assert_eq!(runs.remove(&key), model.remove(&key)),
            }
            assert_eq!(runs.get(&key), model.get(&key));
            assert_eq!(runs.len(), model.len());
        }
        assert!(runs.iter().eq(&model));
        for key in [0, 1, 8, 100, 500, u16::MAX] {
            assert!(runs.iter_from(key).eq(model.range(key..)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_a_map_in_order(few in steps(20), some in steps(200), many in steps(800)) {
            check(few);
            check(some);
            check(many);
        }
    }

    #[test]
    fn it_grows_and_empties_in_either_order() {
        for backwards in [false, true] {
            let up = 0..1000_u16;
            let keys: Vec<u16> = if backwards { up.rev().collect() } else { up.collect() };
            let put = keys.iter().map(|key| (*key, Some(0)));
            let taken = keys.iter().map(|key| (*key, None));
            check(put.clone().chain(taken.clone()).collect());
            check(put.chain(taken.rev()).collect());
        }
    }

    #[test]
    fn what_comes_in_order_fills_its_runs() {
        let mut runs = Runs::default();
        for key in 0..80_u16 {
            runs.insert(key, ());
        }
        let lengths = runs.chapters.values.iter().map(|chapter| chapter.keys.len());
        assert_eq!((LONGEST, lengths.collect()), (8, vec![8, 2]));
    }
}
