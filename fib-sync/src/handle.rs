//! The front: a handle that takes wishes and a stream of events. Both ways are bounded.

use std::io;

use ipnet::IpNet;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::netlink::{Inboxes, Keeper};
use crate::{
    Config, Event, Hop, Inspection, Leftover, Listing, Metrics, NextHop, NotReconfigured, Page, Resolution,
    Route, SetId, Snapshot, Trace,
};

/// Starts to keep the table of `config`, in the network namespace of the calling thread.
///
/// Spawns one task on the current tokio runtime, and a thread that does nothing but send, because the kernel
/// works inside of that call. Nothing is written before the first whole view of the table has been read, and
/// nothing is swept before [`Handle::settle`].
///
/// # Errors
/// Where the netlink socket cannot be opened or set up, and (`InvalidInput`) where [`Config::check`] fails.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn start(config: Config) -> io::Result<(Handle, Events)> {
    let (wishes, wish_inbox) = mpsc::channel(WISHES);
    let (requests, request_inbox) = mpsc::channel(REQUESTS);
    let (outbox, events) = mpsc::channel(EVENTS);
    let inboxes = Inboxes { wishes: wish_inbox, requests: request_inbox, events: outbox };
    config.check().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    tokio::spawn(Keeper::open(config, inboxes)?.run());
    Ok((Handle { wishes, requests }, Events { events }))
}

/// Takes wishes for one table. Cheap to clone; when the last one is dropped the task stops and the routes stay.
///
/// Whatever is asked or ordered counts after every wish sent before it through the same handle.
#[derive(Clone, Debug)]
pub struct Handle {
    wishes: mpsc::Sender<Wish>,
    requests: mpsc::Sender<Request>,
}

impl Handle {
    /// Wishes `prefix` to lead along `route`, or (`None`) not to be ours at all. A later wish replaces an
    /// earlier one. Waits while too many wishes are on their way to the kernel.
    ///
    /// # Errors
    /// When the task has stopped.
    pub async fn want(&self, prefix: IpNet, route: Option<Route>) -> Result<(), Stopped> {
        self.wishes.send(Wish::Route(prefix.trunc(), route)).await.map_err(|_| Stopped)
    }

    /// Wishes the set `set` to have these hops: every route through it ([`Forwarding::Through`]) follows, with one
    /// message to the kernel where next-hop objects carry sets ([`Config::next_hop_objects`]). The caller chooses the
    /// numbers of sets. While a set has no hops its routes stay as they are. `None` gives up the set; its routes should have
    /// been wished elsewhere before.
    ///
    /// Counts in order with the wishes sent through this handle.
    ///
    /// # Errors
    /// When the task has stopped.
    ///
    /// [`Forwarding::Through`]: crate::Forwarding::Through
    pub async fn want_set(&self, set: SetId, hops: Option<Vec<Hop>>) -> Result<(), Stopped> {
        self.wishes.send(Wish::Set(set, hops)).await.map_err(|_| Stopped)
    }

    /// Says that everything that is to be wished at start has been: what is ours and not wished may go.
    /// Counts after all wishes sent before it through this handle.
    ///
    /// # Errors
    /// When the task has stopped.
    pub async fn settle(&self) -> Result<(), Stopped> {
        self.wishes.send(Wish::Settle).await.map_err(|_| Stopped)
    }

    /// Sweeps what the brake had held ([`Metrics::held`]). Called before [`settle`](Self::settle) it sweeps whatever
    /// is not wished yet.
    ///
    /// # Errors
    /// When the task has stopped.
    pub async fn sweep_anyway(&self) -> Result<(), Stopped> {
        self.wishes.send(Wish::SweepAnyway).await.map_err(|_| Stopped)
    }

    /// Watches how an address is reached, with a [`NextHop`] over one interface: an [`Event::Resolved`] comes at
    /// once and on every change.
    ///
    /// The longest match decides, over connected prefixes, foreign routes and those routes of ours that are said to
    /// carry next hops ([`Route::carrying`]). A route's gateway counts only while it is on its link.
    ///
    /// # Errors
    /// When the task has stopped.
    pub async fn track(&self, next_hop: impl Into<NextHop>) -> Result<(), Stopped> {
        self.requests.send(Request::Track(next_hop.into())).await.map_err(|_| Stopped)
    }

    /// Stops watching.
    ///
    /// # Errors
    /// When the task has stopped.
    pub async fn untrack(&self, next_hop: impl Into<NextHop>) -> Result<(), Stopped> {
        self.requests.send(Request::Untrack(next_hop.into())).await.map_err(|_| Stopped)
    }

    /// How an address is reached by now, whether it is watched or not.
    ///
    /// # Errors
    /// When the task has stopped.
    pub async fn look_up(&self, next_hop: impl Into<NextHop>) -> Result<Option<Resolution>, Stopped> {
        let (answer, question) = oneshot::channel();
        self.requests.send(Request::LookUp(next_hop.into(), answer)).await.map_err(|_| Stopped)?;
        question.await.map_err(|_| Stopped)
    }

    /// How an address is reached by now, and what says so.
    ///
    /// # Errors
    /// When the task has stopped.
    pub async fn trace(&self, next_hop: impl Into<NextHop>) -> Result<Trace, Stopped> {
        let (answer, question) = oneshot::channel();
        self.requests.send(Request::Trace(next_hop.into(), answer)).await.map_err(|_| Stopped)?;
        question.await.map_err(|_| Stopped)
    }

    /// Everything there is at one prefix: ours, and what others have there.
    ///
    /// # Errors
    /// When the task has stopped.
    pub async fn inspect(&self, prefix: IpNet) -> Result<Inspection, Stopped> {
        let (answer, question) = oneshot::channel();
        self.requests.send(Request::Inspect(prefix, answer)).await.map_err(|_| Stopped)?;
        question.await.map_err(|_| Stopped)
    }

    /// The state of the table in numbers. Costs the same however many routes there are, and is answered
    /// however busy the table is.
    ///
    /// # Errors
    /// When the task has stopped.
    pub async fn metrics(&self) -> Result<Metrics, Stopped> {
        let (answer, question) = oneshot::channel();
        self.requests.send(Request::Metrics(answer)).await.map_err(|_| Stopped)?;
        question.await.map_err(|_| Stopped)
    }

    /// Prefixes of ours behind `after`, or from the first one on, in order. At most `most` prefixes are looked
    /// at, so that nobody waits long for the table; ask on with [`Page::next`]. What changes between two pages
    /// is seen or not.
    ///
    /// # Errors
    /// When the task has stopped.
    pub async fn page(&self, which: Listing, after: Option<IpNet>, most: usize) -> Result<Page, Stopped> {
        let (answer, question) = oneshot::channel();
        let request = Request::Page { which, after, most, answer };
        self.requests.send(request).await.map_err(|_| Stopped)?;
        question.await.map_err(|_| Stopped)
    }

    /// The whole state of the table at one moment. The table does nothing else while it is copied: for tests
    /// and small tables; otherwise [`metrics`](Self::metrics) and [`page`](Self::page) suffice.
    ///
    /// # Errors
    /// When the task has stopped.
    pub async fn snapshot(&self) -> Result<Snapshot, Stopped> {
        let (answer, question) = oneshot::channel();
        self.requests.send(Request::Snapshot(answer)).await.map_err(|_| Stopped)?;
        question.await.map_err(|_| Stopped)
    }

    /// Keeps the table by new rules from now on. What is learned or not by them is told as [`Event::Learned`] and
    /// [`Event::Lost`]; routes move to another metric without a gap.
    ///
    /// # Errors
    /// See [`NotReconfigured`]: table and protocol stay as they were at start.
    pub async fn reconfigure(&self, config: Config) -> Result<(), NotReconfigured> {
        let (answer, question) = oneshot::channel();
        let request = Request::Reconfigure(Box::new(config), answer);
        self.requests.send(request).await.map_err(|_| NotReconfigured::Stopped)?;
        question.await.map_err(|_| NotReconfigured::Stopped)?
    }

    /// Removes every route of ours and ends: for leaving a host for good. Returns once none is left, or none
    /// more has gone for ten seconds, with what stayed.
    ///
    /// # Errors
    /// When the task has stopped before.
    pub async fn remove_all(&self) -> Result<Leftover, Stopped> {
        let (answer, question) = oneshot::channel();
        self.requests.send(Request::RemoveAll(answer)).await.map_err(|_| Stopped)?;
        question.await.map_err(|_| Stopped)
    }

    /// Finishes what is wished and reachable now, then ends; all routes stay in the kernel. Gives up where nothing
    /// has come of it for ten seconds.
    ///
    /// # Errors
    /// When the task has stopped before.
    pub async fn stop(&self) -> Result<(), Stopped> {
        let (answer, question) = oneshot::channel();
        self.requests.send(Request::Stop(answer)).await.map_err(|_| Stopped)?;
        question.await.map_err(|_| Stopped)
    }
}

/// What the table tells, in order. Not reading slows nobody: changes are kept per prefix and address.
#[derive(Debug)]
pub struct Events {
    events: mpsc::Receiver<Event>,
}

impl Events {
    /// The next event; `None` once the task has stopped. Safe to cancel.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// The next event if there is one already.
    pub fn try_next(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }
}

/// The task behind a [`Handle`] has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the table is no longer kept")]
pub struct Stopped;

/// What travels in the bounded channel that is read only while the kernel keeps up.
#[derive(Debug)]
pub(crate) enum Wish {
    Route(IpNet, Option<Route>),
    Set(SetId, Option<Vec<Hop>>),
    Settle,
    SweepAnyway,
}

/// What is answered however busy the kernel is.
#[derive(Debug)]
pub(crate) enum Request {
    Track(NextHop),
    Untrack(NextHop),
    LookUp(NextHop, oneshot::Sender<Option<Resolution>>),
    Trace(NextHop, oneshot::Sender<Trace>),
    Inspect(IpNet, oneshot::Sender<Inspection>),
    Metrics(oneshot::Sender<Metrics>),
    Page { which: Listing, after: Option<IpNet>, most: usize, answer: oneshot::Sender<Page> },
    Snapshot(oneshot::Sender<Snapshot>),
    Reconfigure(Box<Config>, oneshot::Sender<Result<(), NotReconfigured>>),
    RemoveAll(oneshot::Sender<Leftover>),
    Stop(oneshot::Sender<()>),
}

const WISHES: usize = 1024;
const REQUESTS: usize = 64;
const EVENTS: usize = 1024;
