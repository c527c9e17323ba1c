//! What a run is measured by.

use std::time::{Duration, Instant};

use serde::Serialize;
use tests::failure::{Doing, Failure};
use tests::load::daemon::Which;
use tests::load::usage::Usage;

/// What one run of a scenario cost one daemon.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) scenario: String,
    pub(crate) daemon: String,
    /// From the first SYN to the last session Established.
    pub(crate) sessions_seconds: f64,
    /// What happened, in order.
    pub(crate) phases: Vec<Phase>,
    /// Resident memory before the first route, and the most.
    pub(crate) start_mebibytes: f64,
    pub(crate) peak_mebibytes: f64,
    /// Octets that reached listeners.
    pub(crate) octets: u64,
    /// UPDATEs that reached them.
    pub(crate) updates: u64,
    /// Announcements that a listener got for each prefix, before anything changed.
    pub(crate) announcements_per_prefix: f64,
    /// Sessions that ended.
    pub(crate) lost_sessions: usize,
    /// From a change to the last listener that heard of it, milliseconds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) latencies: Vec<Latency>,
    /// What the daemon did besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remark: Option<String>,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Phase {
    pub(crate) what: &'static str,
    /// Until every listener held what it should.
    pub(crate) seconds: f64,
    /// The daemon's processor time until it was at rest.
    pub(crate) cpu_seconds: f64,
    /// The crowd's, until every listener held what it should: where that is most of `seconds`, we were measured.
    pub(crate) crowd_cpu_seconds: f64,
}

/// A distribution of times.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) what: &'static str,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Figures {
    pub(crate) fn new(scenario: String, which: Which) -> Self {
        Self {
            scenario,
            daemon: which.to_string(),
            sessions_seconds: 0.0,
            phases: Vec::new(),
            start_mebibytes: 0.0,
            peak_mebibytes: 0.0,
            octets: 0,
            updates: 0,
            announcements_per_prefix: 0.0,
            lost_sessions: 0,
            latencies: Vec::new(),
            remark: None,
        }
    }
}

impl Latency {
    pub(crate) fn of(what: &'static str, mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |share: usize| {
            let place = (times.len() * share / 100).min(times.len().saturating_sub(1));
            times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        Self { what, p50: at(50), p99: at(99) }
    }
}

/// Clocks at the beginning of a phase.
pub(crate) struct Clocks {
    start: Instant,
    crowd: Duration,
    daemon: Duration,
}

impl Clocks {
    pub(crate) fn start(daemon: Usage) -> Result<Self, Failure> {
        let crowd = Usage::of_this_thread().doing("read our own account")?;
        Ok(Self { crowd, daemon: daemon.cpu, start: Instant::now() })
    }

    /// Reads the clocks that stop when listeners are done; [`Stopped::phase`] reads the daemon's.
    pub(crate) fn stop(self, end: Instant) -> Result<Stopped, Failure> {
        let crowd = Usage::of_this_thread().doing("read our own account")? - self.crowd;
        Ok(Stopped { seconds: end.duration_since(self.start).as_secs_f64(), crowd, daemon: self.daemon })
    }
}

/// A phase whose daemon may still be busy.
pub(crate) struct Stopped {
    seconds: f64,
    crowd: Duration,
    daemon: Duration,
}

impl Stopped {
    pub(crate) fn phase(&self, what: &'static str, daemon: Usage) -> Phase {
        Phase {
            what,
            seconds: self.seconds,
            cpu_seconds: daemon.cpu.saturating_sub(self.daemon).as_secs_f64(),
            crowd_cpu_seconds: self.crowd.as_secs_f64(),
        }
    }
}

/// Octets as MiB.
pub(crate) fn mebibytes(octets: u64) -> f64 {
    octets as f64 / f64::from(1 << 20)
}
