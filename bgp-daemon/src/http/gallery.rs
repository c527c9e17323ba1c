//! Pictures of the whole daemon, taken at most once a second however many ask. Whoever asks waits a moment for a new
//! one and takes the last one otherwise, so that a speaker that is busy, or stuck, still has metrics.

use std::sync::Arc;
use std::time::Duration;

use bgp_core::speaker::{GroupView, PeerView, Speaker, Summary};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::bird::{self, Locals};
use crate::clock::Clock;
use crate::driver::Inbox;

/// How old a picture may be without a new one being taken.
const FRESH: Duration = Duration::from_secs(1);

/// How long somebody waits for a new one.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long the kernel's table may take to say how it is, before a picture is taken without it.
const KERNEL: Duration = Duration::from_secs(2);

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
    /// The kernel's table, where it is programmed and answers.
    pub(super) kernel: Option<fib_sync::Metrics>,
}

/// The speaker at one moment.
#[derive(Debug)]
pub(super) struct SpeakerPicture {
    pub(super) clock: Clock,
    /// When it was, as the speaker counts.
    pub(super) now: bgp_core::Instant,
    pub(super) summary: Summary,
    pub(super) groups: Vec<GroupView>,
    pub(super) peers: Vec<PeerView>,
    /// Routes of this machine's own.
    pub(super) locals: Locals,
}

impl Gallery {
    /// Begins to take pictures, when they are wanted, for as long as the speaker runs.
    pub(super) fn open(speaker: Inbox, kernel: Option<fib_sync::Handle>) -> Self {
        let nothing = Picture { taken: Instant::now(), speaker: None, kernel: None };
        let (shown, latest) = watch::channel(Arc::new(nothing));
        let wanted = Arc::new(Notify::new());
        let gallery = Self { latest, wanted: Arc::clone(&wanted) };
        tokio::spawn(async move {
            loop {
                wanted.notified().await;
                let Some(picture) = take(&speaker, kernel.as_ref()).await else { return };
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

    /// A picture that is not older than the question, however long it takes; `None` once nobody paints any more.
    pub(super) async fn anew(&self) -> Option<Arc<Picture>> {
        let (asked, mut latest) = (Instant::now(), self.latest.clone());
        loop {
            let seen = Arc::clone(&latest.borrow_and_update());
            if seen.taken >= asked {
                return Some(seen);
            }
            self.wanted.notify_one();
            latest.changed().await.ok()?;
        }
    }
}

/// A picture; `None` once the speaker has stopped. A table that has stopped, or is busy, is left out of it: the
/// speaker goes on, and is watched all the more.
async fn take(speaker: &Inbox, kernel: Option<&fib_sync::Handle>) -> Option<Picture> {
    let question = |speaker: &Speaker, now| {
        let view = speaker.view();
        (view.summary(), view.groups(), view.peers(), bird::locals(view), now)
    };
    let (summary, groups, peers, locals, now) = speaker.ask(question).await.ok()?;
    let kernel = match kernel {
        Some(table) => timeout(KERNEL, table.metrics()).await.ok().and_then(Result::ok),
        None => None,
    };
    let speaker = SpeakerPicture { clock: speaker.clock(), now, summary, groups, peers, locals };
    Some(Picture { taken: Instant::now(), speaker: Some(speaker), kernel })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use bgp_core::speaker::{Config, Input};
    use bgp_core::{Asn, RouterId};
    use tokio::runtime::Handle;

    use super::*;
    use crate::driver::{Driver, Outside};
    use crate::transport::{Arrivals, Dialer, Listeners, SocketTable};

    /// A speaker without peers.
    fn speaker() -> Inbox {
        let (inbox, driver) = Driver::new(Clock::start());
        let arrivals = Arrivals::new(inbox.clone());
        let table = Listeners::new(arrivals.clone(), Arc::new(SocketTable::default())).table();
        let dialer = Dialer::new(Handle::current(), arrivals, table);
        let outside =
            Outside { dialer, kernel: None, occurrences: Arc::default(), drained: watch::Sender::new(0) };
        let config = Config::new(Asn(64512), RouterId(Ipv4Addr::new(192, 0, 2, 1)));
        driver.start(config, Vec::new(), outside).expect("a thread");
        inbox
    }

    /// A table that keeps no routes: nobody wished for any, and it has stopped.
    async fn stopped() -> fib_sync::Handle {
        let (handle, _events) =
            fib_sync::start(fib_sync::Config::new(4_200_000_000, 12, 0)).expect("a socket");
        handle.stop().await.expect("it stops once");
        handle
    }

    #[tokio::test]
    async fn a_table_that_has_stopped_does_not_end_pictures_of_the_speaker() {
        let inbox = speaker();
        let gallery = Gallery::open(inbox.clone(), Some(stopped().await));
        let first = gallery.look().await;
        assert!(first.speaker.is_some() && first.kernel.is_none(), "{first:?}");
        let another = async {
            while gallery.look().await.taken == first.taken {
                sleep(FRESH / 10).await;
            }
        };
        timeout(Duration::from_secs(60), another).await.expect("somebody paints");
        inbox.tell(Input::Stop { silently: true, text: String::new() }).await;
    }

    #[tokio::test]
    async fn who_asks_anew_is_not_shown_what_there_was() {
        let inbox = speaker();
        let gallery = Gallery::open(inbox.clone(), None);
        let first = gallery.look().await;
        let second = gallery.anew().await.expect("somebody paints");
        assert!(second.taken > first.taken && second.speaker.is_some());
        inbox.tell(Input::Stop { silently: true, text: String::new() }).await;
        let last = async { while gallery.anew().await.is_some() {} };
        timeout(Duration::from_secs(60), last).await.expect("nobody waits for a speaker that has stopped");
    }
}
