//! Values of which there are few and that very many share, kept once each.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;

use foldhash::fast::RandomState;

/// Gives equal values one id. Whoever holds an id is counted; the value of the last one goes with it.
#[derive(Debug)]
pub(crate) struct Pool<T: ?Sized> {
    slots: Vec<Option<Slot<T>>>,
    free: Vec<Id>,
    ids: HashMap<Arc<T>, Id, RandomState>,
    /// Named last: values come many times in a row.
    recent: Option<Id>,
}

#[derive(Debug)]
struct Slot<T: ?Sized> {
    value: Arc<T>,
    holders: usize,
}

/// Names a value in its pool: equal ids, equal values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(NonZeroU32);

impl<T: ?Sized> Default for Pool<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), ids: HashMap::default(), recent: None }
    }
}

impl<T: Eq + Hash + ?Sized> Pool<T> {
    /// The value of an id; `None` only after its last holder released it.
    pub(crate) fn get(&self, id: Id) -> Option<&T> {
        self.slots.get(id.index())?.as_ref().map(|slot| &*slot.value)
    }

    /// Every value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Id, &T)> {
        let values = self.slots.iter().enumerate();
        values.filter_map(|(index, slot)| Some((Id::at(index), &*slot.as_ref()?.value)))
    }

    /// Holds a value once more; it is only taken in where nobody holds its like. True: it is the first time.
    pub(crate) fn hold<V: Borrow<T> + Into<Arc<T>>>(&mut self, value: V) -> (Id, bool) {
        if let Some(id) = self.find(value.borrow()) {
            self.hold_again(id);
            self.recent = Some(id);
            return (id, false);
        }
        let id = self.free.pop().unwrap_or_else(|| Id::at(self.slots.len()));
        let value = value.into();
        let slot = Some(Slot { value: Arc::clone(&value), holders: 1 });
        match self.slots.get_mut(id.index()) {
            Some(free) => *free = slot,
            None => self.slots.push(slot),
        }
        self.ids.insert(value, id);
        self.recent = Some(id);
        (id, true)
    }

    /// Holds a value that somebody holds once more.
    pub(crate) fn hold_again(&mut self, id: Id) {
        if let Some(Some(slot)) = self.slots.get_mut(id.index()) {
            slot.holders += 1;
        }
    }

    fn find(&self, value: &T) -> Option<Id> {
        let is_it = |id: &Id| self.get(*id) == Some(value);
        self.recent.filter(is_it).or_else(|| self.ids.get(value).copied())
    }

    /// One holder less. Gives the value if that was the last one; its id may then come to name another.
    pub(crate) fn release(&mut self, id: Id) -> Option<Arc<T>> {
        let held = self.slots.get_mut(id.index())?;
        let slot = held.as_mut()?;
        slot.holders -= 1;
        if slot.holders > 0 {
            return None;
        }
        let value = held.take()?.value;
        self.ids.remove(&*value);
        self.free.push(id);
        Some(value)
    }
}

impl Id {
    /// None is below.
    pub(crate) const FIRST: Self = Self(NonZeroU32::MIN);

    /// The last there can be where the place is too large: as many distinct routes do not fit into memory.
    fn at(index: usize) -> Self {
        Self(u32::try_from(index + 1).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX))
    }

    /// Its place in an array beside the pool.
    pub(crate) const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

#[cfg(test)]
mod tests {
    use super::Pool;

    #[test]
    fn equal_values_are_one_until_the_last_holder_goes() {
        let mut pool = Pool::<str>::default();
        let (one, first) = pool.hold("a");
        assert!(first);
        assert_eq!(pool.hold("a".to_owned()), (one, false));
        let (other, first) = pool.hold("b");
        assert!(first && other != one);
        assert_eq!(pool.release(one), None);
        assert_eq!(pool.get(one), Some("a"));
        assert_eq!(pool.release(one).as_deref(), Some("a"));
        assert_eq!(pool.get(one), None);
        assert_eq!(pool.get(other), Some("b"));
        assert!(pool.hold("a").1);
    }

    #[test]
    fn a_free_id_is_given_again() {
        let mut pool = Pool::<u8>::default();
        let (id, _) = pool.hold(1);
        pool.release(id);
        assert_eq!(pool.hold(2), (id, true));
    }
}
