//! Every metric there is: name, type, labels, meaning. `docs/metrics.md` is made from this table.

use std::fmt::Write as _;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What tells its series apart.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It goes up and down.
    Gauge,
    /// It only goes up while the daemon runs.
    Counter,
    /// How often values fell below bounds.
    Histogram,
}

impl Kind {
    /// The kind as the format writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

macro_rules! table {
    ($($id:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(pub(super) const $id: Metric =
            Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help };)*

        /// All of them, in the order in which they are told.
        pub const METRICS: &[Metric] = &[$($id),*];
    };
}

table! {
    BUILD = Gauge "caracal_build_info" ["version", "role"] "The program; always 1.";
    GENERATION = Gauge "caracal_config_generation" [] "How often a configuration was put in force, the first included.";
    APPLIED = Gauge "caracal_config_last_apply_timestamp_seconds" [] "When the configuration in force was put in force.";
    REJECTED = Gauge "caracal_config_rejected" [] "1 while the last reload was refused and the configuration before it stays in force.";
    PICTURE_AGE = Gauge "caracal_snapshot_age_seconds" [] "Age of what is told here; it grows while the speaker does not answer.";
    SETTLED = Gauge "caracal_settled" [] "1 once the initial routes of every peer that matters have been decided.";
    HEADLESS = Gauge "caracal_headless" [] "1 while routes are kept although all peers that could tell them are gone.";
    DRAINING = Gauge "caracal_draining" [] "1 while the daemon is about to leave for good.";
    PEERS = Gauge "caracal_peers" ["kind", "state"] "Peers by what they are to us and by state.";
    ROUTES = Gauge "caracal_routes" ["kind", "family", "view"] "Routes of all peers of a kind: received, accepted by policy, advertised.";
    PEER_UP = Gauge "caracal_peer_up" ["peer", "kind"] "1 while the session is Established.";
    PEER_SINCE = Gauge "caracal_peer_state_since_timestamp_seconds" ["peer"] "When the peer entered its state.";
    PEER_DETAILS = Gauge "caracal_peer_info" ["peer", "address", "asn", "description"] "What is known of a peer, to be joined with its other series; always 1.";
    PEER_ROUTES = Gauge "caracal_peer_routes" ["peer", "family", "view"] "Routes of one peer: received, accepted by policy, advertised.";
    PEER_SESSIONS = Counter "caracal_peer_sessions_total" ["peer"] "Sessions with a peer that became Established; each after the first is a flap.";
    SESSIONS = Counter "caracal_sessions_total" [] "Sessions with any peer that became Established.";
    MESSAGES = Counter "caracal_messages_total" ["type", "direction"] "BGP messages of all peers.";
    NOTIFICATIONS = Counter "caracal_notifications_total" ["code", "direction"] "NOTIFICATION messages of all peers, by error code; `other` is any that nobody registered.";
    UPDATE_ERRORS = Counter "caracal_update_errors_total" ["action"] "Errors in UPDATE messages that were tolerated, by what they cost (RFC 7606).";
    UNKNOWN_CONNECTS = Counter "caracal_unknown_connects_total" [] "Connections that were refused before they became a session.";
    PREFIX_LIMITS = Counter "caracal_prefix_limits_total" [] "Times a peer passed its limit of prefixes.";
    RIB_PREFIXES = Gauge "caracal_rib_prefixes" ["family"] "Prefixes in the RIB.";
    RIB_ROUTES = Gauge "caracal_rib_routes" ["family"] "Paths in the RIB.";
    RIB_ATTRIBUTES = Gauge "caracal_rib_attributes" [] "Different routes in the RIB: equal attributes of any number of prefixes and peers are kept once.";
    BEST_CHANGES = Counter "caracal_best_path_changes_total" ["family"] "Times the best path of a prefix changed.";
    MEMORY = Gauge "caracal_memory_bytes" ["part"] "About what is kept takes of memory: prefixes, paths, attributes, what was said to update groups, and journals of what waits for slow peers.";
    GR_ACTIVE = Gauge "caracal_gr_active" [] "Peers whose routes outlive their session, until they have told them again or their time is over.";
    STALE_ROUTES = Gauge "caracal_stale_routes" ["family"] "Paths of those peers; one that is back counts with all of its paths until it has told everything.";
    CONVERGENCE = Histogram "caracal_convergence_seconds" ["stage"] "From reading news off a socket until they are decided, wished of the kernel, sent to every peer that reads; sampled.";
    EXPORT_GROUPS = Gauge "caracal_export_groups" [] "Update groups: sets of sessions that are sent the same octets.";
    EXPORT_BACKLOG = Gauge "caracal_export_backlog_bytes" [] "Octets that wait for the slowest member of an update group, in the group where they are most.";
    EXPORT_LAG = Gauge "caracal_export_lag_seconds" [] "Age of the oldest octets that wait for a member of an update group. A minute at most: what is older is dropped, and who has not read it counts as detached.";
    EXPORT_DETACHED = Gauge "caracal_export_detached_peers" [] "Peers so far behind that they are told the state by then instead of what led there.";
    TOPOLOGY_FLAWS = Gauge "caracal_topology_flaws" [] "What is wrong between reflectors, as far as routes tell; `status` says it in words.";
    KERNEL_SYNCED = Gauge "caracal_kernel_synced" [] "1 once the kernel's table has been read.";
    KERNEL_ROUTES = Gauge "caracal_kernel_routes" ["standing"] "Prefixes of ours in the kernel's table by standing, and those of others: foreign, learned.";
    KERNEL_DRIFT = Gauge "caracal_kernel_drift" [] "Prefixes where the kernel's table is not as wished: adopted, pending or diverged.";
    KERNEL_HELD = Gauge "caracal_kernel_sweep_held_routes" [] "Routes found at start that nobody wishes and that the brake keeps.";
    KERNEL_BACKLOG = Gauge "caracal_kernel_backlog" [] "Prefixes that wait for their turn to be written.";
    KERNEL_OPERATIONS = Counter "caracal_kernel_ops_total" ["op"] "Operations that the kernel carried out; `arrange` is one on a next-hop object.";
    KERNEL_ERRORS = Counter "caracal_kernel_errors_total" ["kind"] "Operations that were refused, by kind as `kernel --drift` names it.";
    KERNEL_REPAIRS = Counter "caracal_kernel_repairs_total" [] "Routes of ours that a reading found missing or changed, each repaired.";
    KERNEL_DUMPS = Counter "caracal_kernel_dumps_total" [] "Readings of the whole table.";
    NETLINK_OVERRUNS = Counter "caracal_netlink_overruns_total" [] "Times the kernel's events were lost and the table was read again.";
    KERNEL_SECONDS = Histogram "caracal_kernel_seconds" [] "From the wish for a route to the kernel's yes.";
    PROCESS_CPU = Counter "process_cpu_seconds_total" [] "Time spent on processors, in user and kernel mode.";
    PROCESS_START = Gauge "process_start_time_seconds" [] "When the process started.";
    PROCESS_RESIDENT = Gauge "process_resident_memory_bytes" [] "Resident memory.";
    PROCESS_VIRTUAL = Gauge "process_virtual_memory_bytes" [] "Virtual memory.";
    PROCESS_DESCRIPTORS = Gauge "process_open_fds" [] "Open file descriptors.";
    PROCESS_DESCRIPTORS_MOST = Gauge "process_max_fds" [] "Most file descriptors that may be open.";
}

/// The reference of all metrics, in Markdown: what `docs/metrics.md` holds below its introduction.
#[must_use]
pub fn reference() -> String {
    let mut text = String::from("| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n");
    for Metric { name, kind, labels, help } in METRICS {
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        let _ = writeln!(text, "| `{name}` | {} | {} | {help} |", kind.as_str(), labels.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_the_conventions_and_come_once() {
        let names: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        for metric in METRICS {
            assert!(metric.name.starts_with("caracal_") || metric.name.starts_with("process_"), "{metric:?}");
            assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{metric:?}");
            assert!(metric.help.ends_with('.') && !metric.help.contains(['\n', '|']), "{metric:?}");
        }
    }

    /// `UPDATE_METRICS=1 cargo test -p bgp-daemon reference` writes the reference anew.
    #[test]
    fn the_reference_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");
        let written = std::fs::read_to_string(path).expect("the reference is there");
        let (before, rest) = written.split_once("| Metric |").expect("it has a table");
        let after = rest.split_once("\n\n").map_or("", |(_, after)| after);
        let expected = format!("{before}{}\n{after}", reference());
        if std::env::var_os("UPDATE_METRICS").is_some() {
            std::fs::write(path, &expected).expect("a writable file");
        }
        assert_eq!(written, expected, "docs/metrics.md: see the comment above this test");
    }
}
