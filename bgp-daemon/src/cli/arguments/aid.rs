//! Verbs for when something is wrong: with a daemon, and without one.

use std::path::PathBuf;

use clap::Subcommand;

/// What helps to find out what is wrong.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Aid {
    /// Examine the host and the daemon on it; exit with 1 where something does not work
    #[command(after_help = "\
Examples:
  caracal doctor                            the host, the daemon, and what its configuration asks of the host
  sudo caracal doctor                       sees whose sockets and processes are in the way, too
  caracal doctor --config caracal.toml      before the first start
  caracal doctor -o json

Every finding is ok, warning, error or unknown, with what was seen, why it matters and what repairs it. Nothing is
changed.")]
    Doctor {
        /// The configuration [default: that of the running daemon, or /etc/caracal/caracal.toml]
        #[arg(long, short, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}
