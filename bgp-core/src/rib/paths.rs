//! The paths of a family, those of one source side by side: a page of them is one source's.
//!
//! So a path says neither whose it is nor where it stands among its source's; the page does, for all of them.

use std::collections::BTreeSet;

use crate::rib::path::Path;
use crate::rib::slab::Paged;
use crate::rib::{PathSlot, SourceId};
use crate::wire::PathId;

/// The paths of a family.
#[derive(Debug, Default)]
pub(super) struct Paths {
    slots: Paged<Option<Path>>,
    pages: Vec<Page>,
    /// Pages that are nobody's.
    vacant: Vec<u32>,
    len: usize,
}

/// Who has some neighbouring slots.
#[derive(Debug)]
struct Page {
    owner: SourceId,
    /// A bit for each slot in use.
    used: u32,
    /// Its place in its owner's estate.
    at: u32,
    /// The identifiers that the paths were received with, where one is not 0.
    ids: Option<Box<[PathId; PAGE]>>,
}

/// Slots in a page: a source with few paths wastes little, and the page's own octets are few for each.
const PAGE: usize = u32::BITS as usize;

// Three quarters of an octet for each path.
const _: () = assert!(size_of::<Page>() <= 24);

/// The pages of one source in one family.
#[derive(Debug, Default)]
pub(super) struct Estate {
    pages: Vec<u32>,
    /// Those with room.
    open: BTreeSet<u32>,
    len: u32,
}

impl Estate {
    /// How many paths there are.
    pub(super) const fn len(&self) -> u32 {
        self.len
    }

    /// All places, for a walk, are below this; at least one in [`PAGE`] of them is a path's.
    pub(super) fn places(&self) -> usize {
        self.pages.len() * PAGE
    }

    /// The path at a place.
    pub(super) fn at(&self, place: usize, paths: &Paths) -> Option<PathSlot> {
        let page = *self.pages.get(place / PAGE)?;
        let bit = place % PAGE;
        (paths.page(page)?.used >> bit & 1 == 1).then(|| slot(page, bit))
    }
}

impl Paths {
    /// How many paths there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Octets that they take, their identifiers and sources' lists of pages left out.
    pub(super) fn octets(&self) -> usize {
        self.slots.octets() + self.pages.capacity() * size_of::<Page>()
    }

    pub(super) fn get(&self, slot: PathSlot) -> Option<&Path> {
        self.slots.get(slot.index() as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: PathSlot) -> Option<&mut Path> {
        self.slots.get_mut(slot.index() as usize)?.as_mut()
    }

    /// Who said a path that is there.
    pub(super) fn source(&self, slot: PathSlot) -> Option<SourceId> {
        Some(self.page(page_of(slot))?.owner)
    }

    /// The identifier that a path was received with.
    pub(super) fn path_id(&self, slot: PathSlot) -> PathId {
        let ids = self.page(page_of(slot)).and_then(|page| page.ids.as_deref());
        ids.map_or(PathId(0), |ids| ids[bit_of(slot)])
    }

    /// Stores a path of `owner`, whose estate this is.
    pub(super) fn insert(
        &mut self,
        owner: SourceId,
        estate: &mut Estate,
        path_id: PathId,
        path: Path,
    ) -> PathSlot {
        let number = match estate.open.first() {
            Some(open) => *open,
            None => self.acquire(owner, estate),
        };
        let page = &mut self.pages[number as usize];
        let bit = page.used.trailing_ones() as usize;
        page.used |= 1 << bit;
        if page.used == u32::MAX {
            estate.open.remove(&number);
        }
        if path_id != PathId(0) || page.ids.is_some() {
            page.ids.get_or_insert_default()[bit] = path_id;
        }
        let slot = slot(number, bit);
        self.slots.put(slot.index() as usize, Some(path), || None);
        self.len += 1;
        estate.len += 1;
        slot
    }

    /// Takes out a path of the source whose estate this is.
    pub(super) fn remove(&mut self, estate: &mut Estate, slot: PathSlot) -> Option<Path> {
        let path = self.slots.get_mut(slot.index() as usize)?.take()?;
        let number = page_of(slot);
        let page = &mut self.pages[number as usize];
        if page.used == u32::MAX {
            estate.open.insert(number);
        }
        page.used &= !(1 << bit_of(slot));
        if page.used == 0 {
            self.give_back(number, estate);
        }
        self.len -= 1;
        estate.len -= 1;
        Some(path)
    }

    /// A page of its own for `owner`.
    fn acquire(&mut self, owner: SourceId, estate: &mut Estate) -> u32 {
        let at = u32::try_from(estate.pages.len()).expect("memory ends before the pages do");
        let page = Page { owner, used: 0, at, ids: None };
        let number = match self.vacant.pop() {
            Some(number) => {
                self.pages[number as usize] = page;
                number
            }
            None => {
                self.pages.push(page);
                u32::try_from(self.pages.len() - 1).expect("memory ends before the pages do")
            }
        };
        estate.pages.push(number);
        estate.open.insert(number);
        number
    }

    fn give_back(&mut self, number: u32, estate: &mut Estate) {
        let page = &mut self.pages[number as usize];
        page.ids = None;
        let at = page.at;
        estate.open.remove(&number);
        estate.pages.swap_remove(at as usize);
        if let Some(moved) = estate.pages.get(at as usize) {
            self.pages[*moved as usize].at = at;
        }
        self.vacant.push(number);
    }

    fn page(&self, number: u32) -> Option<&Page> {
        self.pages.get(number as usize)
    }
}

const fn slot(page: u32, bit: usize) -> PathSlot {
    PathSlot::new(page * PAGE as u32 + bit as u32)
}

const fn page_of(slot: PathSlot) -> u32 {
    slot.index() / PAGE as u32
}

const fn bit_of(slot: PathSlot) -> usize {
    slot.index() as usize % PAGE
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::rib::interned::RouteId;
    use crate::rib::{NetId, Rib, Settings, Source};
    use crate::{Instant, rib::LocalSource};

    proptest! {
        /// Paths come and go in any order and stay whose they are; an estate lists its own and no others.
        #[test]
        fn paths_are_a_map_by_source(steps in prop::collection::vec((0..3_usize, any::<bool>(), any::<u16>()), 0..500)) {
            let mut rib = Rib::new(Settings::default(), 0);
            let sources = [(); 3].map(|()| rib.add_source(Source::Local(LocalSource::Static)));
            let (mut paths, mut estates) = (Paths::default(), [(); 3].map(|()| Estate::default()));
            let mut model: BTreeMap<PathSlot, (usize, PathId, u32)> = BTreeMap::new();
            for (step, (of, adding, which)) in steps.into_iter().enumerate() {
                let own: Vec<PathSlot> =
                    model.iter().filter(|(_, known)| known.0 == of).map(|(slot, _)| *slot).collect();
                if adding || own.is_empty() {
                    let (path_id, net) = (PathId(u32::from(which % 3)), step as u32);
                    let path = Path::new(NetId(net), RouteId::new(0), Instant::ZERO);
                    let slot = paths.insert(sources[of], &mut estates[of], path_id, path);
                    prop_assert_eq!(model.insert(slot, (of, path_id, net)), None);
                } else {
                    let slot = own[usize::from(which) % own.len()];
                    prop_assert!(paths.remove(&mut estates[of], slot).is_some());
                    prop_assert!(paths.remove(&mut estates[of], slot).is_none());
                    model.remove(&slot);
                }
            }
            prop_assert_eq!(paths.len(), model.len());
            for (slot, (of, path_id, net)) in &model {
                prop_assert_eq!(paths.get(*slot).map(|path| path.net), Some(NetId(*net)));
                prop_assert_eq!((paths.source(*slot), paths.path_id(*slot)), (Some(sources[*of]), *path_id));
            }
            for (of, estate) in estates.iter().enumerate() {
                let mut listed: Vec<_> = (0..estate.places()).filter_map(|at| estate.at(at, &paths)).collect();
                listed.sort_unstable();
                let own: Vec<_> = model.iter().filter(|(_, known)| known.0 == of).map(|(slot, _)| *slot).collect();
                prop_assert_eq!(estate.len() as usize, own.len());
                prop_assert!(estate.places() <= own.len() * PAGE);
                prop_assert_eq!(listed, own);
            }
        }
    }
}
