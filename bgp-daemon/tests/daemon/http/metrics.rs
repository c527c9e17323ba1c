//! `/metrics`: what is told, how much of it, and that the table of metrics knows all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use bgp_daemon::http::metrics::table::{Kind, METRICS, Metric};
use nix::sys::signal::Signal;

use super::serving;
use super::web::{get, section};
use crate::host::Host;

/// Series and their values.
fn series(host: &Host) -> BTreeMap<String, String> {
    let page = get(host, "/metrics");
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let lines = page.body.lines().filter(|line| !line.starts_with('#'));
    let told: Vec<(String, String)> = lines
        .map(|line| line.rsplit_once(' ').expect("a series and a value"))
        .map(|(series, value)| (series.to_owned(), value.to_owned()))
        .collect();
    let count = told.len();
    let told: BTreeMap<_, _> = told.into_iter().collect();
    assert_eq!(told.len(), count, "no series comes twice");
    told
}

/// What is declared of a series, histograms' parts included.
fn declared(series: &str) -> Option<&'static Metric> {
    let name = series.split('{').next().unwrap_or(series);
    let parts = ["_bucket", "_sum", "_count"].into_iter().filter_map(|part| name.strip_suffix(part));
    let histogram = parts.map(|name| (name, true)).chain([(name, false)]);
    histogram
        .filter_map(|(name, part)| {
            METRICS.iter().find(|metric| metric.name == name && (metric.kind == Kind::Histogram) == part)
        })
        .next()
}

#[test]
fn every_series_is_declared_with_its_labels() {
    let host = serving("[[peer]]\nname = \"tor\"\naddress = \"192.0.2.1\"\nasn = 65001\n");
    for series in series(&host).keys() {
        let metric = declared(series).unwrap_or_else(|| panic!("{series} is not declared"));
        let labels = series.split_once('{').map_or("", |(_, labels)| labels);
        let labels: Vec<&str> =
            labels.split(',').filter_map(|label| Some(label.split_once('=')?.0)).collect();
        let told = if series.contains("_bucket{") {
            [metric.labels, &["le"]].concat()
        } else {
            metric.labels.to_vec()
        };
        assert_eq!(labels, told, "{series}");
    }
    let page = get(&host, "/metrics").body;
    let described: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let once: BTreeSet<&str> = described.iter().copied().collect();
    assert_eq!(once.len(), described.len(), "each is described once");
}

#[test]
fn a_session_and_its_routes_are_told() {
    let (mut a, mut b) = (Host::new(), Host::new());
    let block = "[[originate]]\nprefix = \"10.1.0.0/24\"\nkind = \"announce\"\n";
    let web = section(&b);
    let (to_b, to_a) = (b.as_peer("b", &a, block), a.as_peer("a", &b, "[metrics]\nper_peer = \"all\"\n"));
    a.run(&to_b);
    b.run(&format!("{web}{to_a}"));
    b.until_route("10.1.0.0/24");
    let is = |name: &str, value: &str| series(&b).get(name).is_some_and(|told| told == value);
    b.until("the route is told", || {
        is("caracal_routes{kind=\"internal\",family=\"ipv4\",view=\"accepted\"}", "1")
            && is("caracal_convergence_seconds_count{stage=\"sent\"}", "1")
    });
    let told = series(&b);
    let expected = [
        ("caracal_peer_up{peer=\"a\",kind=\"internal\"}", "1"),
        ("caracal_peers{kind=\"internal\",state=\"Established\"}", "1"),
        ("caracal_peers{kind=\"internal\",state=\"Idle\"}", "0"),
        ("caracal_peer_routes{peer=\"a\",family=\"ipv4\",view=\"received\"}", "1"),
        ("caracal_peer_sessions_total{peer=\"a\"}", "1"),
        ("caracal_sessions_total", "1"),
        ("caracal_messages_total{type=\"open\",direction=\"received\"}", "1"),
        ("caracal_rib_routes{family=\"ipv4\"}", "1"),
        ("caracal_rib_attributes", "1"),
        ("caracal_best_path_changes_total{family=\"ipv4\"}", "1"),
        ("caracal_stale_routes{family=\"ipv4\"}", "0"),
        ("caracal_gr_active", "0"),
        ("caracal_export_lag_seconds", "0"),
        ("caracal_notifications_total{code=\"cease\",direction=\"received\"}", "0"),
        ("caracal_convergence_seconds_count{stage=\"decided\"}", "1"),
        ("caracal_convergence_seconds_count{stage=\"wished\"}", "1"),
        ("caracal_config_generation", "1"),
        ("caracal_config_rejected", "0"),
    ];
    for (name, value) in expected {
        assert_eq!(told.get(name).map(String::as_str), Some(value), "{name} of {told:#?}");
    }
}

#[test]
fn a_session_that_ends_is_told_with_what_it_leaves() {
    let (mut a, mut b) = (Host::new(), Host::new());
    let block = "[[originate]]\nprefix = \"10.1.0.0/24\"\nkind = \"announce\"\n";
    let web = section(&b);
    let (to_b, to_a) = (b.as_peer("b", &a, block), a.as_peer("a", &b, ""));
    a.run(&to_b);
    b.run(&format!("{web}{to_a}"));
    b.until_route("10.1.0.0/24");
    let is = |name: &str, value: &str| series(&b).get(name).is_some_and(|told| told == value);
    assert!(b.ask(&["peer", "a", "reset"]).status.success());
    b.until("a farewell is told", || {
        is("caracal_notifications_total{code=\"cease\",direction=\"sent\"}", "1")
    });
    b.until_established("a");
    a.signal(Signal::SIGKILL);
    b.until("routes are kept", || {
        is("caracal_stale_routes{family=\"ipv4\"}", "1") && is("caracal_gr_active", "1")
    });
}

/// The number of series with some peers of each kind.
fn count(external: usize, internal: usize) -> usize {
    let mut peers = String::new();
    for n in 0..external + internal {
        let asn = if n < external { 65001 } else { 64512 };
        write!(peers, "[[peer]]\naddress = \"192.0.2.{}\"\nasn = {asn}\n", n + 1).expect("a string");
    }
    let host = serving(&peers);
    let told = |name: &str| series(&host).keys().filter(|series| series.starts_with(name)).count();
    assert_eq!(told("caracal_peer_up"), external);
    series(&host).len()
}

#[test]
fn a_mesh_costs_no_more_than_one_peer_and_each_other_peer_the_same() {
    assert_eq!(count(1, 1), count(1, 40));
    let (one, two, many) = (count(1, 1), count(2, 1), count(41, 1));
    assert_eq!(many - one, 40 * (two - one), "as many for each");
    assert!(two - one <= 11, "{} series of one peer", two - one);
}

#[test]
fn a_description_stays_a_label() {
    let hostile = "[[peer]]\nname = \"tor\"\naddress = \"192.0.2.1\"\nasn = 65001\ndescription = \"a\\\"} 7\\n# \\\\\"\n";
    let told = series(&serving(hostile));
    let of = told.keys().find(|series| series.starts_with("caracal_peer_info")).expect("it is told");
    assert!(of.ends_with("description=\"a\\\"} 7\\n# \\\\\"}"), "{of}");
}
