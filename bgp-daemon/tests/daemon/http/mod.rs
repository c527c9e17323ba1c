//! The web server, as probes, scrapers and strangers meet it.

mod api;
mod events;
mod metrics;
mod page;
mod probes;
mod strangers;
pub(crate) mod web;

use crate::host::Host;

/// A running daemon with a web server, and `more`.
pub(crate) fn serving(more: &str) -> Host {
    let mut host = Host::new();
    let section = web::section(&host);
    host.run(&format!("{section}{more}"));
    host
}
