//! Open files: every session takes one, and a process begins with fewer than a reflector has clients.

use bgp_core::speaker::Config;
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use tracing::warn;

/// Open files besides sessions: listeners, control, kernel, logs.
const OTHERS: rlim_t = 64;

/// Takes as many open files as the system gives, and says so where those are too few for all sessions of `config`.
///
/// Programs begin with 1024 wherever nobody said otherwise, because `select` knows no more; nothing here uses it.
pub(crate) fn allow(config: &Config) {
    let taken = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map(|()| hard));
    let wanted = wanted(config);
    match taken {
        Ok(limit) if limit < wanted => warn!(
            event = "files.few",
            limit,
            wanted,
            hint = "raise the hard limit of open files (LimitNOFILE=, ulimit -Hn), or lower the limits of ranges"
        ),
        Ok(_) => {}
        Err(error) => warn!(event = "files.limit", reason = %error),
    }
}

/// How many `config` takes: one for each session that may come up, and some.
pub(crate) fn wanted(config: &Config) -> rlim_t {
    let named = config.peers.len() as rlim_t;
    config.dynamic_peers.iter().fold(OTHERS + named, |sum, range| sum.saturating_add(range.limit.into()))
}
