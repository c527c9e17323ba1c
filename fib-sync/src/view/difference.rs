//! What differs between two views, one of them read anew.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use ipnet::IpNet;

use super::{Changes, View};

impl View {
    /// What has to be followed to get from `old` to this view.
    pub(crate) fn changes_since(&self, old: &Self) -> Changes {
        let mut changes = Changes { prefixes: self.prefixes_unlike(old), ..Changes::default() };
        let links: BTreeSet<u32> = old.links().keys().chain(self.links().keys()).copied().collect();
        for index in links {
            let (before, now) = (old.link_at(index), self.link_at(index));
            if before != now {
                changes.link(before, now);
            }
        }
        changes.objects = self.objects_unlike(old);
        for address in old.addresses().symmetric_difference(self.addresses()) {
            changes.address(address);
        }
        changes
    }

    fn objects_unlike(&self, old: &Self) -> Vec<u32> {
        let ids: BTreeSet<u32> = old.objects().chain(self.objects()).map(|object| object.id).collect();
        ids.into_iter().filter(|id| old.object(*id) != self.object(*id)).collect()
    }

    /// Both are walked in order, side by side: of two full tables, nothing but the difference is kept.
    fn prefixes_unlike(&self, old: &Self) -> Vec<IpNet> {
        let mut prefixes = Vec::new();
        let mut before = old.all_routes().peekable();
        let mut now = self.all_routes().peekable();
        loop {
            let order = match (before.peek(), now.peek()) {
                (None, None) => return prefixes,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((before, _)), Some((now, _))) => before.cmp(now),
            };
            let was = if order.is_le() { before.next() } else { None };
            let is = if order.is_ge() { now.next() } else { None };
            if was != is {
                prefixes.extend(is.or(was).map(|(prefix, _)| prefix));
            }
        }
    }
}
