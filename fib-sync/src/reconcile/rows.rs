//! Every prefix of ours, and the wishes, of which few are shared by very many prefixes.

use std::mem;

use super::row::Row;
use crate::Route;
use crate::pool::Pool;
use crate::view::{NetId, View};

/// Rows by the number that the view gives their prefix. Whoever has a row is kept there.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: Vec<Option<Row>>,
    len: usize,
    wishes: Pool<Route>,
}

const _: () = assert!(size_of::<Option<Row>>() <= 8);

impl Rows {
    pub(super) fn get(&self, net: NetId) -> Option<&Row> {
        self.rows.get(net.index())?.as_ref()
    }

    pub(super) fn get_mut(&mut self, net: NetId) -> Option<&mut Row> {
        self.rows.get_mut(net.index())?.as_mut()
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Every wish once, however many prefixes share it.
    pub(super) fn wishes(&self) -> impl Iterator<Item = &Route> {
        self.wishes.iter().map(|(_, wish)| wish)
    }

    /// The wish of a row.
    pub(super) fn wish(&self, row: &Row) -> Option<&Route> {
        row.wish.and_then(|id| self.wishes.get(id))
    }

    /// Puts a wish in the place of what was wished. True: the prefix has to go into the queue.
    pub(super) fn want(&mut self, net: NetId, wish: Option<Route>) -> bool {
        let wish = wish.map(|wish| self.wishes.hold(wish).0);
        let row = self.enter(net);
        let before = row.want(wish);
        let enters = row.enqueue();
        if let Some(before) = before {
            self.wishes.release(before);
        }
        enters
    }

    /// Whether the prefix has to go into the queue.
    pub(super) fn enqueue(&mut self, net: NetId) -> bool {
        self.enter(net).enqueue()
    }

    /// The row of a prefix out of the queue, unless it is gone or in flight.
    pub(super) fn dequeue(&mut self, net: NetId) -> Option<Row> {
        let row = self.get_mut(net).filter(|row| row.queued)?;
        row.queued = false;
        let undone = mem::take(&mut row.undone);
        row.flight.is_none().then_some(Row { undone, ..*row })
    }

    /// Drops the row of a prefix that is not wished. False: there is none.
    pub(super) fn remove(&mut self, net: NetId) -> bool {
        let Some(row) = self.rows.get_mut(net.index()).and_then(Option::take) else { return false };
        self.len -= 1;
        if let Some(wish) = row.wish {
            self.wishes.release(wish);
        }
        true
    }

    /// Moves every row to the number of its prefix in another view, and keeps it there.
    pub(super) fn renumber(&mut self, from: &View, to: &mut View) {
        self.len = 0;
        let rows = mem::take(&mut self.rows);
        for net in from.nets() {
            if let Some(Some(row)) = rows.get(net.index()) {
                *self.enter(to.keep(from.prefix(net))) = *row;
            }
        }
    }

    fn enter(&mut self, net: NetId) -> &mut Row {
        let at = net.index();
        if self.rows.len() <= at {
            if self.rows.capacity() <= at {
                self.rows.reserve_exact(at + 1 - self.rows.len() + at / GROWTH);
            }
            self.rows.resize(at + 1, None);
        }
        let row = &mut self.rows[at];
        self.len += usize::from(row.is_none());
        row.get_or_insert_default()
    }
}

/// The array grows by an eighth of what there is.
const GROWTH: usize = 8;
