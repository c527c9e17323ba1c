//! What can be typed: verbs, options and their help.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::api::{Action, Effect, Of, Scope, Selection};

/// Shown below the help of the program called `name`.
pub(super) fn examples(name: &str) -> String {
    format!(
        "\
Examples:
  {name} check caracal.toml                 is the file valid, and if not, where?
  {name} diff new.toml                      which sessions would it reset?
  {name} apply new.toml --confirm 60s       in force, and undone in a minute unless confirmed
  {name} run --config caracal.toml
  {name} peers                              who is up
  {name} peer tor-a                         everything about one peer
  {name} routes 10.244.0.0/16 --longer      what is known inside a prefix
  {name} routes --out tor-a -o json         what a peer is told
  {name} explain 10.244.1.0/26              why a route is where it is
  {name} wait ready --timeout 60s           until routes are decided and in the kernel
  {name} drain --wait --timeout 60s         leave for good once traffic has moved

Exit codes: 0 done, 1 the condition does not hold, 2 usage, 3 the daemon cannot be reached,
4 refused, 5 invalid configuration, 6 time-out, 7 more would be disturbed than allowed."
    )
}

/// A BGP speaker for clusters.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "For verbs that ask a daemon")]
pub(super) struct Global {
    /// How answers are printed
    #[arg(short, long, value_enum, default_value_t, global = true)]
    pub(super) output: Output,
    /// The control socket of the daemon to ask
    #[arg(long, env = "CARACAL_SOCKET", default_value = "/run/caracal/caracal.sock", global = true)]
    pub(super) socket: PathBuf,
    /// How long to wait for the daemon, in seconds [default: 10; of `drain` and `wait`: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, global = true)]
    pub(super) timeout: Option<Duration>,
}

impl Global {
    /// How long an answer may take.
    pub(super) fn patience(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_secs(10))
    }

    /// How long a drain may take, or what is waited for.
    pub(super) fn limit(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_secs(60))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// Columns for people
    #[default]
    Table,
    /// More columns
    Wide,
    /// One JSON value, sorted
    Json,
    /// One JSON object per line, as it comes
    Ndjson,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    #[command(flatten)]
    Here(Here),
    #[command(flatten)]
    Ask(Ask),
    /// Say what another configuration would disturb, against what is in force or against another file
    #[command(after_help = "\
Effects, the least first:
  none      nobody outside could notice
  policy    routes are judged anew, no session is touched
  refresh   the same, and the peer is asked for its routes again
  reopen    the session starts anew with another OPEN
  reset     the session ends, and what belongs to it
  restart   it stays as it is until the daemon is started again

Examples:
  caracal diff new.toml                     what would `apply new.toml` disturb?
  caracal diff new.toml --routes            and what would peers and the kernel hear of it?
  caracal diff old.toml new.toml            the same without a daemon
  caracal diff new.toml --exit-code         1 where a session would end")]
    Diff {
        /// The configuration to come; with another one, that in force
        file: PathBuf,
        /// The one to come
        new: Option<PathBuf>,
        /// Which routes each peer would gain, lose and hear differently, and what the kernel would
        #[arg(long, conflicts_with = "new")]
        routes: bool,
        /// Exit with 1 where a session ends or a restart is needed
        #[arg(long)]
        exit_code: bool,
    },
    /// Wait until the daemon is ready; exit with 6 if it is not in time
    Wait {
        /// What to wait for
        #[arg(value_enum)]
        what: Awaited,
    },
    /// Leave for good: ask traffic away, then end all sessions, remove our kernel routes and exit
    Drain {
        /// Wait until the daemon's process has ended; exit with 6 if it left before every peer was told
        #[arg(long)]
        wait: bool,
        /// Stay after all; exit with 1 if nothing is being drained
        #[arg(long, conflicts_with = "wait")]
        undo: bool,
    },
}

/// What can be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Awaited {
    /// The daemon is configured and has sessions, first decisions are complete, the kernel holds their outcome
    Ready,
}

/// What needs no running daemon.
#[derive(Debug, Subcommand)]
pub(super) enum Here {
    /// Run the daemon
    Run {
        /// The configuration file
        #[arg(long, short, value_name = "FILE")]
        config: PathBuf,
    },
    /// Say whether a configuration is valid
    Check {
        /// The configuration file
        file: PathBuf,
    },
}

/// What a running daemon answers.
#[derive(Debug, Subcommand)]
pub(super) enum Ask {
    /// The daemon as a whole
    Status,
    /// All peers
    Peers,
    /// One peer, or an action on it
    Peer {
        /// Its name or address
        name: String,
        /// What to do; without it the peer is shown
        #[arg(value_enum)]
        action: Option<PeerAction>,
        /// What the peer is told when its session is shut down
        #[arg(long, default_value = "")]
        text: String,
    },
    /// Routes, of everybody or of one peer
    Routes(Routes),
    /// Why a prefix is where it is, or why a session is not up
    #[command(after_help = "\
Examples:
  caracal explain 10.244.1.0/26             from its origin to peers and the kernel
  caracal explain 10.244.1.0/26 --peer tor-a
  caracal explain peer tor-a                what fails, and when it is tried again; exits with 1 if it is down")]
    Explain {
        /// A prefix or an address inside it, or the word `peer`
        #[arg(value_name = "PREFIX|peer")]
        prefix: String,
        /// The peer whose session is meant
        #[arg(value_name = "NAME", conflicts_with = "peer")]
        name: Option<String>,
        /// Only what concerns this peer
        #[arg(long)]
        peer: Option<String>,
    },
    /// What the kernel holds of ours
    Kernel {
        /// Only what is not as it should be; exit with 1 if there is any
        #[arg(long)]
        drift: bool,
        /// Only numbers: routes by standing, operations, refusals, readings, latency
        #[arg(long, conflicts_with = "drift")]
        summary: bool,
        /// Remove the routes found at start that nobody announces and that the brake has kept; exit with 1
        /// if there are none
        #[arg(long, conflicts_with_all = ["drift", "summary"])]
        sweep_anyway: bool,
    },
    /// Read the configuration file again
    #[command(after_help = "\
Examples:
  caracal reload
  caracal reload --max-effect policy        exit with 7 and change nothing if that is not enough")]
    Reload {
        /// Change nothing and exit with 7 where it takes more than this
        #[arg(long, value_enum, value_name = "EFFECT")]
        max_effect: Option<Limit>,
    },
    /// Put another configuration in force, and in the place of the daemon's file
    #[command(after_help = "\
Examples:
  caracal apply new.toml --confirm 60s      in force at once, undone in a minute without `caracal confirm`
  caracal apply new.toml --max-effect refresh
  caracal apply - < new.toml

The daemon's own file is replaced when the change is confirmed, and not before: a daemon that dies during the
trial comes back with the old one. What it includes, and the keys it names, are looked for from there.")]
    Apply {
        /// The configuration; - for the standard input
        file: PathBuf,
        /// Undo it after this time, in seconds, unless it is confirmed
        #[arg(long, value_name = "SECONDS", value_parser = seconds)]
        confirm: Option<Duration>,
        /// Change nothing and exit with 7 where it takes more than this
        #[arg(long, value_enum, value_name = "EFFECT")]
        max_effect: Option<Limit>,
    },
    /// Keep what was applied on trial; exit with 1 if nothing was
    Confirm,
    /// Go back to what was in force before the last change; exit with 1 if there was none
    Undo,
    /// Change how much is logged
    Log {
        /// error, warn, info, debug, trace, or directives as in RUST_LOG
        level: String,
    },
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Which routes")]
pub(super) struct Routes {
    /// A prefix; an address stands for the prefixes that cover it
    prefix: Option<String>,
    /// With the prefixes inside it
    #[arg(long, requires = "prefix", conflicts_with = "covering")]
    longer: bool,
    /// With the prefixes that cover it
    #[arg(long, requires = "prefix")]
    covering: bool,
    /// What this peer sent
    #[arg(long, value_name = "PEER", visible_alias = "in")]
    peer: Option<String>,
    /// What this peer was sent
    #[arg(long, value_name = "PEER", conflicts_with = "peer")]
    out: Option<String>,
    /// Only the best paths
    #[arg(long, conflicts_with_all = ["peer", "out"])]
    best: bool,
    /// Only what was refused
    #[arg(long, conflicts_with_all = ["peer", "out", "best"])]
    rejected: bool,
    /// Only this family
    #[arg(long, value_parser = ["ipv4", "ipv6"])]
    family: Option<String>,
}

impl Routes {
    /// The same as a request says it.
    pub(super) fn selection(self) -> Selection {
        let scope = match (self.longer, self.covering) {
            (true, _) => Scope::Longer,
            (_, true) => Scope::Covering,
            (false, false) => Scope::Exact,
        };
        let (of, peer) = match (self.peer, self.out) {
            (Some(peer), _) => (Of::In, Some(peer)),
            (None, Some(peer)) => (Of::Out, Some(peer)),
            (None, None) if self.best => (Of::Best, None),
            (None, None) if self.rejected => (Of::Rejected, None),
            (None, None) => (Of::All, None),
        };
        Selection { prefix: self.prefix, scope, of, peer, family: self.family }
    }
}

/// How much a change may disturb.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Limit {
    /// Nothing anybody outside could notice
    None,
    /// Routes are judged anew
    Policy,
    /// Peers are asked for their routes again
    Refresh,
    /// Sessions start anew
    Reopen,
    /// Sessions end
    Reset,
}

impl From<Limit> for Effect {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::None => Self::None,
            Limit::Policy => Self::Policy,
            Limit::Refresh => Self::Refresh,
            Limit::Reopen => Self::Reopen,
            Limit::Reset => Self::Reset,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum PeerAction {
    /// Start it
    Enable,
    /// Shut its session down and leave it down
    Disable,
    /// End its session and start again
    Reset,
    /// Ask it for its routes again
    RefreshIn,
    /// Send it ours again
    RefreshOut,
}

impl From<PeerAction> for Action {
    fn from(action: PeerAction) -> Self {
        match action {
            PeerAction::Enable => Self::Enable,
            PeerAction::Disable => Self::Disable,
            PeerAction::Reset => Self::Reset,
            PeerAction::RefreshIn => Self::RefreshIn,
            PeerAction::RefreshOut => Self::RefreshOut,
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.trim_end_matches('s').parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(number) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("a time-out is longer than nothing".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn selection(words: &[&str]) -> Selection {
        let words = ["caracal", "routes"].iter().chain(words);
        match Arguments::try_parse_from(words).expect("valid words").verb {
            Verb::Ask(Ask::Routes(routes)) => routes.selection(),
            other => panic!("parsed {other:?}"),
        }
    }

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn words_become_a_selection() {
        assert_eq!(selection(&[]), Selection::default());
        let out = selection(&["10.0.0.0/8", "--longer", "--out", "tor", "--family", "ipv4"]);
        let expected = Selection {
            prefix: Some("10.0.0.0/8".to_owned()),
            scope: Scope::Longer,
            of: Of::Out,
            peer: Some("tor".to_owned()),
            family: Some("ipv4".to_owned()),
        };
        assert_eq!(out, expected);
        assert_eq!(selection(&["--in", "a"]).of, Of::In);
    }

    #[test]
    fn options_may_follow_the_verb() {
        let words = ["caracal", "peers", "-o", "json", "--socket", "/tmp/s", "--timeout", "2.5"];
        let arguments = Arguments::try_parse_from(words).expect("valid words");
        assert_eq!(arguments.global.output, Output::Json);
        assert_eq!(arguments.global.patience(), Duration::from_millis(2500));
    }

    #[test]
    fn a_scope_needs_a_prefix() {
        assert!(Arguments::try_parse_from(["caracal", "routes", "--longer"]).is_err());
    }
}
