//! Every prefix of ours, and the wishes, of which few are shared by very many prefixes.

use std::mem;

use ipnet::IpNet;

use super::row::Row;
use crate::Route;
use crate::by_prefix::ByPrefix;
use crate::pool::Pool;

/// Rows by prefix.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: ByPrefix<Row>,
    wishes: Pool<Route>,
}

impl Rows {
    pub(super) fn get(&self, prefix: &IpNet) -> Option<&Row> {
        self.rows.get(prefix)
    }

    pub(super) fn get_mut(&mut self, prefix: &IpNet) -> Option<&mut Row> {
        self.rows.get_mut(prefix)
    }

    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Every prefix behind `prefix` in order; from the first one on without.
    pub(super) fn prefixes_after(&self, prefix: Option<IpNet>) -> impl Iterator<Item = IpNet> {
        self.rows.iter_after(prefix).map(|(prefix, _)| prefix)
    }

    /// Every prefix in order.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = IpNet> {
        self.rows.prefixes()
    }

    /// The wish of a row.
    pub(super) fn wish(&self, row: &Row) -> Option<&Route> {
        row.wish.and_then(|id| self.wishes.get(id))
    }

    /// Puts a wish in the place of what was wished. True: the prefix has to go into the queue.
    pub(super) fn want(&mut self, prefix: IpNet, wish: Option<Route>) -> bool {
        let wish = wish.map(|wish| self.wishes.hold(wish).0);
        let Some(row) = self.rows.get_mut(&prefix) else {
            self.rows.insert(prefix, Row { wish, queued: true, ..Row::default() });
            return true;
        };
        let before = row.want(wish);
        let enters = row.enqueue();
        if let Some(before) = before {
            self.wishes.release(before);
        }
        enters
    }

    /// Whether the prefix has to go into the queue.
    pub(super) fn enqueue(&mut self, prefix: IpNet) -> bool {
        let Some(row) = self.rows.get_mut(&prefix) else {
            self.rows.insert(prefix, Row { queued: true, ..Row::default() });
            return true;
        };
        row.enqueue()
    }

    /// The row of a prefix out of the queue, unless it is gone or in flight.
    pub(super) fn dequeue(&mut self, prefix: &IpNet) -> Option<Row> {
        let row = self.rows.get_mut(prefix)?;
        row.queued = false;
        let undone = mem::take(&mut row.undone);
        row.flight.is_none().then_some(Row { undone, ..*row })
    }

    /// Drops the row of a prefix that is not wished.
    pub(super) fn remove(&mut self, prefix: &IpNet) {
        if let Some(wish) = self.rows.remove(prefix).and_then(|row| row.wish) {
            self.wishes.release(wish);
        }
    }
}
