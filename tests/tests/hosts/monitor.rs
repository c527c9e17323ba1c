//! Listening to a kernel: every change of its routes, as `ip monitor` sees them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use rtnetlink::packet_core::{NetlinkMessage, NetlinkPayload};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::route::{RouteMessage, RouteProtocol};
use rtnetlink::sys::AsyncSocket;
use rtnetlink::{MulticastGroup, new_multicast_connection};
use tests::kernel::Way;
use tests::netns::Netns;
use tests::route_text;
use tokio::sync::oneshot;

use crate::host::Host;
use crate::wires::foreign;

/// A change of a routing table; routes as `ip route` prints their first line, devices by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A route came, or took another's place.
    Came(String),
    /// A route went.
    Went(String),
    /// There were more changes than the listener had room for.
    Untold,
}

/// A listener to one kernel, from its start until it is dropped.
pub(crate) struct Monitor {
    changes: Arc<Mutex<Vec<Change>>>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Monitor {
    /// Listens to the kernel of `host` from now on.
    pub(crate) fn of(host: &Host) -> Self {
        let changes = Arc::new(Mutex::new(Vec::new()));
        let (end, ended) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let (place, book) = (Arc::clone(&host.place), Arc::clone(&changes));
        let thread = thread::spawn(move || listen(&place, &book, ready, ended));
        is_ready.blocking_recv().expect("the listener starts");
        Self { changes, end: Some(end), thread: Some(thread) }
    }

    /// Whether there have been as many changes, or more than could be told.
    pub(crate) fn has_heard(&self, count: usize) -> bool {
        let changes = self.changes.lock().expect("nobody panicked");
        changes.len() >= count || changes.contains(&Change::Untold)
    }

    /// Every change of the table of `host` until now.
    pub(crate) fn changes(&self, host: &Host) -> Vec<Change> {
        // The kernel tells in order: once a change of our own is heard, so is everything before it.
        let fence = foreign(&format!("{FENCE}/128"), Way::Blackhole, RouteProtocol::Static);
        let before = self.changes.lock().expect("nobody panicked").len();
        host.kernel(|kernel| kernel.add_route(&fence).and_then(|()| kernel.delete_route(&fence)));
        host.until("the last change to be told", |_| {
            let changes = self.changes.lock().expect("nobody panicked");
            assert!(!changes.contains(&Change::Untold), "the kernel had more to tell than we could take");
            let told = changes.iter().skip(before).any(|change| change.ends(FENCE));
            let others = changes.iter().filter(|change| change.destination() != FENCE);
            told.then(|| others.cloned().collect()).ok_or("silence")
        })
    }

    /// The changes in which a route to one of `prefixes` went.
    pub(crate) fn deletions(&self, host: &Host, prefixes: &[&str]) -> Vec<Change> {
        let mut changes = self.changes(host);
        changes.retain(|change| prefixes.iter().any(|prefix| change.ends(prefix)));
        changes
    }
}

impl Change {
    fn ends(&self, prefix: &str) -> bool {
        matches!(self, Self::Went(_)) && self.destination() == prefix
    }

    fn destination(&self) -> &str {
        let (Self::Came(route) | Self::Went(route)) = self else { return "" };
        let route = route.strip_prefix("blackhole ").unwrap_or(route);
        route.split(' ').next().unwrap_or_default()
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // What the listener had to say it has said.
            let _ended = thread.join();
        }
    }
}

fn listen(
    place: &Netns,
    book: &Mutex<Vec<Change>>,
    ready: oneshot::Sender<()>,
    mut end: oneshot::Receiver<()>,
) {
    let listening = async move {
        let groups = [MulticastGroup::Ipv4Route, MulticastGroup::Ipv6Route];
        let (mut connection, _handle, mut messages) = new_multicast_connection(&groups).expect("a socket");
        connection.socket_mut().socket_ref().set_rx_buf_sz(BUFFER).expect("a larger buffer");
        let _connection = tokio::spawn(connection);
        ready.send(()).expect("somebody waits");
        while let Either::Left((Some((message, _)), _)) = select(messages.next(), &mut end).await {
            if let Some(change) = change(&message) {
                book.lock().expect("nobody panicked").push(change);
            }
        }
    };
    place
        .run(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(listening);
        })
        .expect("inside");
}

fn change(message: &NetlinkMessage<RouteNetlinkMessage>) -> Option<Change> {
    match &message.payload {
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewRoute(route)) => {
            Some(Change::Came(text(route)?))
        }
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelRoute(route)) => {
            Some(Change::Went(text(route)?))
        }
        NetlinkPayload::Overrun(_) => Some(Change::Untold),
        _ => None,
    }
}

fn text(route: &RouteMessage) -> Option<String> {
    route_text::lines(route, &BTreeMap::new()).into_iter().next()
}

/// An address that nobody uses and, being of one link only, nobody learns.
const FENCE: &str = "fe80::fe4c:ce";
/// Room for some thousand messages, where the kernel grants it.
const BUFFER: i32 = 8 << 20;
