//! A slab: values under small dense numbers that stay theirs until removed.

/// Values under dense indices; the index freed last is used first.
#[derive(Debug)]
pub(super) struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Option<u32>,
    len: usize,
}

#[derive(Debug)]
enum Slot<T> {
    Used(T),
    Free { next: Option<u32> },
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: None, len: 0 }
    }
}

impl<T> Slab<T> {
    /// Stores `value`; the index is the answer.
    pub(super) fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        let Some(index) = self.free else {
            let index = u32::try_from(self.slots.len()).expect("memory ends before the index does");
            self.slots.push(Slot::Used(value));
            return index;
        };
        let slot = &mut self.slots[index as usize];
        self.free = match slot {
            Slot::Free { next } => *next,
            Slot::Used(_) => None,
        };
        *slot = Slot::Used(value);
        index
    }

    /// Takes the value out; its index may be used again.
    pub(super) fn remove(&mut self, index: u32) -> Option<T> {
        let slot = self.slots.get_mut(index as usize)?;
        match std::mem::replace(slot, Slot::Free { next: self.free }) {
            Slot::Used(value) => {
                self.free = Some(index);
                self.len -= 1;
                Some(value)
            }
            Slot::Free { next } => {
                *slot = Slot::Free { next };
                None
            }
        }
    }

    pub(super) fn get(&self, index: u32) -> Option<&T> {
        match self.slots.get(index as usize)? {
            Slot::Used(value) => Some(value),
            Slot::Free { .. } => None,
        }
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        match self.slots.get_mut(index as usize)? {
            Slot::Used(value) => Some(value),
            Slot::Free { .. } => None,
        }
    }

    /// Values from index `first` on, in the order of their indices.
    pub(super) fn iter_from(&self, first: u32) -> impl Iterator<Item = (u32, &T)> {
        (first..).zip(self.slots.iter().skip(first as usize)).filter_map(|(index, slot)| match slot {
            Slot::Used(value) => Some((index, value)),
            Slot::Free { .. } => None,
        })
    }

    /// All indices in use are below this.
    pub(super) fn capacity(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_index_is_used_again_and_removal_happens_once() {
        let mut slab = Slab::default();
        let (a, b) = (slab.insert("a"), slab.insert("b"));
        assert_eq!(slab.remove(a), Some("a"));
        assert_eq!(slab.remove(a), None);
        assert_eq!(slab.insert("c"), a);
        assert_eq!(slab.insert("d"), b + 1);
        assert_eq!(slab.iter_from(1).collect::<Vec<_>>(), [(1, &"b"), (2, &"d")]);
        assert_eq!((slab.len(), slab.capacity()), (3, 3));
    }
}
