//! What reaches the speaker's thread: inputs in the order of their arrival, and questions.

use bgp_core::Instant;
use bgp_core::speaker::{ConnId, Input, Speaker};
use tokio::sync::{mpsc, oneshot, watch};

use crate::chronicle::{Chronicle, Note};
use crate::clock::Clock;
use crate::transport::Link;

/// Inputs that may wait. With chunks of 32 KiB this is at most 8 MiB of UPDATEs, a few tenths of a
/// second of work: so far can a KEEPALIVE be late, and there the peers' senders stop.
const INPUTS: usize = 256;

/// Questions that may wait.
const QUESTIONS: usize = 64;

/// Something that happened, and when.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) at: Instant,
    pub(super) happening: Happening,
}

#[derive(Debug)]
pub(super) enum Happening {
    /// As the speaker knows it.
    Input(Input),
    /// A new connection and the means to write to it.
    Open { input: Input, conn: ConnId, link: Link },
    /// Outside of the speaker, and to be remembered.
    Note(Note),
    /// Somebody waits until all that was told before is done.
    Mark(oneshot::Sender<()>),
}

/// A question, answered on the speaker's thread between two pieces of work.
pub(super) type Question = Box<dyn FnOnce(&Speaker, &Chronicle, Instant) + Send>;

/// The ends that the driver keeps.
#[derive(Debug)]
pub(super) struct Outlet {
    pub(super) arrivals: mpsc::Receiver<Arrival>,
    pub(super) questions: mpsc::Receiver<Question>,
    /// Hears the number of what happened last.
    news: watch::Sender<u64>,
}

impl Outlet {
    /// Wakes whoever waits for something to happen, where something has.
    pub(super) fn tell(&self, numbered: u64) {
        self.news.send_if_modified(|before| std::mem::replace(before, numbered) != numbered);
    }
}

/// The way to the speaker: tell it something, or ask.
#[derive(Clone, Debug)]
pub struct Inbox {
    clock: Clock,
    arrivals: mpsc::Sender<Arrival>,
    questions: mpsc::Sender<Question>,
    news: watch::Receiver<u64>,
}

/// The speaker's thread has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the speaker has stopped")]
pub struct Stopped;

impl Inbox {
    pub(super) fn new(clock: Clock) -> (Self, Outlet) {
        let (arrivals, arrived) = mpsc::channel(INPUTS);
        let (questions, asked) = mpsc::channel(QUESTIONS);
        let (teller, news) = watch::channel(0);
        let outlet = Outlet { arrivals: arrived, questions: asked, news: teller };
        (Self { clock, arrivals, questions, news }, outlet)
    }

    /// The clock arrivals are stamped with.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// Tells the speaker; waits while the inbox is full. A speaker that has stopped hears nothing.
    pub async fn tell(&self, input: Input) {
        if let Some(permit) = self.reserve().await {
            permit.tell(input);
        }
    }

    /// Tells the speaker and waits until it has acted: a question may overtake an input, but not one that was
    /// acknowledged to whoever asks.
    pub(crate) async fn order(&self, input: Input) {
        self.tell(input).await;
        if let Some(Permit { clock, permit }) = self.reserve().await {
            let (reached, done) = oneshot::channel();
            permit.send(Arrival { at: clock.now(), happening: Happening::Mark(reached) });
            // A speaker that has stopped meanwhile reaches nothing, and there is nobody left to ask.
            let _ = done.await;
        }
    }

    /// Waits for room for one input; `None` once the speaker has stopped.
    pub async fn reserve(&self) -> Option<Permit<'_>> {
        let permit = self.arrivals.reserve().await.ok()?;
        Some(Permit { clock: self.clock, permit })
    }

    /// Has something remembered that happened outside of the speaker.
    pub(crate) async fn note(&self, note: Note) {
        if let Some(Permit { clock, permit }) = self.reserve().await {
            permit.send(Arrival { at: clock.now(), happening: Happening::Note(note) });
        }
    }

    /// The number of what happened last, which changes with everything that happens; it ends with the speaker.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.clone()
    }

    pub(crate) async fn open(&self, input: Input, conn: ConnId, link: Link) {
        if let Some(Permit { clock, permit }) = self.reserve().await {
            permit.send(Arrival { at: clock.now(), happening: Happening::Open { input, conn, link } });
        }
    }

    /// Asks the speaker: `question` runs on its thread and must be short.
    ///
    /// # Errors
    ///
    /// [`Stopped`] once there is nobody left to answer.
    pub async fn ask<T, F>(&self, question: F) -> Result<T, Stopped>
    where
        T: Send + 'static,
        F: FnOnce(&Speaker, Instant) -> T + Send + 'static,
    {
        self.recall(|speaker, _, now| question(speaker, now)).await
    }

    /// The same, about what happened.
    ///
    /// # Errors
    ///
    /// [`Stopped`] once there is nobody left to answer.
    pub async fn recall<T, F>(&self, question: F) -> Result<T, Stopped>
    where
        T: Send + 'static,
        F: FnOnce(&Speaker, &Chronicle, Instant) -> T + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let question = Box::new(move |speaker: &Speaker, chronicle: &Chronicle, now: Instant| {
            // Whoever asked may have gone away meanwhile.
            let _ = answer.send(question(speaker, chronicle, now));
        });
        self.questions.send(question).await.map_err(|_| Stopped)?;
        answered.await.map_err(|_| Stopped)
    }
}

/// Room for one input.
#[derive(Debug)]
pub struct Permit<'a> {
    clock: Clock,
    permit: mpsc::Permit<'a, Arrival>,
}

impl Permit<'_> {
    /// Tells the speaker; the input is stamped with the present.
    pub fn tell(self, input: Input) {
        self.permit.send(Arrival { at: self.clock.now(), happening: Happening::Input(input) });
    }
}
