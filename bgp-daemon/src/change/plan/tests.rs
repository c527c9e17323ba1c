use std::path::Path;

use bgp_core::rib::{Forwarding, KernelHint};
use bgp_core::wire::Attributes;

use super::*;
use crate::config::{ThisHost, load_text};

fn settings(more: &str) -> Settings {
    let text = format!("asn = 64512\nrouter_id = \"192.0.2.1\"\n{more}");
    load_text(Path::new("test.toml"), &text, &ThisHost).expect("a valid text").settings
}

const A: &str = "[[peer]]\nname = \"a\"\naddress = \"192.0.2.2\"\nasn = 64512\n";
const B: &str = "[[peer]]\nname = \"b\"\naddress = \"192.0.2.3\"\nasn = 64512\n";

fn changes(old: &str, new: &str) -> Vec<(String, ChangeKind, Effect)> {
    let changes = plan(&settings(old), &settings(new));
    changes.into_iter().map(|change| (change.name, change.change, change.effect)).collect()
}

#[test]
fn peers_come_and_go() {
    let (gone, come) = (("a", ChangeKind::Removed, Effect::Reset), ("b", ChangeKind::Added, Effect::None));
    let named = |(name, change, effect): (&str, _, _)| (name.to_owned(), change, effect);
    assert_eq!(changes(A, B), [named(gone), named(come)]);
    assert_eq!(changes(A, A), []);
}

#[test]
fn only_what_the_peer_was_told_costs_the_session() {
    let effect = |line: &str| effect(&plan(&settings(A), &settings(&format!("{A}{line}"))));
    assert_eq!(effect("description = \"rack 4\""), Effect::None);
    assert_eq!(effect("import = \"reject-all\""), Effect::Policy);
    assert_eq!(effect("max_prefixes = { ipv4 = 7, action = \"drop\" }"), Effect::Refresh);
    assert_eq!(effect("hold_time = \"30s\""), Effect::Reopen);
    assert_eq!(effect("ttl_security = 1"), Effect::Reset);
    assert_eq!(effect("enabled = false"), Effect::Reset);
}

#[test]
fn a_peer_that_is_disabled_has_nothing_to_lose() {
    let disabled = format!("{A}enabled = false\n");
    let other = format!("{disabled}hold_time = \"30s\"\n");
    assert_eq!(changes(&disabled, &other), [("a".to_owned(), ChangeKind::Changed, Effect::None)]);
    assert_eq!(effect(&plan(&settings(&disabled), &settings(""))), Effect::None);
}

#[test]
fn the_fields_that_differ_are_named() {
    let other = format!("{A}hold_time = \"30s\"\nttl_security = 1\ndescription = \"rack 4\"\n");
    let changes = plan(&settings(A), &settings(&other));
    assert_eq!(changes[0].fields, ["ttl_security or multihop", "description", "hold_time"]);
}

#[test]
fn a_line_more_in_the_file_changes_nothing() {
    let rule =
        "[[policy]]\nname = \"p\"\ndefault = \"reject\"\nrules = [{ name = \"r\", action = \"accept\" }]\n";
    let with = format!("{A}import = \"p\"\n{rule}");
    assert_eq!(changes(&with, &format!("# a line more\n{with}")), []);
}

#[test]
fn an_identity_is_everybodys() {
    let other = "asn = 64512\nrouter_id = \"192.0.2.9\"\n".to_owned() + A;
    let other = load_text(Path::new("test.toml"), &other, &ThisHost).expect("a valid text").settings;
    let changes = plan(&settings(A), &other);
    let reset: Vec<&str> =
        changes.iter().filter(|one| one.effect == Effect::Reset).map(|one| one.name.as_str()).collect();
    assert_eq!(reset, ["a", "router_id"]);
}

#[test]
fn ranges_and_their_keys_are_compared() {
    let range = "[[dynamic_peers]]\nprefix = \"10.0.0.0/16\"\nasn = 64512\n";
    let with = |line: &str| effect(&plan(&settings(range), &settings(&format!("{range}{line}\n"))));
    assert_eq!(with("limit = 7"), Effect::None);
    assert_eq!(with("import = \"reject-all\""), Effect::Policy);
    assert_eq!(with("ttl_security = 1"), Effect::Reset);
    assert_eq!(effect(&plan(&settings(range), &settings(""))), Effect::Reset);
}

#[test]
fn what_changes_about_the_kernels_table_is_said() {
    let effect = |line: &str| changes("", &format!("[kernel]\n{line}\n"));
    for (line, name, effect_of) in [
        ("metric = 7", "metric", Effect::Policy),
        ("multipath = 4", "multipath", Effect::Policy),
        ("export = \"reject-all\"", "export", Effect::Policy),
        ("learn = false", "learn", Effect::Policy),
        ("sweep_limit = 0.25", "sweep_limit", Effect::None),
        ("table = 100", "table", Effect::Restart),
        ("protocol = 186", "protocol", Effect::Restart),
        ("enabled = false", "enabled", Effect::Restart),
    ] {
        assert_eq!(effect(line), [(format!("[kernel] {name}"), ChangeKind::Changed, effect_of)], "{line}");
    }
    assert_eq!(effect("metric = 0"), []);
}

#[test]
fn only_differences_of_our_routes_are_told() {
    let originated = |text: &str, forwarding, place: &str| {
        let (attributes, kernel) = (Attributes::default(), KernelHint::default());
        let prefix = text.parse().expect("a prefix");
        Originated {
            prefix,
            route: Route { attributes, forwarding, interface: None, kernel },
            place: place.into(),
        }
    };
    let old = ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]
        .map(|text| originated(text, Forwarding::Blackhole, "old:1"));
    let new = [
        originated("10.0.0.0/24", Forwarding::Blackhole, "new:1"),
        originated("10.0.2.0/24", Forwarding::Nowhere, "new:2"),
        originated("10.0.3.0/24", Forwarding::Blackhole, "new:3"),
    ];
    let told: Vec<(String, ChangeKind)> =
        routes(&old, &new).into_iter().map(|change| (change.name, change.change)).collect();
    let expected = [
        ("10.0.1.0/24", ChangeKind::Removed),
        ("10.0.2.0/24", ChangeKind::Changed),
        ("10.0.3.0/24", ChangeKind::Added),
    ];
    assert_eq!(told, expected.map(|(name, change)| (name.to_owned(), change)));
}
