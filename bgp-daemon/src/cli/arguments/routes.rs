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
    origin_as: Option<u32>,
    /// Only what arrived or changed since so long ago: 90s, 5m, 2h, 1d
    #[arg(long, value_name = "TIME", value_parser = span)]
    since: Option<u64>,
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
        Selection { prefix, scope, of, peer, family, community, origin_as, since }
    }
}

/// A span of time in seconds.
fn span(text: &str) -> Result<u64, String> {
    let unit = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let seconds = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err("write it as in 90s, 5m, 2h or 1d".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "write it as in 90s, 5m, 2h or 1d".to_owned())?;
    number.checked_mul(seconds).ok_or_else(|| "that is longer than anything has been up".to_owned())
}
