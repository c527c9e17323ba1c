//! Which routes are listed.

use std::time::Duration;

use bgp_core::Asn;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;

use super::span;
use crate::api::{Of, Scope, Selection};
use crate::cli::completion::{peers, prefixes};

#[derive(Args, Debug)]
#[command(next_help_heading = "Which routes")]
pub(in crate::cli) struct Routes {
    /// A prefix; an address stands for the prefixes that cover it
    #[arg(add = ArgValueCompleter::new(prefixes))]
    prefix: Option<String>,
    /// With the prefixes inside it
    #[arg(long, requires = "prefix", conflicts_with = "covering")]
    longer: bool,
    /// With the prefixes that cover it
    #[arg(long, requires = "prefix")]
    covering: bool,
    /// What this peer sent; with --best or --rejected only that of it
    #[arg(long, value_name = "PEER", visible_alias = "in", add = ArgValueCompleter::new(peers))]
    peer: Option<String>,
    /// What this peer was sent
    #[arg(long, value_name = "PEER", conflicts_with = "peer", add = ArgValueCompleter::new(peers))]
    out: Option<String>,
    /// Only the best paths
    #[arg(long, conflicts_with = "out")]
    best: bool,
    /// Only what was refused
    #[arg(long, conflicts_with_all = ["out", "best"])]
    rejected: bool,
    /// Only with a community like this, as policies write it: 64512:*
    #[arg(long)]
    community: Option<String>,
    /// Only with an AS path that ends with this AS
    #[arg(long, value_name = "AS")]
    origin_as: Option<Asn>,
    /// Only what arrived or changed in that time, as 90s, 5m or 2h
    #[arg(long, value_name = "TIME", value_parser = span)]
    since: Option<Duration>,
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
            (peer, None) if self.best => (Of::Best, peer),
            (peer, None) if self.rejected => (Of::Rejected, peer),
            (Some(peer), _) => (Of::In, Some(peer)),
            (None, Some(peer)) => (Of::Out, Some(peer)),
            (None, None) => (Of::All, None),
        };
        let Self { prefix, family, community, origin_as, since, .. } = self;
        let (origin_as, since) = (origin_as.map(|Asn(number)| number), since.map(|since| since.as_secs()));
        Selection { prefix, scope, of, peer, family, community, origin_as, since }
    }
}
