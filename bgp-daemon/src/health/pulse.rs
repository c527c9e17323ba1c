//! The pulse: once a second the speaker and the kernel's table are asked something small. Who stops answering is
//! stuck, however well the rest of the process does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::driver::Inbox;

/// Between two questions.
const PACE: Duration = Duration::from_secs(1);

/// How long the speaker may be silent. Its turns take milliseconds, so this is a hundred of the longest.
const SPEAKER: Duration = Duration::from_secs(5);

/// How long the kernel's table may be silent: a reading of a full table on a busy host takes seconds.
const KERNEL: Duration = Duration::from_secs(30);

/// How many times in its patience a service manager is told, so that a beat which comes late once ends nobody.
const TIMES: u32 = 4;

/// Who is asked, and when each answered last.
#[derive(Clone, Debug)]
pub struct Pulse {
    speaker: watch::Receiver<Instant>,
    kernel: Option<watch::Receiver<Instant>>,
    written: Arc<AtomicBool>,
}

/// When one part of the daemon answered last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beat {
    /// Which part.
    pub(crate) part: &'static str,
    /// How long ago.
    pub(crate) ago: Duration,
    /// How long that may be.
    pub(crate) limit: Duration,
}

impl Beat {
    /// Whether it answered lately.
    pub(crate) fn is_alive(self) -> bool {
        self.ago <= self.limit
    }
}

impl Pulse {
    /// Begins to ask, until the daemon ends.
    #[must_use]
    pub fn start(inbox: &Inbox, kernel: Option<&fib_sync::Handle>) -> Self {
        let written = Arc::new(AtomicBool::new(false));
        Self {
            speaker: feel_speaker(inbox.clone()),
            kernel: kernel.map(|table| feel_kernel(table.clone(), Arc::clone(&written))),
            written,
        }
    }

    /// When each part answered last.
    pub(crate) fn beats(&self) -> impl Iterator<Item = Beat> {
        let beat =
            |part, at: &watch::Receiver<Instant>, limit| Beat { part, ago: at.borrow().elapsed(), limit };
        let kernel = self.kernel.as_ref().map(|at| beat("kernel", at, KERNEL));
        [beat("speaker", &self.speaker, SPEAKER)].into_iter().chain(kernel)
    }

    /// Calls `tell` again and again, for a service manager that starts us again once it has heard nothing for as long
    /// as `patience`; nothing is told while a part of the daemon does not answer.
    pub(crate) async fn reassure(self, patience: Duration, mut tell: impl FnMut()) {
        loop {
            if self.beats().all(Beat::is_alive) {
                tell();
            }
            sleep(patience / TIMES).await;
        }
    }

    /// Whether the kernel's table has been seen to hold all that was wished after the first decisions.
    pub(crate) fn has_written(&self) -> bool {
        self.written.load(Ordering::Relaxed)
    }

    /// Looks at the kernel's table, which may hold all that was wished by now. It is never taken back: under
    /// steady changes something is always on its way.
    pub(crate) fn look(&self, table: &fib_sync::Metrics) {
        note(&self.written, table);
    }
}

fn note(written: &AtomicBool, table: &fib_sync::Metrics) {
    if table.settled && table.gauges.pending == 0 && table.gauges.in_flight == 0 {
        written.store(true, Ordering::Relaxed);
    }
}

fn feel_speaker(inbox: Inbox) -> watch::Receiver<Instant> {
    let (beat, felt) = watch::channel(Instant::now());
    tokio::spawn(async move {
        while inbox.ask(|_, _| ()).await.is_ok() && beat.send(Instant::now()).is_ok() {
            sleep(PACE).await;
        }
    });
    felt
}

fn feel_kernel(table: fib_sync::Handle, written: Arc<AtomicBool>) -> watch::Receiver<Instant> {
    let (beat, felt) = watch::channel(Instant::now());
    tokio::spawn(async move {
        while let Ok(seen) = table.metrics().await {
            note(&written, &seen);
            if beat.send(Instant::now()).is_err() {
                return;
            }
            sleep(PACE).await;
        }
    });
    felt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_silent_for_too_long_is_not_alive() {
        let heard = |ago: Duration| {
            let at = Instant::now().checked_sub(ago).expect("the machine runs for longer than that");
            watch::channel(at).1
        };
        let alive = |speaker, kernel: Option<Duration>| {
            let (speaker, kernel) = (heard(speaker), kernel.map(heard));
            let pulse = Pulse { speaker, kernel, written: Arc::default() };
            pulse.beats().filter(|beat| beat.is_alive()).map(|beat| beat.part).collect::<Vec<_>>()
        };
        assert_eq!(alive(Duration::ZERO, None), ["speaker"]);
        assert_eq!(alive(SPEAKER + PACE, Some(Duration::ZERO)), ["kernel"]);
        assert_eq!(
            alive(Duration::ZERO, Some(SPEAKER + PACE)),
            ["speaker", "kernel"],
            "a table may take longer"
        );
        assert_eq!(alive(Duration::ZERO, Some(KERNEL + PACE)), ["speaker"]);
    }

    #[tokio::test]
    async fn a_manager_is_told_of_the_living_and_not_of_the_stuck() {
        let pulse = |ago: Duration| {
            let at = Instant::now().checked_sub(ago).expect("the machine runs for longer than that");
            Pulse { speaker: watch::channel(at).1, kernel: None, written: Arc::default() }
        };
        let (mut living, mut stuck) = (0, 0);
        let patience = Duration::from_millis(4);
        let watched = pulse(SPEAKER + PACE).reassure(patience, || stuck += 1);
        let (told, mut enough) = tokio::sync::mpsc::channel(1);
        let heard = pulse(Duration::ZERO).reassure(patience, || {
            living += 1;
            if living == 20 {
                told.try_send(()).expect("somebody waits");
            }
        });
        tokio::select! {
            () = watched => {}
            () = heard => {}
            _ = enough.recv() => {}
        }
        assert_eq!((living >= 20, stuck), (true, 0));
    }

    #[test]
    fn what_was_written_once_stays_written() {
        let written = AtomicBool::new(false);
        let mut table = fib_sync::Metrics::default();
        note(&written, &table);
        assert!(!written.load(Ordering::Relaxed), "first decisions are not complete");
        table.settled = true;
        table.gauges.pending = 1;
        note(&written, &table);
        assert!(!written.load(Ordering::Relaxed), "one is on its way");
        table.gauges.pending = 0;
        note(&written, &table);
        table.gauges.pending = 1;
        note(&written, &table);
        assert!(written.load(Ordering::Relaxed));
    }
}
