//! Verbs that need no running daemon.

use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::completion::Shell;

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
  caracal check caracal.toml                exits with 5 and says where it is not
  caracal check caracal.toml -o json        the same for an editor or a pipeline: file, line, column, hint")]
    Check {
        /// The configuration file
        file: PathBuf,
    },
    /// Print what a shell has to read to complete verbs, options and the names of peers
    #[command(after_help = "\
Examples:
  caracal completion bash > /usr/share/bash-completion/completions/caracal
  caracal completion zsh > /usr/share/zsh/vendor-completions/_caracal
  caracal completion fish > ~/.config/fish/completions/caracal.fish")]
    Completion {
        /// Which shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Man {
        /// Where to; made if it is not there
        folder: PathBuf,
    },
}
