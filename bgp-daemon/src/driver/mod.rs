//! The driver: one thread that owns the speaker, feeds it and does what it says.
//!
//! Inputs are handled in the order of their arrival and at the time of their arrival; timers due
//! before an input fire before it. So a busy moment never looks like a silent peer, and what is due
//! never waits for an empty inbox. Long work comes in slices: while one remains, the speaker's deadline
//! is now, and every turn does one slice, whatever else has come. A question waits for one input at most.

mod convergence;
mod inbox;
mod links;
mod occurrences;

pub(crate) use convergence::Stage;
pub use inbox::{Inbox, Permit, Stopped};
pub use occurrences::Occurrences;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::sync::Arc;
use std::thread;

use bgp_core::Instant;
use bgp_core::speaker::{Config, Input, Output, Speaker};
use tokio::sync::{oneshot, watch};
use tokio::task::yield_now;
use tokio::time::sleep_until;

use crate::chronicle::Chronicle;
use crate::clock::Clock;
use crate::fib;
use crate::log::Repeats;
use crate::transport::Dialer;
use convergence::Sample;
use inbox::{Arrival, Happening, Outlet, Question};
use links::Links;

/// Inputs handled in one turn.
const BATCH: usize = 64;

/// What the speaker's outputs reach.
#[derive(Debug)]
pub struct Outside {
    /// Connects to peers.
    pub dialer: Dialer,
    /// Programs the kernel; `None` where nobody does.
    pub kernel: Option<fib::Outbox>,
    /// Counts what happens.
    pub occurrences: Arc<Occurrences>,
    /// Hears how often peers have been told that we are about to leave, once all have been.
    pub drained: watch::Sender<u64>,
}

/// The way into a driver that does not run yet.
#[derive(Debug)]
pub struct Driver {
    clock: Clock,
    outlet: Outlet,
}

impl Driver {
    /// A driver on `clock`, and the way to reach it.
    #[must_use]
    pub fn new(clock: Clock) -> (Inbox, Self) {
        let (inbox, outlet) = Inbox::new(clock);
        (inbox, Self { clock, outlet })
    }

    /// Starts the speaker's thread, which hears `first` before it does anything; what is returned
    /// resolves when it has ended.
    ///
    /// # Errors
    ///
    /// Where the system has no thread to give.
    pub fn start(
        self,
        config: Config,
        first: Vec<Input>,
        outside: Outside,
    ) -> io::Result<oneshot::Receiver<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let (ended, end) = oneshot::channel();
        thread::Builder::new().name("speaker".to_owned()).spawn(move || {
            let now = self.clock.now();
            let speaker = Speaker::new(config, seed(), now);
            let links = Links::default();
            let Self { clock, outlet } = self;
            let (repeats, chronicle, sample) = Default::default();
            let (drains, settled, stopping) = (0, false, false);
            let mut turning = Turning {
                speaker,
                chronicle,
                clock,
                now,
                outlet,
                links,
                outside,
                repeats,
                sample,
                drains,
                settled,
                stopping,
            };
            first.into_iter().for_each(|input| turning.speaker.handle(input, now));
            runtime.block_on(turning.run());
            // Nobody may be waiting any more.
            let _ = ended.send(());
        })?;
        Ok(end)
    }
}

/// Seeds the jitter; two hosts started by one hand must not dial each other in step.
fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The running driver.
struct Turning {
    speaker: Speaker,
    clock: Clock,
    /// The latest time the speaker has been told.
    now: Instant,
    outlet: Outlet,
    links: Links,
    outside: Outside,
    /// What happened.
    chronicle: Chronicle,
    repeats: Repeats,
    /// News whose way is timed.
    sample: Sample,
    /// How often peers were to be told that we are about to leave.
    drains: u64,
    /// The speaker has settled and the kernel has not been told yet.
    settled: bool,
    stopping: bool,
}

/// What ended a rest.
enum Wake {
    Arrival(Arrival),
    Question(Question),
    Credit,
    Room,
    Deadline,
    Abandoned,
}

impl Turning {
    async fn run(&mut self) {
        loop {
            self.turn();
            if self.stopping && self.links.is_empty() {
                return;
            }
            if self.is_busy() {
                // Writers get their credit also while there is no rest.
                tokio::select! {
                    biased;
                    () = self.links.credited() => {}
                    () = yield_now() => {}
                }
                continue;
            }
            self.settle();
            match self.rest().await {
                Wake::Arrival(arrival) => self.take(arrival),
                Wake::Question(question) => question(&self.speaker, &self.chronicle, self.now),
                Wake::Credit | Wake::Room | Wake::Deadline => {}
                Wake::Abandoned => return,
            }
        }
    }

    fn turn(&mut self) {
        for _ in 0..BATCH {
            match self.outlet.arrivals.try_recv() {
                Ok(arrival) => self.take(arrival),
                Err(_) => break,
            }
            // Whoever looks does not wait for a turn full of UPDATEs.
            self.answer();
        }
        if self.outlet.arrivals.is_empty() {
            self.advance(self.clock.now());
        }
        self.time(Stage::Decided);
        self.outlet.tell(self.speaker.view().numbered());
        self.links.pull(&mut self.speaker);
        self.time(Stage::Sent);
        if let Some(kernel) = &mut self.outside.kernel {
            kernel.flush();
        }
        self.time(Stage::Wished);
        self.answer();
    }

    /// Notes when the news that are timed, if there are any, have come as far as `stage`.
    fn time(&mut self, stage: Stage) {
        if !self.sample.is_under_way() {
            return;
        }
        let is_there = match stage {
            Stage::Decided => !self.is_due(),
            Stage::Sent => !self.links.is_busy(),
            Stage::Wished => self.outside.kernel.as_ref().is_none_or(fib::Outbox::is_empty),
        };
        if is_there {
            self.sample.reach(stage, &self.outside.occurrences.convergence, self.clock.now());
        }
    }

    /// Answers one question, if there is any.
    fn answer(&mut self) {
        if let Ok(question) = self.outlet.questions.try_recv() {
            question(&self.speaker, &self.chronicle, self.now);
        }
    }

    fn take(&mut self, Arrival { at, happening }: Arrival) {
        self.advance(at);
        let input = match happening {
            Happening::Input(input) => input,
            Happening::Open { input, conn, link } => {
                self.links.insert(conn, link);
                input
            }
            Happening::Note(note) => {
                let number = self.speaker.next_number();
                return self.chronicle.note(number, self.now, note, &self.speaker);
            }
            Happening::Mark(reached) => {
                // Whoever waited may have gone away meanwhile.
                let _ = reached.send(());
                return;
            }
        };
        self.stopping |= matches!(input, Input::Stop { .. });
        self.drains += u64::from(matches!(input, Input::Drain));
        if let Input::NextHop { address, .. } = input {
            self.kernel(|kernel| kernel.answered(address));
        }
        let (is_news, before) = (matches!(input, Input::Received { .. }), self.speaker.best_changes());
        self.speaker.handle(input, self.now);
        if is_news && self.speaker.best_changes() != before {
            self.sample.begin(at);
        }
        self.heed();
    }

    /// Moves time on to `at`, never back, and fires what is due by then.
    fn advance(&mut self, at: Instant) {
        self.now = self.now.max(at);
        if self.is_due() {
            self.speaker.handle_timeout(self.now);
        }
        self.heed();
    }

    /// Does what the speaker says, at once: whoever asks what happened up to a number finds all of it.
    fn heed(&mut self) {
        while let Some(output) = self.speaker.poll_output() {
            self.perform(output);
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Connect { peer, name, remote, local } => {
                self.outside.dialer.connect(peer, name, remote, local);
            }
            Output::AbandonConnect { peer } => self.outside.dialer.abandon(peer),
            Output::Ready { conn } => self.links.ready(conn),
            Output::Close { conn } => {
                // The tasks linger on their own; for the speaker the connection is over.
                self.links.close(conn, &mut self.speaker);
                self.speaker.handle(Input::Closed { conn }, self.now);
            }
            Output::Event { number, at, event } => {
                self.outside.occurrences.note(&event);
                let times = self.repeats.tell(&event, self.now);
                if times > 0 {
                    self.chronicle.tell(number, at, &event, times, &self.speaker);
                }
            }
            // Sessions that end because we leave take their routes along; the kernel keeps them.
            Output::Fib(_) | Output::FibSet(_) if self.stopping => {}
            Output::FibSet(set) => self.kernel(|kernel| kernel.want_set(set)),
            Output::Fib(change) => self.kernel(|kernel| kernel.want(change)),
            Output::FibSettled => self.settled = true,
            Output::Drained => drop(self.outside.drained.send_replace(self.drains)),
            Output::Track { address, watch } => self.kernel(|kernel| kernel.track(address, watch)),
            unknown => tracing::warn!(event = "driver.output", output = ?unknown, "not understood"),
        }
    }

    /// Lets the kernel's leftovers go once nothing is under way that could still become a wish: a next
    /// hop that has not been looked up yet looks like an unreachable one, and its routes like unwanted ones.
    fn settle(&mut self) {
        if self.settled
            && let Some(kernel) = &mut self.outside.kernel
            && kernel.is_answered()
        {
            self.settled = false;
            kernel.settle();
            kernel.flush();
        }
    }

    fn kernel(&mut self, act: impl FnOnce(&mut fib::Outbox)) {
        if let Some(kernel) = &mut self.outside.kernel {
            act(kernel);
        }
    }

    fn is_busy(&self) -> bool {
        !self.outlet.arrivals.is_empty() || self.links.is_busy() || self.is_due()
    }

    /// Whether the speaker has work that is due.
    fn is_due(&self) -> bool {
        self.speaker.poll_timeout().is_some_and(|deadline| deadline.at <= self.now)
    }

    async fn rest(&mut self) -> Wake {
        let deadline = self.speaker.poll_timeout().map(|deadline| self.clock.wake(deadline.at));
        let due = async {
            match deadline {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let room = async {
            match &self.outside.kernel {
                Some(kernel) => kernel.room().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            arrival = self.outlet.arrivals.recv() => arrival.map_or(Wake::Abandoned, Wake::Arrival),
            Some(question) = self.outlet.questions.recv() => Wake::Question(question),
            () = self.links.credited() => Wake::Credit,
            () = room => Wake::Room,
            () = due => Wake::Deadline,
        }
    }
}
