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
    /// Put everything that somebody who helps wants to see into one file, without keys
    #[command(after_help = "\
Examples:
  caracal bundle                            writes caracal-bundle-HOST-TIME.tar.gz into this folder
  caracal bundle support.tar.gz --routes 100000
  caracal bundle -o json                    prints the manifest

Configuration, status, peers, the kernel's table, metrics, what `doctor` finds, and files of /proc. Keys become stars,
wherever they stand; addresses, names and AS numbers stay. The manifest names what could not be had, and why.")]
    Bundle {
        /// Where to write it
        file: Option<PathBuf>,
        /// The configuration [default: that of the running daemon, or /etc/caracal/caracal.toml]
        #[arg(long, short, value_name = "FILE")]
        config: Option<PathBuf>,
        /// With so many routes at most
        #[arg(long, value_name = "COUNT", default_value_t = 0)]
        routes: usize,
    },
}
