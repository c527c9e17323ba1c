//! A slab: values under small dense numbers that stay theirs until removed. It grows by pages, so that
//! growing neither moves what is there nor asks for room that is not needed soon.

/// Values under dense indices; the index freed last is used first.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    slots: Paged<Slot<T>>,
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
        Self { slots: Paged::default(), free: None, len: 0 }
    }
}

impl<T> Slab<T> {
    /// Octets that a value takes.
    pub(super) const SLOT: usize = size_of::<Slot<T>>();

    /// The index that the next value will have.
    pub(crate) fn next(&self) -> u32 {
        self.free
            .unwrap_or_else(|| u32::try_from(self.slots.len()).expect("memory ends before the index does"))
    }

    /// Stores `value`; the index is the answer.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let index = self.next();
        self.len += 1;
        if self.free.is_none() {
            self.slots.push(Slot::Used(value));
            return index;
        }
        let slot = self.slots.get_mut(index as usize).expect("what was freed is there");
        self.free = match slot {
            Slot::Free { next } => *next,
            Slot::Used(_) => None,
        };
        *slot = Slot::Used(value);
        index
    }

    /// Takes the value out; its index may be used again.
    pub(crate) fn remove(&mut self, index: u32) -> Option<T> {
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

    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        match self.slots.get(index as usize)? {
            Slot::Used(value) => Some(value),
            Slot::Free { .. } => None,
        }
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        match self.slots.get_mut(index as usize)? {
            Slot::Used(value) => Some(value),
            Slot::Free { .. } => None,
        }
    }

    /// Values from index `first` on, in the order of their indices.
    pub(super) fn iter_from(&self, first: u32) -> impl Iterator<Item = (u32, &T)> {
        let end = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        (first..end).filter_map(|index| Some((index, self.get(index)?)))
    }

    /// All indices in use are below this.
    pub(super) fn capacity(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Octets that all of it takes, without what values refer to.
    pub(crate) fn octets(&self) -> usize {
        self.slots.octets()
    }
}

/// A list in pages. The first grows as lists do, so that a short one costs little.
#[derive(Debug)]
pub(crate) struct Paged<T> {
    /// All but the last are full.
    pages: Vec<Vec<T>>,
}

impl<T> Default for Paged<T> {
    fn default() -> Self {
        Self { pages: Vec::new() }
    }
}

impl<T> Paged<T> {
    const PAGE: usize = 1024;

    pub(crate) fn len(&self) -> usize {
        let last = self.pages.last().map_or(0, Vec::len);
        self.pages.len().saturating_sub(1) * Self::PAGE + last
    }

    /// Octets that all of it takes, without what values refer to.
    pub(crate) fn octets(&self) -> usize {
        let last = self.pages.last().map_or(0, Vec::capacity);
        (self.pages.len().saturating_sub(1) * Self::PAGE + last) * size_of::<T>()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.pages.get(index / Self::PAGE)?.get(index % Self::PAGE)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.pages.get_mut(index / Self::PAGE)?.get_mut(index % Self::PAGE)
    }

    #[inline]
    pub(crate) fn push(&mut self, value: T) {
        match self.pages.last_mut() {
            Some(page) if page.len() < page.capacity().min(Self::PAGE) => page.push(value),
            Some(_) | None => self.grow(value),
        }
    }

    /// The same where room has to be made.
    #[cold]
    fn grow(&mut self, value: T) {
        match self.pages.last_mut() {
            Some(page) if page.len() < Self::PAGE => page.push(value),
            None => self.pages.push(vec![value]),
            Some(_) => {
                let mut page = Vec::with_capacity(Self::PAGE);
                page.push(value);
                self.pages.push(page);
            }
        }
    }

    /// Puts `value` at `index`, with as much of `blank` before it as is needed.
    pub(crate) fn put(&mut self, index: usize, value: T, blank: impl Fn() -> T) {
        if let Some(slot) = self.get_mut(index) {
            *slot = value;
            return;
        }
        for _ in self.len()..index {
            self.push(blank());
        }
        self.push(value);
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

    #[test]
    fn a_list_in_pages_is_a_list() {
        let mut paged = Paged::default();
        let mut list = Vec::new();
        for number in 0..5000 {
            paged.push(number);
            list.push(number);
        }
        paged.put(9000, 7, || 0);
        list.resize(9000, 0);
        list.push(7);
        paged.put(4, 8, || 0);
        list[4] = 8;
        assert_eq!((0..paged.len()).filter_map(|at| paged.get(at)).copied().collect::<Vec<_>>(), list);
        assert_eq!(paged.get(9001), None);
    }
}
