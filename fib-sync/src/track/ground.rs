//! What an answer stands on, and by that the answers that a change may change.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::NextHop;
use crate::lengths::Lengths;

/// What the answer to one question stands on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ground {
    /// Addresses that were looked up, and the prefix that was found to cover each. Only a change of that prefix, or
    /// of a longer one around the address, can change what is found; where nothing was found, any around it.
    pub(super) lookups: Vec<(Option<IpNet>, IpAddr)>,
    /// Interfaces whose state was asked for.
    pub(super) interfaces: Vec<u32>,
}

/// The questions by what their answers stand on.
#[derive(Debug, Default)]
pub(super) struct Index {
    lookups: BTreeMap<(Option<IpNet>, IpAddr), BTreeSet<NextHop>>,
    /// The lengths of the prefixes above.
    lengths: Lengths,
    interfaces: BTreeMap<u32, BTreeSet<NextHop>>,
    names: BTreeMap<Arc<str>, BTreeSet<NextHop>>,
}

impl Index {
    pub(super) fn insert(&mut self, next_hop: &NextHop, ground: &Ground) {
        for lookup in &ground.lookups {
            let questions = self.lookups.entry(*lookup).or_insert_with(|| {
                lookup.0.iter().for_each(|cover| self.lengths.add(cover));
                BTreeSet::new()
            });
            questions.insert(next_hop.clone());
        }
        for interface in &ground.interfaces {
            self.interfaces.entry(*interface).or_default().insert(next_hop.clone());
        }
    }

    pub(super) fn remove(&mut self, next_hop: &NextHop, ground: &Ground) {
        for lookup in &ground.lookups {
            if remove(&mut self.lookups, lookup, next_hop) {
                lookup.0.iter().for_each(|cover| self.lengths.remove(cover));
            }
        }
        for interface in &ground.interfaces {
            remove(&mut self.interfaces, interface, next_hop);
        }
    }

    /// The question stands on the name that it has, whatever the answer.
    pub(super) fn ask(&mut self, next_hop: &NextHop) {
        if let Some(name) = &next_hop.interface {
            self.names.entry(Arc::clone(name)).or_default().insert(next_hop.clone());
        }
    }

    /// It is asked no more.
    pub(super) fn withdraw(&mut self, next_hop: &NextHop) {
        if let Some(name) = &next_hop.interface {
            remove(&mut self.names, name, next_hop);
        }
    }

    /// Those that a change of this prefix may concern: what is looked up lies in it, and no longer one covers that.
    pub(super) fn on_prefix(&self, prefix: &IpNet) -> impl Iterator<Item = &NextHop> {
        let (first, last) = (prefix.network(), prefix.broadcast());
        let covers = self.lengths.around(*prefix).map(Some).chain([None]);
        covers
            .flat_map(move |cover| self.lookups.range((cover, first)..=(cover, last)))
            .flat_map(|(_, questions)| questions)
    }

    pub(super) fn on_interface(&self, index: u32) -> impl Iterator<Item = &NextHop> {
        self.interfaces.get(&index).into_iter().flatten()
    }

    pub(super) fn on_name(&self, name: &Arc<str>) -> impl Iterator<Item = &NextHop> {
        self.names.get(name).into_iter().flatten()
    }
}

/// True: it was the last one of this key.
fn remove<K: Ord>(index: &mut BTreeMap<K, BTreeSet<NextHop>>, key: &K, next_hop: &NextHop) -> bool {
    let Some(questions) = index.get_mut(key) else { return false };
    questions.remove(next_hop);
    let is_last = questions.is_empty();
    if is_last {
        index.remove(key);
    }
    is_last
}
