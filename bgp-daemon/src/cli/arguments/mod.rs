//! What can be typed: verbs, options and their help. Verbs stand in files by what they do.

mod aid;
mod ask;
mod change;
mod events;
mod here;
mod log;
mod peer;
mod routes;
mod span;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Command, CommandFactory, Parser, Subcommand, ValueEnum};

pub(super) use self::aid::Aid;
pub(super) use self::ask::{Ask, Awaited};
pub(super) use self::change::Change;
pub(super) use self::here::Here;
use self::span::span;
use super::client::Client;
use crate::config::Role;

/// The control socket, unless somebody says otherwise.
pub(super) const SOCKET: &str = "/run/caracal/caracal.sock";

/// Everything that the program for `role` understands.
pub(super) fn command(role: Role) -> Command {
    let name = role.program();
    let about = match role {
        Role::Node => "A BGP speaker for clusters",
        Role::Reflector => "A BGP route reflector for clusters",
    };
    let named = |verb: Command| match verb.get_after_help() {
        Some(help) => {
            let help = help.to_string().replace("caracal ", &format!("{name} "));
            verb.after_help(help)
        }
        None => verb,
    };
    let command = Arguments::command().name(name).bin_name(name).about(about).after_help(examples(name));
    command.mut_subcommands(named)
}

/// Shown below the help of the program called `name`.
fn examples(name: &str) -> String {
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
  {name} top                                all of it, live
  {name} explain 10.244.1.0/26              why a route is where it is
  {name} history peer tor-a                 what happened to its sessions
  {name} watch                              what happens, as it happens
  {name} wait ready --timeout 60s           until routes are decided and in the kernel
  {name} drain --wait --timeout 60s         leave for good once traffic has moved
  {name} doctor                             is this host fit for it?
  {name} bundle                             one file for whoever is to help

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
    #[arg(long, env = "CARACAL_SOCKET", default_value = SOCKET, global = true)]
    pub(super) socket: PathBuf,
    /// How long to wait for the daemon [default: 10s; of `drain` and `wait`: 60s]
    #[arg(long, value_name = "TIME", value_parser = span, global = true)]
    pub(super) timeout: Option<Duration>,
}

impl Global {
    /// The daemon to ask.
    pub(super) fn client(&self) -> Client {
        Client { socket: self.socket.clone(), timeout: self.patience() }
    }

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
    Aid(Aid),
    #[command(flatten)]
    Ask(Ask),
    #[command(flatten)]
    Change(Change),
}
