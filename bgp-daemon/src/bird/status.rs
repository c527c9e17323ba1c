//! `show status`: the daemon as a whole.

use bgp_core::speaker::Summary;
use nix::unistd::gethostname;

use super::protocol::{Code, Lines};
use super::times::Times;
use super::voice::Voice;
use crate::config::BirdDialect;
use crate::control::Facts;

/// Prints the state of the daemon.
pub(super) fn print(summary: &Summary, facts: &Facts, voice: Voice, times: &Times, lines: &mut Lines) {
    lines.put(Code::VERSION, format_args!("BIRD {}", voice.version()));
    lines.put(Code::STATUS, format_args!("Router ID is {}", summary.router_id));
    if voice.dialect == BirdDialect::Two {
        let host = gethostname().unwrap_or_default();
        lines.put(Code::STATUS, format_args!("Hostname is {}", host.display()));
    }
    lines.put(Code::STATUS, format_args!("Current server time is {}", times.present()));
    lines.put(Code::STATUS, format_args!("Last reboot on {}", times.status(facts.started)));
    lines.put(Code::STATUS, format_args!("Last reconfiguration on {}", times.status(facts.configured)));
    if !summary.settled {
        lines.put(Code::RECOVERING, format_args!("Graceful restart recovery in progress"));
        let waiting = summary.peers.saturating_sub(summary.established);
        let what = if voice.dialect == BirdDialect::One { "protocols" } else { "channels" };
        lines.put(Code::RECOVERING, format_args!("  Waiting for {waiting} {what} to recover"));
    }
    if facts.draining.is_some() {
        lines.end(Code::RUNNING, format_args!("Daemon is draining: it leaves for good"));
    } else {
        lines.end(Code::RUNNING, format_args!("Daemon is up and running"));
    }
}
