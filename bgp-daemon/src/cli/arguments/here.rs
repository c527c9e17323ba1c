//! Verbs that need no running daemon.

use std::path::PathBuf;

use clap::Subcommand;

/// What needs no running daemon.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Here {
    /// Run the daemon
    #[command(after_help = "\
Examples:
  caracal run --config /etc/caracal/caracal.toml")]
    Run {
        /// The configuration file
        #[arg(long, short, value_name = "FILE")]
        config: PathBuf,
    },
    /// Say whether a configuration is valid
    #[command(after_help = "\
Examples:
  caracal check caracal.toml                exits with 5 and says where it is not")]
    Check {
        /// The configuration file
        file: PathBuf,
    },
}
