//! Open connections and their credit: a message is pulled from the speaker only when its writer has
//! room, so a slow peer costs a place in a journal and not a queue.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;

use bgp_core::speaker::{ConnId, Speaker};
use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use crate::transport::Link;

/// Messages pulled for one connection, to be written together, before the next has its turn.
const SHARE: usize = 16;

/// Octets after which it is the next one's turn although there may be more messages.
const ENOUGH: usize = 64 * 1024;

/// Messages pulled in one turn of the driver: with a write for each a millisecond or two.
const TURN: usize = 256;

/// Messages a closing connection is still given: a NOTIFICATION, and what had to come before it.
const LAST: usize = 16;

type Waiting = Pin<Box<dyn Future<Output = ConnId> + Send>>;

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
            let (pulled, messages) = open.pull(conn, speaker);
            match pulled {
                Pulled::Everything => open.listed = false,
                Pulled::Share => self.queue.push_back(conn),
                Pulled::UntilFull => {
                    let wait = open.link.wait();
                    self.waiting.push(Box::pin(async move {
                        wait.await;
                        conn
                    }));
                }
            }
            left = left.saturating_sub(messages.max(1));
        }
    }

    /// Resolves once connections that had no credit have some; pends while none is waited for.
    pub(super) async fn credited(&mut self) {
        let Some(first) = self.waiting.next().await else { return std::future::pending().await };
        let more = std::iter::from_fn(|| self.waiting.next().now_or_never().flatten());
        self.queue.extend(std::iter::once(first).chain(more));
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
    /// Pulls a share and hands it over in one piece: how it ended, and how many messages it was.
    fn pull(&mut self, conn: ConnId, speaker: &mut Speaker) -> (Pulled, usize) {
        let room = self.link.room().min(SHARE);
        if room == 0 {
            return (Pulled::UntilFull, 0);
        }
        let (mut messages, mut octets) = (Vec::new(), 0);
        let mut pulled = Pulled::Share;
        while messages.len() < room && octets < ENOUGH {
            let Some(message) = speaker.poll_transmit(conn) else {
                pulled = Pulled::Everything;
                break;
            };
            octets += message.len();
            messages.push(message);
        }
        let count = messages.len();
        if count > 0 {
            self.link.send(messages);
        }
        (pulled, count)
    }
}
