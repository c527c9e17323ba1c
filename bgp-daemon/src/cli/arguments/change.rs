//! Verbs that change what is in force, or say what a change would do.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};

use super::log::Log;
use super::span;
use crate::api::Effect;

/// What changes a running daemon.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Change {
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
        /// Undo it after this time, as 60s or 5m, unless it is confirmed
        #[arg(long, value_name = "TIME", value_parser = span)]
        confirm: Option<Duration>,
        /// Change nothing and exit with 7 where it takes more than this
        #[arg(long, value_enum, value_name = "EFFECT")]
        max_effect: Option<Limit>,
    },
    /// Keep what was applied on trial; exit with 1 if nothing was
    #[command(after_help = "\
Examples:
  caracal confirm")]
    Confirm,
    /// Go back to what was in force before the last change; exit with 1 if there was none
    #[command(after_help = "\
Examples:
  caracal undo")]
    Undo,
    /// Leave for good: ask traffic away, then end all sessions, remove our kernel routes and exit
    #[command(after_help = "\
Examples:
  caracal drain --wait --timeout 60s        until every peer was told and the daemon has ended
  caracal drain --undo                      stay after all")]
    Drain {
        /// Wait until the daemon's process has ended; exit with 6 if it left before every peer was told
        #[arg(long)]
        wait: bool,
        /// Stay after all; exit with 1 if nothing is being drained
        #[arg(long, conflicts_with = "wait")]
        undo: bool,
    },
    /// Say how much is logged, or change it, of everything or of one peer
    #[command(after_help = "\
Examples:
  caracal log level                         what holds for everything, and for peers that have levels of their own
  caracal log level debug                   of everything but those
  caracal log level tor-a=debug             of one peer: each change of its state; with trace every message it sends
  caracal log level tor-a=default           that peer like everything else again
  caracal log level default                 everything as RUST_LOG says, or the configuration
  caracal log info,bgp_daemon::transport=trace

It holds until the daemon ends. A peer's own level may be lower than that of everything else, too.")]
    Log(Log),
}

/// How much a change may disturb.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Limit {
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
