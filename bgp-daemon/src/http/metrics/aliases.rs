//! The names of prometheus-bird-exporter 1.4, for dashboards that know a BIRD by them. Types are the exporter's too,
//! against the conventions that ours follow: counts are gauges and end in `_count`.

use super::page::Page;
use super::table::{Kind, Metric};
use crate::bird::Monitored;

const LABELS: &[&str] = &["export_filter", "import_filter", "ip_version", "name", "proto"];

const UP: Metric = Metric {
    labels: &["export_filter", "import_filter", "ip_version", "name", "proto", "state"],
    ..gauge("bird_protocol_up", "1 while the protocol is up.")
};

const UPTIME: Metric = gauge("bird_protocol_uptime", "Seconds that the protocol is in its state.");

/// In the order of [`Monitored::routes`].
const ROUTES: [Metric; 4] = [
    gauge("bird_protocol_prefix_import_count", "Routes that passed import."),
    gauge("bird_protocol_prefix_filter_count", "Routes that import refused."),
    gauge("bird_protocol_prefix_export_count", "Routes that were told."),
    gauge("bird_protocol_prefix_preferred_count", "Routes that are the best of their prefix."),
];

/// What became of changes of one sort.
macro_rules! changes {
    ($sort:literal, $what:literal) => {
        [
            gauge(concat!("bird_protocol_changes_", $sort, "_receive_count"), concat!($what, ".")),
            gauge(concat!("bird_protocol_changes_", $sort, "_reject_count"), concat!($what, ": rejected.")),
            gauge(concat!("bird_protocol_changes_", $sort, "_filter_count"), concat!($what, ": filtered.")),
            gauge(concat!("bird_protocol_changes_", $sort, "_ignore_count"), concat!($what, ": ignored.")),
            gauge(concat!("bird_protocol_changes_", $sort, "_accept_count"), concat!($what, ": accepted.")),
        ]
    };
}

/// In the order of [`Monitored::changes`].
const CHANGES: [[Metric; 5]; 4] = [
    changes!("update_import", "Updates to import"),
    changes!("withdraw_import", "Withdrawals to import"),
    changes!("update_export", "Updates to export"),
    changes!("withdraw_export", "Withdrawals to export"),
];

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, labels: LABELS, help }
}

/// Tells all of them.
pub(super) fn tell(channels: &[Monitored], page: &mut Page) {
    for it in channels {
        let [export_filter, import_filter, ip_version, name, proto] = labels(it);
        let labels = [export_filter, import_filter, ip_version, name, proto, &it.state];
        page.tell_if(&UP, &labels, it.is_up);
    }
    for it in channels {
        page.tell(&UPTIME, &labels(it), it.uptime.as_secs());
    }
    for (column, metric) in ROUTES.iter().enumerate() {
        for it in channels {
            page.tell(metric, &labels(it), it.routes[column]);
        }
    }
    for (row, metrics) in CHANGES.iter().enumerate() {
        for (column, metric) in metrics.iter().enumerate() {
            for it in channels {
                page.tell(metric, &labels(it), it.changes[row][column]);
            }
        }
    }
}

/// The values of [`LABELS`].
fn labels(it: &Monitored) -> [&str; 5] {
    [&it.export_filter, &it.import_filter, it.ip_version, &it.name, it.proto]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Values and labels as the exporter 1.4 of Debian made them of a BIRD whose counts are all different.
    #[test]
    fn every_count_is_under_its_name() {
        let channel = Monitored {
            name: "tor_1".into(),
            proto: "BGP",
            ip_version: "4",
            import_filter: "imp4".into(),
            export_filter: "ACCEPT".into(),
            state: "Active        Socket: No \"route\" to host".into(),
            is_up: false,
            uptime: Duration::from_millis(32_900),
            routes: [1, 2, 3, 4],
            changes: [[11, 12, 13, 14, 15], [21, 22, 0, 24, 25], [31, 32, 33, 0, 35], [41, 0, 0, 0, 45]],
        };
        let mut page = Page::default();
        tell(&[channel], &mut page);
        let labels =
            "{export_filter=\"ACCEPT\",import_filter=\"imp4\",ip_version=\"4\",name=\"tor_1\",proto=\"BGP\"";
        let text = page.finish();
        let told: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let state = "state=\"Active        Socket: No \\\"route\\\" to host\"";
        assert_eq!(told[0], format!("bird_protocol_up{labels},{state}}} 0"));
        let mut expected = vec![("uptime", 32)];
        expected.extend([("prefix_import_count", 1), ("prefix_filter_count", 2)]);
        expected.extend([("prefix_export_count", 3), ("prefix_preferred_count", 4)]);
        let sorts = ["update_import", "withdraw_import", "update_export", "withdraw_export"];
        let fates = ["receive", "reject", "filter", "ignore", "accept"];
        let counts = [11, 12, 13, 14, 15, 21, 22, 0, 24, 25, 31, 32, 33, 0, 35, 41, 0, 0, 0, 45];
        let names = sorts.iter().flat_map(|sort| fates.map(|fate| format!("changes_{sort}_{fate}_count")));
        let names: Vec<String> = names.collect();
        expected.extend(names.iter().map(String::as_str).zip(counts));
        let expected = expected.iter().map(|(name, count)| format!("bird_protocol_{name}{labels}}} {count}"));
        assert_eq!(told[1..], expected.collect::<Vec<_>>());
        assert_eq!(text.matches(" gauge\n").count(), told.len());
    }
}
