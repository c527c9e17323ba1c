//! Pictures of the whole daemon, taken at most once a second however many ask. Whoever asks waits a moment for a new
//! one and takes the last one otherwise, so that a speaker that is busy, or stuck, still has metrics.

use std::sync::Arc;
use std::time::Duration;

use bgp_core::speaker::{GroupView, PeerView, Summary};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::clock::Clock;
use crate::control::Context;

/// How old a picture may be without a new one being taken.
const FRESH: Duration = Duration::from_secs(1);

/// How long somebody waits for a new one.
const PATIENCE: Duration = Duration::from_millis(500);

/// The latest picture, and the way to ask for another.
#[derive(Clone, Debug)]
pub(super) struct Gallery {
    latest: watch::Receiver<Arc<Picture>>,
    wanted: Arc<Notify>,
}

/// The daemon at one moment.
#[derive(Debug)]
pub(super) struct Picture {
    /// When it was taken.
    pub(super) taken: Instant,
    /// The speaker; `None` until it first answered.
    pub(super) speaker: Option<SpeakerPicture>,
    /// The kernel's table, where it is programmed.
    pub(super) kernel: Option<fib_sync::Metrics>,
}

/// The speaker at one moment.
#[derive(Debug)]
pub(super) struct SpeakerPicture {
    pub(super) clock: Clock,
    pub(super) summary: Summary,
    pub(super) groups: Vec<GroupView>,
    pub(super) peers: Vec<PeerView>,
}

impl Gallery {
    /// Begins to take pictures, when they are wanted, for as long as the daemon runs.
    pub(super) fn open(context: Context) -> Self {
        let nothing = Picture { taken: Instant::now(), speaker: None, kernel: None };
        let (shown, latest) = watch::channel(Arc::new(nothing));
        let wanted = Arc::new(Notify::new());
        let gallery = Self { latest, wanted: Arc::clone(&wanted) };
        tokio::spawn(async move {
            loop {
                wanted.notified().await;
                let Some(picture) = take(&context).await else { return };
                if shown.send(Arc::new(picture)).is_err() {
                    return;
                }
                sleep(FRESH).await;
            }
        });
        gallery
    }

    /// The latest picture, new if that is a matter of a moment.
    pub(super) async fn look(&self) -> Arc<Picture> {
        let mut latest = self.latest.clone();
        let seen = Arc::clone(&latest.borrow_and_update());
        if seen.speaker.is_some() && seen.taken.elapsed() <= FRESH {
            return seen;
        }
        self.wanted.notify_one();
        // Nobody paints any more, or not in time.
        let _ = timeout(PATIENCE, latest.changed()).await;
        Arc::clone(&latest.borrow())
    }
}

async fn take(context: &Context) -> Option<Picture> {
    let question = |speaker: &bgp_core::speaker::Speaker, _| {
        let view = speaker.view();
        (view.summary(), view.groups(), view.peers())
    };
    let (summary, groups, peers) = context.inbox.ask(question).await.ok()?;
    let kernel = match &context.kernel {
        Some(table) => Some(table.metrics().await.ok()?),
        None => None,
    };
    let speaker = SpeakerPicture { clock: context.inbox.clock(), summary, groups, peers };
    Some(Picture { taken: Instant::now(), speaker: Some(speaker), kernel })
}
