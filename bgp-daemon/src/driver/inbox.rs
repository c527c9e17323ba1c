//! What reaches the speaker's thread: inputs in the order of their arrival, and questions.

use bgp_core::Instant;
use bgp_core::speaker::{ConnId, Input, Speaker};
use tokio::sync::{mpsc, oneshot};

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
}

/// A question, answered on the speaker's thread between two pieces of work.
pub(super) type Question = Box<dyn FnOnce(&Speaker, Instant) + Send>;

/// The ends that the driver keeps.
#[derive(Debug)]
pub(super) struct Outlet {
    pub(super) arrivals: mpsc::Receiver<Arrival>,
    pub(super) questions: mpsc::Receiver<Question>,
}

/// The way to the speaker: tell it something, or ask.
#[derive(Clone, Debug)]
pub struct Inbox {
    clock: Clock,
    arrivals: mpsc::Sender<Arrival>,
    questions: mpsc::Sender<Question>,
}

/// The speaker's thread has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the speaker has stopped")]
pub struct Stopped;

impl Inbox {
    pub(super) fn new(clock: Clock) -> (Self, Outlet) {
        let (arrivals, arrived) = mpsc::channel(INPUTS);
        let (questions, asked) = mpsc::channel(QUESTIONS);
        (Self { clock, arrivals, questions }, Outlet { arrivals: arrived, questions: asked })
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

    /// Waits for room for one input; `None` once the speaker has stopped.
    pub async fn reserve(&self) -> Option<Permit<'_>> {
        let permit = self.arrivals.reserve().await.ok()?;
        Some(Permit { clock: self.clock, permit })
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
        let (answer, answered) = oneshot::channel();
        let question = Box::new(move |speaker: &Speaker, now: Instant| {
            // Whoever asked may have gone away meanwhile.
            let _ = answer.send(question(speaker, now));
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
