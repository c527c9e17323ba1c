//! Open connections and their credit: a message is pulled from the speaker only when its writer has
//! room, so a slow peer costs a place in a journal and not a queue.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;

use bgp_core::speaker::{ConnId, Speaker};
use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use crate::transport::{Link, Slot};

/// Messages pulled for one connection before the next has its turn.
const SHARE: usize = 16;

/// Messages pulled in one turn of the driver.
const TURN: usize = 512;

/// Messages a closing connection is still given: a NOTIFICATION, and what had to come before it.
const LAST: usize = 16;

type Waiting = Pin<Box<dyn Future<Output = (ConnId, Slot)> + Send>>;

/// Every open connection.
#[derive(Debug, Default)]
pub(super) struct Links {
    open: HashMap<ConnId, Open>,
    /// Connections with something to say and, as far as known, credit.
    queue: VecDeque<ConnId>,
    /// Connections with something to say and no credit.
    waiting: FuturesUnordered<Waiting>,
}

#[derive(Debug)]
struct Open {
    link: Link,
    /// In `queue` or in `waiting`.
    listed: bool,
}

impl Links {
    pub(super) fn insert(&mut self, conn: ConnId, link: Link) {
        self.open.insert(conn, Open { link, listed: false });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether there is something to pull that nothing has to be waited for.
    pub(super) fn is_busy(&self) -> bool {
        !self.queue.is_empty()
    }

    /// `conn` has something to say.
    pub(super) fn ready(&mut self, conn: ConnId) {
        if let Some(open) = self.open.get_mut(&conn)
            && !open.listed
        {
            open.listed = true;
            self.queue.push_back(conn);
        }
    }

    /// Pulls what there is credit for, in turns, a bounded number of messages.
    pub(super) fn pull(&mut self, speaker: &mut Speaker) {
        let mut left = TURN;
        while left > 0
            && let Some(conn) = self.queue.pop_front()
        {
            let Some(open) = self.open.get_mut(&conn) else { continue };
            match open.pull(conn, speaker) {
                Pulled::Everything => open.listed = false,
                Pulled::Share => self.queue.push_back(conn),
                Pulled::UntilFull => {
                    let wait = open.link.wait();
                    self.waiting.push(Box::pin(async move { (conn, wait.await) }));
                }
            }
            left = left.saturating_sub(SHARE);
        }
    }

    /// Resolves once connections that had no credit have some; pends while none is waited for.
    pub(super) async fn credited(&mut self) {
        let Some(first) = self.waiting.next().await else { return std::future::pending().await };
        let more = std::iter::from_fn(|| self.waiting.next().now_or_never().flatten());
        // The slots go back into their windows; the next pull takes them from there.
        self.queue.extend(std::iter::once(first).chain(more).map(|(conn, _slot)| conn));
    }

    /// Closes `conn` after what it still has to say.
    pub(super) fn close(&mut self, conn: ConnId, speaker: &mut Speaker) {
        if let Some(open) = self.open.remove(&conn) {
            let last: Vec<Bytes> = std::iter::from_fn(|| speaker.poll_transmit(conn)).take(LAST).collect();
            open.link.close(last);
        }
    }
}

enum Pulled {
    Everything,
    Share,
    UntilFull,
}

impl Open {
    fn pull(&self, conn: ConnId, speaker: &mut Speaker) -> Pulled {
        for _ in 0..SHARE {
            let Some(slot) = self.link.credit() else { return Pulled::UntilFull };
            match speaker.poll_transmit(conn) {
                Some(message) => slot.fill(message),
                None => return Pulled::Everything,
            }
        }
        Pulled::Share
    }
}
