//! Logging: one line per event of the core, with stable keys; text or JSON; the level changes at run time.

mod handle;
mod levels;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bgp_core::speaker::Event;
use bgp_core::{Family, Instant};
use tracing::{debug, error, info, warn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, reload};

pub use self::handle::Handle;
pub(crate) use self::handle::is_ours;
use self::levels::Levels;
use crate::config::LogFormat;

/// Starts logging to standard error with `directives`, unless `RUST_LOG` says otherwise.
///
/// # Errors
///
/// Where `directives` are not a filter, or something logs already.
pub fn start(directives: &str, format: LogFormat) -> Result<Handle, LogError> {
    let terminal = io::stderr().is_terminal();
    let (filter, handle) = reload::Layer::new(Levels::new(first(directives)?));
    let text = match format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let lines = fmt::layer().with_writer(io::stderr);
    let started = if text {
        registry.with(lines.with_ansi(terminal).with_target(false)).try_init()
    } else {
        registry
            .with(lines.json().flatten_event(true).with_current_span(false).with_span_list(false))
            .try_init()
    };
    started.map_err(|_| LogError::Running)?;
    Ok(Handle::new(handle))
}

/// With what logging starts: what the environment says, or `directives`.
fn first(directives: &str) -> Result<EnvFilter, LogError> {
    match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(environment) if !environment.is_empty() => parse(&environment),
        _ => parse(directives),
    }
}

fn parse(directives: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::builder().parse(directives).map_err(|_| LogError::Directives(directives.to_owned()))
}

/// Why logging did not start or change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Not a filter.
    #[error(
        "{0:?} is not a log level: write off, error, warn, info, debug or trace, or directives such as \"info,fib_sync=debug\""
    )]
    Directives(String),
    /// Not a level.
    #[error(
        "{0:?} is not a log level: write off, error, warn, info, debug or trace, or default to take it back"
    )]
    Level(String),
    /// There is a log already.
    #[error("logging has been started already")]
    Running,
    /// There is no log any more.
    #[error("logging has ended")]
    Gone,
}

/// What was told of lately and may be repeated at will from outside: a stranger that dials every second,
/// or a peer whose every UPDATE has the same fault, gets a line a minute, with a count.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    told: BTreeMap<Subject, Told>,
}

/// What a line is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Stranger(IpAddr),
    Fault { peer: Arc<str>, attribute: Option<u8> },
}

#[derive(Debug, Default)]
struct Told {
    last: Option<Instant>,
    untold: u64,
}

/// How long one line stands for all that follow.
const QUIET: Duration = Duration::from_secs(60);

/// Subjects remembered.
const SUBJECTS: usize = 1024;

impl Repeats {
    /// Writes the line of one event, unless it repeats an earlier one: for how many events it stands, 0 where there
    /// is none.
    pub(crate) fn tell(&mut self, told: &Event, now: Instant) -> u64 {
        let subject = match told {
            Event::Refused { remote, .. } => Subject::Stranger(remote.ip()),
            Event::Fault { peer, attribute, .. } => {
                Subject::Fault { peer: Arc::clone(peer), attribute: *attribute }
            }
            other => {
                event(other);
                return 1;
            }
        };
        let repeated = self.admit(subject, now).unwrap_or_default();
        if repeated > 0 {
            repeatable(told, repeated);
        }
        repeated
    }

    /// How many events the line stands for; `None` where there is to be no line.
    fn admit(&mut self, subject: Subject, now: Instant) -> Option<u64> {
        let quiet = |told: &Told| told.last.is_some_and(|last| now.since(last) < QUIET);
        if self.told.len() >= SUBJECTS && !self.told.contains_key(&subject) {
            self.told.retain(|_, told| quiet(told));
            if self.told.len() >= SUBJECTS {
                return None;
            }
        }
        let told = self.told.entry(subject).or_default();
        told.untold += 1;
        if quiet(told) {
            return None;
        }
        told.last = Some(now);
        Some(std::mem::take(&mut told.untold))
    }
}

/// Writes the line of so many events that somebody outside can repeat at will.
fn repeatable(event: &Event, repeated: u64) {
    match event {
        Event::Refused { remote, reason } => {
            warn!(event = "connection.refused", %remote, reason, repeated);
        }
        Event::Fault { peer, attribute, offset, treatment, reason, octets } => {
            let attribute = attribute.map(u64::from);
            warn!(event = "update.fault", %peer, attribute, offset, %treatment, reason, repeated);
            debug!(event = "update.octets", %peer, attribute, offset, octets);
        }
        _ => {}
    }
}

/// Writes the line of one event of the core that nobody outside can repeat at will.
fn event(event: &Event) {
    match event {
        Event::State { peer, from, to, reason } => debug!(event = "peer.state", %peer, from, to, reason),
        Event::Established { peer, families, hold_time } => {
            info!(event = "session.up", %peer, families = names(families), hold_time);
        }
        Event::Down { peer, reason, .. } => warn!(event = "session.down", %peer, reason),
        Event::Kept { peer, family, long_lived, .. } => {
            info!(event = "restart.began", %peer, %family, long_lived, "its routes are kept");
        }
        Event::Swept { peer, family, reason } => info!(event = "restart.over", %peer, %family, reason),
        Event::Headless { peer, .. } => {
            warn!(event = "route.headless", %peer, "it was the last of its kind: its routes are kept");
        }
        Event::Thawed { peer, family } => info!(event = "route.thawed", %peer, %family),
        Event::EndOfRib { peer, family } => info!(event = "route.end_of_rib", %peer, %family),
        Event::PrefixLimit { peer, family, count, maximum } => {
            error!(event = "route.limit", %peer, %family, count, maximum);
        }
        Event::Flaw { flaw, is_over: false } => warn!(event = "topology.flaw", "{flaw}"),
        Event::Flaw { flaw, is_over: true } => info!(event = "topology.mended", "no longer: {flaw}"),
        Event::Reconfigured { added, removed, reset } => {
            info!(event = "config.applied", added, removed, reset);
        }
        unknown => info!(event = "speaker.event", told = ?unknown),
    }
}

fn names(families: &[Family]) -> String {
    let names: Vec<String> = families.iter().map(ToString::to_string).collect();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_and_directives_are_filters() {
        assert!(parse("debug").is_ok());
        assert!(parse("info,fib_sync=debug").is_ok());
    }

    fn stranger(number: u32) -> Subject {
        Subject::Stranger(std::net::Ipv4Addr::from_bits(number).into())
    }

    #[test]
    fn a_stranger_gets_a_line_a_minute() {
        let mut repeats = Repeats::default();
        let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
        assert_eq!(repeats.admit(stranger(1), at(0)), Some(1));
        assert_eq!(repeats.admit(stranger(1), at(1)), None);
        assert_eq!(repeats.admit(stranger(1), at(59)), None);
        assert_eq!(repeats.admit(stranger(2), at(59)), Some(1));
        assert_eq!(repeats.admit(stranger(1), at(61)), Some(3), "this one, and those that had no line");
        assert_eq!(repeats.admit(stranger(1), at(62)), None);
    }

    #[test]
    fn a_peer_gets_a_line_for_each_attribute_it_gets_wrong() {
        let mut repeats = Repeats::default();
        let fault = |attribute| Subject::Fault { peer: Arc::from("tor"), attribute };
        assert_eq!(repeats.admit(fault(Some(1)), Instant::ZERO), Some(1));
        assert_eq!(repeats.admit(fault(Some(1)), Instant::ZERO), None);
        assert_eq!(repeats.admit(fault(Some(2)), Instant::ZERO), Some(1));
        assert_eq!(repeats.admit(fault(None), Instant::ZERO), Some(1));
    }

    #[test]
    fn strangers_cannot_fill_the_memory() {
        let mut repeats = Repeats::default();
        for number in 0..3000 {
            repeats.admit(stranger(number), Instant::ZERO);
        }
        assert!(repeats.told.len() <= SUBJECTS);
    }

    #[test]
    fn what_is_no_filter_is_refused_with_a_hint() {
        let error = parse("info,=loud=").expect_err("not a filter");
        assert!(error.to_string().contains("error, warn, info"), "{error}");
    }
}
