//! A map by prefix that finds what covers an address, longest first.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

/// Rows of entries by prefix; a prefix without entries is not kept.
#[derive(Clone, Debug)]
pub(super) struct Prefixes<T> {
    rows: BTreeMap<IpNet, Vec<T>>,
    /// How many prefixes there are of each length: a look-up asks for no other.
    lengths: BTreeMap<u8, usize>,
}

impl<T> Default for Prefixes<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), lengths: BTreeMap::new() }
    }
}

impl<T> Prefixes<T> {
    /// The entries of one prefix.
    pub(super) fn row(&self, prefix: &IpNet) -> &[T] {
        self.rows.get(prefix).map_or(&[], Vec::as_slice)
    }

    /// Every prefix with its entries.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&IpNet, &[T])> {
        self.rows.iter().map(|(prefix, row)| (prefix, row.as_slice()))
    }

    /// The entries of every prefix that covers `address`, the longest prefix first.
    pub(super) fn covering(&self, address: IpAddr) -> impl Iterator<Item = (IpNet, &[T])> {
        self.lengths.keys().rev().filter_map(move |length| {
            let prefix = IpNet::new(address, *length).ok()?.trunc();
            self.rows.get(&prefix).map(|row| (prefix, row.as_slice()))
        })
    }

    /// Changes the entries of one prefix.
    pub(super) fn change<R>(&mut self, prefix: IpNet, change: impl FnOnce(&mut Vec<T>) -> R) -> R {
        let mut row = self.rows.remove(&prefix).unwrap_or_default();
        let was_there = !row.is_empty();
        let result = change(&mut row);
        let is_there = !row.is_empty();
        if is_there {
            self.rows.insert(prefix, row);
        }
        if was_there != is_there {
            self.count(prefix.prefix_len(), is_there);
        }
        result
    }

    /// Changes the entries of every prefix.
    pub(super) fn change_all(&mut self, mut change: impl FnMut(&IpNet, &mut Vec<T>)) {
        let mut emptied = Vec::new();
        self.rows.retain(|prefix, row| {
            change(prefix, row);
            if row.is_empty() {
                emptied.push(prefix.prefix_len());
            }
            !row.is_empty()
        });
        for length in emptied {
            self.count(length, false);
        }
    }

    fn count(&mut self, length: u8, came: bool) {
        let count = self.lengths.entry(length).or_default();
        *count = if came { *count + 1 } else { count.saturating_sub(1) };
        if *count == 0 {
            self.lengths.remove(&length);
        }
    }
}
