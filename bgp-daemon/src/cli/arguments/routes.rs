//! Which routes are listed.

use clap::Args;
use clap_complete::engine::ArgValueCompleter;

use crate::api::{Of, Scope, Selection};
use crate::cli::completion::peers;

#[derive(Args, Debug)]
#[command(next_help_heading = "Which routes")]
pub(in crate::cli) struct Routes {
    /// A prefix; an address stands for the prefixes that cover it
    prefix: Option<String>,
    /// With the prefixes inside it
    #[arg(long, requires = "prefix", conflicts_with = "covering")]
    longer: bool,
    /// With the prefixes that cover it
    #[arg(long, requires = "prefix")]
    covering: bool,
    /// What this peer sent
    #[arg(long, value_name = "PEER", visible_alias = "in", add = ArgValueCompleter::new(peers))]
    peer: Option<String>,
    /// What this peer was sent
    #[arg(long, value_name = "PEER", conflicts_with = "peer", add = ArgValueCompleter::new(peers))]
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
    pub(in crate::cli) fn selection(self) -> Selection {
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
