//! The task behind a handle: it carries bytes, answers and time to the reconciler, and its output away.

use std::io;
use std::time::Duration;

use rtnetlink::packet_core::{NLM_F_APPEND, NLM_F_MULTIPART, NLM_F_REPLACE};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant as Clock, sleep_until};

use super::answer::Answer;
use super::decode::{self, Header};
use super::encode::{self, List};
use super::filter;
use super::object;
use super::pipeline::{Ended, Pipeline};
use super::reading::{self, Next, Reading};
use super::route::route;
use super::sender::{Batch, Sender, Unsent};
use super::socket::{NetlinkSocket, Received};
use crate::handle::{Request, Wish};
use crate::{Config, Event, Instant, Leftover, Output, Place, Reconciler, Seen};

/// The ends of the channels of a handle.
#[derive(Debug)]
pub(crate) struct Inboxes {
    pub(crate) wishes: mpsc::Receiver<Wish>,
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) events: mpsc::Sender<Event>,
}

/// Keeps one table over one socket.
pub(crate) struct Keeper {
    reconciler: Reconciler,
    table: u32,
    socket: NetlinkSocket,
    sender: Sender,
    pipeline: Pipeline,
    reading: Option<Reading>,
    epoch: Clock,
    inboxes: Inboxes,
    leaving: Option<Leaving>,
}

/// What the task woke up for.
#[derive(Debug)]
enum Woken {
    Timer,
    /// There is something to tell; false: nobody listens.
    Listener(bool),
    Wish(Option<Wish>),
    Request(Option<Request>),
    Socket(io::Result<Received>),
    Unsent(Unsent),
}

/// How the task is to end.
#[derive(Debug)]
enum Leaving {
    /// With all routes in place.
    Stopping(Patience, oneshot::Sender<()>),
    /// With none of ours.
    Removing(Patience, oneshot::Sender<Leftover>),
    /// Nobody holds a handle any more.
    Dropped,
}

/// How long an orderly end waits: as long as something comes of it.
#[derive(Clone, Copy, Debug)]
struct Patience {
    until: Clock,
    done: u64,
}

impl Patience {
    /// From now on, where this many operations are done.
    fn new(done: u64) -> Self {
        Self { until: Clock::now() + LAST_WORDS, done }
    }

    /// Whether nothing has come of it for too long.
    fn is_over(&mut self, done: u64) -> bool {
        if self.done != done {
            *self = Self::new(done);
        }
        self.until <= Clock::now()
    }
}

impl Keeper {
    /// Opens the socket: from here on no event is missed.
    pub(crate) fn open(mut config: Config, inboxes: Inboxes) -> io::Result<Self> {
        let socket = NetlinkSocket::open()?;
        config.in_flight = config.in_flight.min(socket.room()).max(1);
        Ok(Self {
            table: config.table,
            reconciler: Reconciler::new(config),
            sender: Sender::start(socket.sending_half()?)?,
            socket,
            pipeline: Pipeline::default(),
            reading: None,
            epoch: Clock::now(),
            inboxes,
            leaving: None,
        })
    }

    /// Runs until told to stop, or until the socket fails, which is logged.
    pub(crate) async fn run(mut self) {
        let mut buffer = Vec::with_capacity(DATAGRAM);
        loop {
            match self.step(&mut buffer).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return tracing::error!(%error, "the netlink socket failed"),
            }
        }
    }

    /// False: all is done, the task ends.
    async fn step(&mut self, buffer: &mut Vec<u8>) -> io::Result<bool> {
        self.carry_out(buffer)?;
        if self.has_left() {
            return Ok(false);
        }
        let woken = self.wait(buffer).await;
        self.reconciler.handle_timeout(self.now());
        match woken {
            Woken::Timer => {}
            Woken::Listener(true) => self.tell(),
            // What is told is told to nobody.
            Woken::Listener(false) => while self.reconciler.poll_event().is_some() {},
            Woken::Wish(wish) => self.wished(wish),
            Woken::Request(request) => {
                // Whoever asks after a wish of theirs, or what has become of it, means the state with both. What waits
                // is bounded by its channel.
                self.read_waiting(buffer)?;
                self.take_sent();
                self.requested(request);
            }
            Woken::Socket(received) => self.take_in(received?, buffer)?,
            Woken::Unsent(unsent) => self.unsent(unsent),
        }
        Ok(true)
    }

    /// Whatever comes first.
    async fn wait(&mut self, buffer: &mut Vec<u8>) -> Woken {
        let deadline = self.deadline();
        let tells = self.reconciler.has_event();
        // Back-pressure: whoever wishes faster than the kernel writes has to wait.
        let takes_wishes = self.leaving.is_none() && self.reconciler.backlog() < BACKLOG;
        let takes_requests = self.leaving.is_none();
        let Inboxes { wishes, requests, events } = &mut self.inboxes;
        tokio::select! {
            permit = events.reserve(), if tells => Woken::Listener(permit.is_ok()),
            wish = wishes.recv(), if takes_wishes => Woken::Wish(wish),
            request = requests.recv(), if takes_requests => Woken::Request(request),
            received = self.socket.receive(buffer) => Woken::Socket(received),
            unsent = self.sender.unsent() => Woken::Unsent(unsent),
            () = sleep_until(deadline) => Woken::Timer,
        }
    }

    /// Sends batches while there is something to do and room for it, but not for ever: a hand that undoes at once
    /// what is done must not keep wishes and deadlines waiting. The answer to the last batch brings the next turn.
    fn carry_out(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        for _ in 0..BATCHES {
            if !self.has_work() {
                break;
            }
            // What is decided now should know everything said by now: the kernel replaces blindly.
            self.read_waiting(buffer)?;
            self.fill_batch()?;
            // While the kernel is busy, a batch waits until it is full.
            let goes = self.pipeline.is_full() || self.pipeline.is_idle();
            let Some(batch) = goes.then(|| self.pipeline.take_batch()).flatten() else { break };
            self.sender.send(batch)?;
        }
        Ok(())
    }

    /// Whether deciding may end in a batch to send: while the kernel is busy only a full one goes.
    fn has_work(&self) -> bool {
        self.pipeline.is_idle() || self.reconciler.backlog() >= self.pipeline.room()
    }

    fn fill_batch(&mut self) -> io::Result<()> {
        let now = self.now();
        while !self.pipeline.is_full() {
            match self.reconciler.poll_output(now) {
                Some(Output::Apply(ticket, operation)) => self.pipeline.push(ticket, &operation, self.table),
                Some(Output::Arrange(ticket, operation)) => self.pipeline.push_object(ticket, &operation),
                Some(Output::Read) => self.ask(reading::FIRST)?,
                None => break,
            }
        }
        Ok(())
    }

    fn ask(&mut self, list: List) -> io::Result<()> {
        let sequence = self.pipeline.next_sequence();
        match &mut self.reading {
            Some(reading) => reading.asked(list, sequence),
            None => self.reading = Some(Reading::start(sequence)),
        }
        self.sender.send(Batch { sequence, octets: encode::list(list, self.table, sequence) })
    }

    /// The kernel did not take a batch, or the request of a list.
    fn unsent(&mut self, Unsent { sequence, error }: Unsent) {
        if self.reading.as_ref().is_some_and(|reading| reading.is_mine(sequence)) {
            tracing::warn!(%error, "cannot ask for a list");
            self.reading = None;
            return self.reconciler.observe(Seen::Failed, self.now());
        }
        let errno = error.raw_os_error().unwrap_or_default();
        let answer = Answer { errno, text: error.to_string(), attribute: None };
        let ended = self.pipeline.unsent(sequence, &answer);
        self.ended(ended, self.now());
    }

    /// Reads what is there, but not for ever: wishes and deadlines want their turn.
    fn read_waiting(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        for _ in 0..DATAGRAMS {
            match self.socket.receive_more(buffer)? {
                Received::Nothing => break,
                received @ (Received::Datagram | Received::Overrun) => self.take_in(received, buffer)?,
            }
        }
        Ok(())
    }

    fn take_in(&mut self, received: Received, buffer: &[u8]) -> io::Result<()> {
        match received {
            Received::Nothing => Ok(()),
            Received::Overrun => {
                self.pipeline.forget();
                self.reconciler.observe(Seen::Overrun, self.now());
                Ok(())
            }
            Received::Datagram => {
                let now = self.now();
                decode::messages(buffer).try_for_each(|(header, payload)| self.message(header, payload, now))
            }
        }
    }

    fn message(&mut self, header: Header, payload: &[u8], now: Instant) -> io::Result<()> {
        if filter::is_hushed(&header, self.socket.port()) {
            return Ok(());
        }
        let is_part = header.port == self.socket.port() && header.flags & NLM_F_MULTIPART != 0;
        let mut reading = self.reading.as_mut().filter(|reading| is_part && reading.is_mine(header.sequence));
        if let Some(reading) = &mut reading {
            reading.note(header.flags);
        }
        let seen = match (header.kind, reading) {
            (decode::NLMSG_ERROR | decode::NLMSG_DONE, _) => return self.answer(&header, payload, now),
            (decode::RTM_NEWROUTE, Some(reading)) => reading.listed(payload, self.table),
            _ => seen(&header, payload, self.table),
        };
        if let Some(seen) = seen {
            self.reconciler.observe(seen, now);
        }
        Ok(())
    }

    fn answer(&mut self, header: &Header, payload: &[u8], now: Instant) -> io::Result<()> {
        let Some(answer) = decode::answer(header, payload) else { return Ok(()) };
        let next = match &self.reading {
            Some(reading) if reading.is_mine(header.sequence) => reading.answered(&answer),
            Some(_) | None => {
                let ended = self.pipeline.answered(header.sequence, answer);
                self.ended(ended, now);
                return Ok(());
            }
        };
        match next {
            Next::Ask(list) => self.ask(list),
            Next::Ended(seen) => {
                self.reading = None;
                self.reconciler.observe(seen, now);
                Ok(())
            }
        }
    }

    fn ended(&mut self, ended: Vec<Ended>, now: Instant) {
        for (ticket, result) in ended {
            self.reconciler.done(ticket, result, now);
        }
    }

    /// Tells as much as the channel takes.
    fn tell(&mut self) {
        while self.reconciler.has_event() {
            let Ok(permit) = self.inboxes.events.try_reserve() else { return };
            let Some(event) = self.reconciler.poll_event() else { return };
            permit.send(event);
        }
    }

    fn wished(&mut self, wish: Option<Wish>) {
        let Some(wish) = wish else {
            self.leaving = Some(Leaving::Dropped);
            return;
        };
        self.take(wish);
        self.take_waiting();
    }

    fn take_waiting(&mut self) {
        while self.reconciler.backlog() < BACKLOG {
            let Ok(wish) = self.inboxes.wishes.try_recv() else { return };
            self.take(wish);
        }
    }

    /// Takes whatever was wished by now, however much waits for the kernel.
    fn take_sent(&mut self) {
        for _ in 0..self.inboxes.wishes.len() {
            let Ok(wish) = self.inboxes.wishes.try_recv() else { return };
            self.take(wish);
        }
    }

    fn take(&mut self, wish: Wish) {
        match wish {
            Wish::Route(prefix, route) => self.reconciler.want(prefix, route),
            Wish::Set(set, hops) => self.reconciler.want_set(set, hops),
            Wish::Settle => self.reconciler.settle(),
            Wish::SweepAnyway => self.reconciler.sweep_anyway(),
        }
    }

    fn requested(&mut self, request: Option<Request>) {
        match request {
            None => self.leaving = Some(Leaving::Dropped),
            Some(Request::Track(next_hop)) => self.reconciler.track(next_hop),
            Some(Request::Untrack(next_hop)) => self.reconciler.untrack(&next_hop),
            // Whoever asked may have gone, here as below.
            Some(Request::LookUp(next_hop, answer)) => drop(answer.send(self.reconciler.look_up(&next_hop))),
            Some(Request::Trace(next_hop, answer)) => drop(answer.send(self.reconciler.trace(&next_hop))),
            Some(Request::Inspect(prefix, answer)) => drop(answer.send(self.reconciler.inspect(&prefix))),
            Some(Request::Metrics(answer)) => drop(answer.send(self.reconciler.metrics())),
            Some(Request::Page { which, after, most, answer }) => {
                drop(answer.send(self.reconciler.page(which, after, most)));
            }
            Some(Request::Reconfigure(mut config, answer)) => {
                config.in_flight = config.in_flight.min(self.socket.room()).max(1);
                let _ = answer.send(self.reconciler.reconfigure(*config));
            }
            Some(Request::Snapshot(answer)) => drop(answer.send(self.reconciler.snapshot())),
            Some(Request::Stop(answer)) => {
                self.leaving = Some(Leaving::Stopping(Patience::new(self.done()), answer));
            }
            Some(Request::RemoveAll(answer)) => {
                self.reconciler.remove_all();
                self.leaving = Some(Leaving::Removing(Patience::new(self.done()), answer));
            }
        }
    }

    /// Whether the task is to end now; answers who asked for it.
    fn has_left(&mut self) -> bool {
        let idle = self.reconciler.is_quiet() || !self.reconciler.is_synced();
        let done = self.done();
        let leaves = match &mut self.leaving {
            None => false,
            Some(Leaving::Dropped) => true,
            Some(Leaving::Stopping(patience, _)) => idle || patience.is_over(done),
            Some(Leaving::Removing(patience, _)) => self.reconciler.is_gone() || patience.is_over(done),
        };
        if leaves {
            // Whoever asked may have gone.
            match self.leaving.take() {
                Some(Leaving::Stopping(_, answer)) => drop(answer.send(())),
                Some(Leaving::Removing(_, answer)) => drop(answer.send(self.reconciler.leftover())),
                Some(Leaving::Dropped) | None => {}
            }
        }
        leaves
    }

    fn deadline(&self) -> Clock {
        let own = match &self.leaving {
            Some(Leaving::Stopping(patience, _) | Leaving::Removing(patience, _)) => Some(patience.until),
            Some(Leaving::Dropped) | None => None,
        };
        let timer = self.reconciler.poll_timeout();
        let timer = timer.map(|at| self.epoch + Duration::from_micros(at.as_micros()));
        own.into_iter().chain(timer).min().unwrap_or_else(|| Clock::now() + IDLE)
    }

    fn done(&self) -> u64 {
        self.reconciler.counters().done
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.epoch.elapsed()
    }
}

/// What a message says that is no answer and lists no route.
pub(super) fn seen(header: &Header, payload: &[u8], table: u32) -> Option<Seen> {
    match header.kind {
        decode::RTM_NEWROUTE => {
            let route = route(payload, table)?;
            let place = match header.flags {
                flags if flags & NLM_F_REPLACE != 0 => Place::Instead,
                flags if flags & NLM_F_APPEND != 0 => Place::Last,
                _ => Place::First,
            };
            Some(Seen::Added { route, place })
        }
        decode::RTM_DELROUTE => route(payload, table).map(Seen::Removed),
        decode::RTM_NEWLINK if !decode::is_bridge_port(payload) => decode::link(payload).map(Seen::Link),
        decode::RTM_DELLINK if !decode::is_bridge_port(payload) => {
            decode::link_index(payload).map(Seen::LinkGone)
        }
        decode::RTM_NEWADDR => decode::interface_address(payload).map(Seen::Address),
        object::RTM_NEWNEXTHOP => object::object(payload).map(Seen::Object),
        object::RTM_DELNEXTHOP => object::object(payload).map(|object| Seen::ObjectGone(object.id)),
        decode::RTM_DELADDR => decode::interface_address(payload).map(Seen::AddressGone),
        _ => None,
    }
}

/// The kernel's largest datagram of a reading.
const DATAGRAM: usize = 64 << 10;
/// Datagrams read in one turn.
const DATAGRAMS: usize = 1024;
/// Batches sent in one turn.
const BATCHES: usize = 64;
/// Wishes that wait for their turn before no more are taken.
const BACKLOG: usize = 8192;
/// How long an orderly end waits for the next operation to be carried out.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// Sleeping without a reason to wake.
const IDLE: Duration = Duration::from_secs(3600);
