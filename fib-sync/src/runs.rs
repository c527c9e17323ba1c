//! An ordered map that is nearly all content: sorted runs of keys with their values beside them, found by a tree
//! of their bounds.
//!
//! A tree node of the standard library is between half and all full, half where keys come in order, and pads every
//! key to the alignment of its value. Here a run grows by a few entries at a time, keys and values lie apart, and
//! what comes in order fills its run.

use std::collections::BTreeMap;
use std::mem;

/// A map from `K` to `T` in the order of `K`.
#[derive(Clone, Debug)]
pub(crate) struct Runs<K, T> {
    /// By bound: the keys of a run are not below its bound, and below the next one. `None` is below everything.
    runs: BTreeMap<Option<K>, Run<K, T>>,
    len: usize,
}

/// Keys in order, never none, and the value of each at the same place.
#[derive(Clone, Debug)]
struct Run<K, T> {
    keys: Vec<K>,
    values: Vec<T>,
}

impl<K, T> Default for Runs<K, T> {
    fn default() -> Self {
        Self { runs: BTreeMap::new(), len: 0 }
    }
}

impl<K: Ord + Copy, T> Runs<K, T> {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, key: &K) -> Option<&T> {
        let (_, run) = self.runs.range(..=Some(*key)).next_back()?;
        run.values.get(run.keys.binary_search(key).ok()?)
    }

    /// Puts a value there; gives the one that was.
    pub(crate) fn insert(&mut self, key: K, value: T) -> Option<T> {
        let Some((_, run)) = self.runs.range_mut(..=Some(key)).next_back() else {
            self.runs.insert(None, Run::of(key, value));
            self.len += 1;
            return None;
        };
        match run.keys.binary_search(&key) {
            Ok(at) => return run.values.get_mut(at).map(|held| mem::replace(held, value)),
            Err(at) if run.keys.len() < LONGEST => run.insert(at, key, value),
            // What comes in order leaves full runs behind.
            Err(LONGEST) => drop(self.runs.insert(Some(key), Run::of(key, value))),
            Err(at) => {
                let mut upper = run.split();
                match at.checked_sub(run.keys.len()) {
                    None | Some(0) => run.insert(at, key, value),
                    Some(at) => upper.insert(at, key, value),
                }
                self.runs.insert(upper.keys.first().copied(), upper);
            }
        }
        self.len += 1;
        None
    }

    /// Takes a value away.
    pub(crate) fn remove(&mut self, key: &K) -> Option<T> {
        let (bound, run) = self.runs.range_mut(..=Some(*key)).next_back()?;
        let value = run.remove(run.keys.binary_search(key).ok()?);
        self.len -= 1;
        if run.keys.len() < SHORTEST {
            let bound = *bound;
            self.join(bound);
        }
        Some(value)
    }

    /// Every entry in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &T)> {
        self.runs.values().flat_map(|run| run.keys.iter().zip(&run.values))
    }

    /// The entries from `key` on, in order.
    pub(crate) fn iter_from(&self, key: K) -> impl Iterator<Item = (&K, &T)> {
        let first = self.runs.range(..=Some(key)).next_back().and_then(|(bound, _)| *bound);
        self.runs.range(first..).flat_map(move |(_, run)| {
            let below = run.keys.partition_point(|held| *held < key);
            run.keys.iter().zip(&run.values).skip(below)
        })
    }

    /// Puts a short run behind the one before it, where there is room.
    fn join(&mut self, bound: Option<K>) {
        let Some(mut short) = self.runs.remove(&bound) else { return };
        match self.runs.range_mut(..bound).next_back() {
            Some((_, before)) if before.keys.len() + short.keys.len() <= LONGEST - STEP => {
                before.append(&mut short);
            }
            Some(_) | None if short.keys.is_empty() => {}
            Some(_) | None => drop(self.runs.insert(bound, short)),
        }
    }
}

impl<K, T> Run<K, T> {
    fn of(key: K, value: T) -> Self {
        Self { keys: vec![key], values: vec![value] }
    }

    fn insert(&mut self, at: usize, key: K, value: T) {
        if self.keys.len() == self.keys.capacity() {
            self.keys.reserve_exact(STEP);
            self.values.reserve_exact(STEP);
        }
        self.keys.insert(at, key);
        self.values.insert(at, value);
    }

    fn remove(&mut self, at: usize) -> T {
        self.keys.remove(at);
        let value = self.values.remove(at);
        if self.keys.capacity() - self.keys.len() > 2 * STEP {
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

    fn append(&mut self, next: &mut Self) {
        self.keys.reserve_exact(next.keys.len());
        self.values.reserve_exact(next.keys.len());
        self.keys.append(&mut next.keys);
        self.values.append(&mut next.values);
    }

    /// Leaves room for a few.
    fn shrink(&mut self) {
        let room = self.keys.len() + STEP;
        self.keys.shrink_to(room);
        self.values.shrink_to(room);
    }
}

/// Longer runs cost more to insert into, shorter ones more octets to find.
const LONGEST: usize = 64;
/// A run that is shorter joins the one before it.
const SHORTEST: usize = 16;
/// By how many entries a run grows.
const STEP: usize = 8;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{LONGEST, Runs};

    /// Puts a value there, or takes it away.
    fn steps(keys: u16) -> impl Strategy<Value = Vec<(u16, Option<u8>)>> {
        prop::collection::vec((0..keys, any::<Option<u8>>()), 0..2000)
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
        for key in [0, 1, 63, 100, 500, u16::MAX] {
            assert!(runs.iter_from(key).eq(model.range(key..)));
        }
    }

    proptest! {
        #[test]
        fn it_is_a_map_in_order(few in steps(80), many in steps(1000)) {
            check(few);
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
        for key in 0..10 * LONGEST {
            runs.insert(key, ());
        }
        assert_eq!(runs.runs.len(), 10);
    }
}
