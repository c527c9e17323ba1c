//! Verbs that a running daemon answers, and that change nothing unless an option says so.

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use super::events::{History, Watch};
use super::peer::PeerAction;
use super::routes::Routes;
use super::span;
use crate::cli::completion::{peers, subjects};

/// What a running daemon answers.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Ask {
    /// The daemon as a whole
    #[command(after_help = "\
Examples:
  caracal status
  caracal status -o json | jq .peers.established")]
    Status,
    /// All peers
    #[command(after_help = "\
Examples:
  caracal peers                             who is up, and what was exchanged
  caracal peers -o wide                     with families, router ids and descriptions
  caracal peers -o json | jq '.[] | select(.state != \"Established\") | .name'")]
    Peers,
    /// One peer, or an action on it
    #[command(after_help = "\
Examples:
  caracal peer tor-a                        everything about it
  caracal peer tor-a disable --text 'new switch on Monday'
  caracal peer tor-a refresh-in             ask it for its routes again")]
    Peer {
        /// Its name or address
        #[arg(add = ArgValueCompleter::new(peers))]
        name: String,
        /// What to do; without it the peer is shown
        #[arg(value_enum)]
        action: Option<PeerAction>,
        /// What the peer is told when its session is shut down
        #[arg(long, default_value = "")]
        text: String,
    },
    /// Routes, of everybody or of one peer
    #[command(after_help = "\
Examples:
  caracal routes 10.244.0.0/16 --longer     what is known inside a prefix
  caracal routes 10.244.1.7                 what covers an address
  caracal routes --in tor-a                 what a peer has sent, refused routes included
  caracal routes --out tor-a -o json        what it was sent
  caracal routes --rejected                 what nobody uses, and why
  caracal routes --in tor-a --rejected      the same of one peer
  caracal routes --community 64512:* --since 5m
  caracal routes --best --origin-as 65001   what of that AS is used
  caracal routes -o ndjson | wc -l          as they come, for very many")]
    Routes(Routes),
    /// Why a prefix is where it is, or why a session is not up
    #[command(after_help = "\
Examples:
  caracal explain 10.244.1.0/26             from its origin to peers and the kernel; -o wide has a line for each peer
  caracal explain 10.244.1.0/26 --peer tor-a
  caracal explain 10.244.1.0/26 --import --peer tor-a
  caracal explain 10.244.1.0/26 --kernel    what is wished, what is there, what stands in the way
  caracal explain peer tor-a                what fails, and when it is tried again; exits with 1 if it is down")]
    Explain {
        /// A prefix or an address inside it, or the word `peer`
        #[arg(value_name = "PREFIX|peer", add = ArgValueCompleter::new(subjects))]
        prefix: String,
        /// The peer whose session is meant
        #[arg(value_name = "NAME", conflicts_with = "peer", add = ArgValueCompleter::new(peers))]
        name: Option<String>,
        /// Only what concerns this peer
        #[arg(long, add = ArgValueCompleter::new(peers))]
        peer: Option<String>,
        /// What was made of what peers said, with every rule that was tried; with --peer, of what that one said
        #[arg(long, conflicts_with_all = ["name", "kernel"])]
        import: bool,
        /// What the kernel is wished to hold and holds
        #[arg(long, conflicts_with_all = ["name", "peer"])]
        kernel: bool,
    },
    /// What happened: sessions, limits, restarts, the configuration, the kernel, best paths
    #[command(after_help = "\
Of all peers together the last 4096 events are remembered, of each peer the last 32 and the last 32 attempts to reach
it, over flaps; of best paths the last 8192 changes of all prefixes.

Examples:
  caracal history                           the last hundred
  caracal history peer tor-a --since 1h
  caracal history 10.244.1.0/26             whose route it was, when and why that changed
  caracal history --only events -o ndjson")]
    History(History),
    /// What happens, as it happens: lines on a terminal, a JSON object for each event anywhere else
    #[command(after_help = "\
A daemon that has gone is waited for. What happened meanwhile and is still remembered is told, what is not is
said to be missing, by an event `gap`.

Examples:
  caracal watch                             everything
  caracal watch tor-a tor-b --only events   what becomes of two sessions
  caracal watch --since-event 1793301000123-17 go on after an event read earlier
  caracal watch --since-event 0 --limit 10  the first ten that are remembered")]
    Watch(Watch),
    /// What the kernel holds of ours
    #[command(after_help = "\
Examples:
  caracal kernel
  caracal kernel --drift                    exits with 1 where the kernel differs, and says why
  caracal kernel --summary -o json")]
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
    /// Watch peers, routes and the kernel's table as they change
    #[command(after_help = "\
Examples:
  caracal top                               n, s, a, m and r sort, again the other way round; q leaves
  caracal top --every 5s
  caracal top -o json                       once, with the rates of a second
  caracal top -o ndjson                     line by line, until it is ended")]
    Top {
        /// How often to look
        #[arg(long, value_name = "TIME", value_parser = span, default_value = "1s")]
        every: Duration,
    },
    /// Wait until the daemon is ready; exit with 6 if it is not in time
    #[command(after_help = "\
Examples:
  caracal wait ready --timeout 60s          until routes are decided and in the kernel")]
    Wait {
        /// What to wait for
        #[arg(value_enum)]
        what: Awaited,
    },
}

/// What can be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Awaited {
    /// The daemon is configured and has sessions, first decisions are complete, the kernel holds their outcome
    Ready,
}
