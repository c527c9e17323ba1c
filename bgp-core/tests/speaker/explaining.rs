//! What an explanation says of a prefix is what was selected, told and wished.

use std::collections::BTreeSet;
use std::sync::Arc;

use bgp_core::peer::{AfterLimit, MaxPrefixes, PeerConfig, PrefixLimit};
use bgp_core::policy::{Action, Disposition, Policy, Rule};
use bgp_core::rib::Forwarding;
use bgp_core::speaker::{Concern, Input, PathSource, RoutesOf};
use bgp_core::{Asn, Family};
use ipnet::IpNet;
use proptest::prelude::*;

use crate::drafts::{PEERS, PREFIXES, draft, stage, words};
use crate::script::{Graceful, Stage, THEIRS, config, end_of_rib, host, net, peer, update, usual};

const BLOCK: &str = "198.51.100.0/24";

/// Who is told of a prefix, or `None` for the kernel.
type Audience = Option<String>;

/// Whom an explanation of a prefix says to hear of it, and how many paths it says to be best.
fn explained(stage: &Stage, prefix: IpNet) -> (BTreeSet<Audience>, usize) {
    let Some(told) =
        stage.speaker.view().explain(prefix, Concern::Everything).filter(|told| told.prefix == prefix)
    else {
        return (BTreeSet::new(), 0);
    };
    let passed =
        |stage: &'static str| told.steps.iter().filter(move |step| step.stage == stage && step.passed);
    let exported = passed("export").map(|step| {
        let (_, to) = step.subject.split_once(" to ").expect("from whom to whom");
        Some(to.to_owned())
    });
    let wished = passed("kernel").map(|_| None);
    let best = told.candidates.iter().filter(|candidate| candidate.best).count();
    (exported.chain(wished).collect(), best)
}

/// Who has heard of it.
fn heard(stage: &Stage, prefix: IpNet) -> BTreeSet<Audience> {
    let names = PEERS.iter().map(|(n, ..)| format!("h{n}"));
    let told = names.filter(|name| {
        let id = stage.speaker.peer_id(name);
        id.is_some_and(|id| stage.routes(RoutesOf::Out(id)).iter().any(|route| route.prefix == prefix))
    });
    told.map(Some).chain(stage.kernel.contains(&prefix).then_some(None)).collect()
}

proptest! {
    #[test]
    fn an_explanation_says_what_is(draft in draft(), words in words()) {
        let stage = stage(&draft, &words);
        for prefix in PREFIXES.map(net) {
            let (said, best) = explained(&stage, prefix);
            prop_assert_eq!(said, heard(&stage, prefix), "{}", prefix);
            let selected = stage.routes(RoutesOf::Best);
            prop_assert_eq!(best, selected.iter().filter(|route| route.prefix == prefix).count());
        }
    }

    /// Every candidate has an origin, a decision, and as long as import lets it be chosen, a way to its next hop.
    #[test]
    fn an_explanation_walks_every_candidate(draft in draft(), words in words(), knows_no_way: bool) {
        let mut stage = stage(&draft, &words);
        if knows_no_way {
            stage.input(Input::NextHop { address: host(2), reach: None });
        }
        for prefix in PREFIXES.map(net) {
            let told = stage.speaker.view().explain(prefix, Concern::Everything);
            let Some(told) = told.filter(|told| told.prefix == prefix) else { continue };
            let of = |stage| told.steps.iter().filter(move |step| step.stage == stage);
            prop_assert!(told.steps.iter().zip(&told.candidates).all(|(step, _)| step.stage == "origin"));
            prop_assert_eq!(of("origin").count(), told.candidates.len());
            let unreachable = told.candidates.iter().filter(|path| path.reason == "next hop unreachable");
            prop_assert_eq!(of("next hop").filter(|step| !step.passed).count(), unreachable.count());
            let tracked = told.candidates.iter().filter(|path| !path.refused && matches!(path.route.forwarding, Forwarding::Via(_)));
            prop_assert_eq!(of("next hop").count(), tracked.count());
        }
    }

    /// What import says when asked is what it made of the route: the attributes that it says it changed are those
    /// that differ, and the last rule tried is the one that decided.
    #[test]
    fn an_account_of_import_is_what_import_did(draft in draft(), words in words()) {
        let stage = stage(&draft, &words);
        for prefix in PREFIXES.map(net) {
            let Some(told) = stage.speaker.view().explain(prefix, Concern::Import(None)) else { continue };
            prop_assert!(told.steps.iter().all(|step| !matches!(step.stage, "export" | "kernel")));
            for step in told.steps.iter().filter(|step| step.stage == "import") {
                let path = told.candidates.iter().find(|path| matches!(&path.source, PathSource::Peer(name) if **name == step.subject));
                let path = path.expect("who announced it");
                prop_assert_eq!(step.passed, !path.refused);
                prop_assert_eq!(step.reason.contains("changed:") && step.reason.contains("local_preference"),
                    step.passed && path.route.attributes.local_preference == Some(200));
                if let Some(last) = step.tried.last() {
                    let rule = "policy policy, rule rule (test:1)";
                    prop_assert_eq!(last.contains("does not match"), !step.reason.contains(rule), "{:?}", step);
                }
            }
        }
    }

    /// Every path is judged, and by import as the listing says.
    #[test]
    fn an_explanation_leaves_no_path_out(draft in draft(), words in words()) {
        let stage = stage(&draft, &words);
        let refused = stage.routes(RoutesOf::Rejected);
        for route in stage.routes(RoutesOf::All) {
            let told = stage.speaker.view().explain(route.prefix, Concern::Everything).expect("it has a path");
            let steps = |stage| told.steps.iter().filter(move |step| step.stage == stage);
            prop_assert_eq!(steps("decision").count(), told.candidates.len());
            let no = steps("import").filter(|step| !step.passed).count();
            prop_assert_eq!(no, refused.iter().filter(|other| other.prefix == route.prefix).count());
        }
    }
}

/// The export step about one peer.
fn towards(stage: &Stage, name: &str) -> (bool, String) {
    let peer = stage.speaker.peer_id(name).expect("it is configured");
    let told = stage.speaker.view().explain(net(BLOCK), Concern::Export(peer)).expect("it is known");
    let mut exports = told.steps.into_iter().filter(|step| step.stage == "export");
    let step = exports.next().expect("a step");
    assert_eq!(exports.next(), None);
    (step.passed, step.reason)
}

/// What the session has not taken has not been said, and what was said stays so until it is taken back.
#[test]
fn what_waits_for_a_session_is_told_from_what_was_said() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS), peer(3, Asn(65003))]));
    let [teller, listener] = [(2, THEIRS), (3, Asn(65003))].map(|(n, asn)| stage.establish(n, asn, None));
    stage.wait(11, &[teller, listener]);
    stage.slow.insert(listener);
    let attributes = usual(&[THEIRS], host(2), false);
    // The group of both says it when one of them reads: nobody reads here.
    stage.slow.insert(teller);
    stage.say(teller, &update(&[], &attributes, &[BLOCK]));
    let (passed, reason) = towards(&stage, "h3");
    assert!(!passed && reason.ends_with("the session has not taken it yet"), "{reason}");
    stage.slow.clear();
    stage.pull(listener);
    assert_eq!(
        towards(&stage, "h3"),
        (true, "default of policy accept-all (built in); advertised".to_owned())
    );
    stage.slow.extend([teller, listener]);
    // The same source says something else of it: what the listener has is not that.
    stage.say(teller, &update(&[], &usual(&[THEIRS, Asn(65009)], host(2), false), &[BLOCK]));
    let (passed, reason) = towards(&stage, "h3");
    assert!(!passed && reason.ends_with("the session has not taken it yet"), "{reason}");
    stage.say(teller, &update(&[BLOCK], &[], &[]));
    let (passed, reason) = towards(&stage, "h3");
    assert!(!passed && reason.contains("to be so no longer"), "{reason}");
}

/// What the group has said counts as said; that one of its sessions has not taken it is told all the same.
#[test]
fn what_was_said_to_others_of_the_group_is_queued_for_who_does_not_read() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS), peer(3, Asn(65003))]));
    let [teller, listener] = [(2, THEIRS), (3, Asn(65003))].map(|(n, asn)| stage.establish(n, asn, None));
    stage.wait(11, &[teller, listener]);
    stage.slow.insert(listener);
    stage.say(teller, &update(&[], &usual(&[THEIRS], host(2), false), &[BLOCK]));
    let (passed, reason) = towards(&stage, "h3");
    assert!(passed && reason.ends_with("perhaps still queued: the session has not taken everything yet"));
    stage.slow.clear();
    stage.pull(listener);
    let (passed, reason) = towards(&stage, "h3");
    assert!(passed && reason.ends_with("; advertised"), "{reason}");
}

/// While another path takes the place of the best one, each of the two has one line.
#[test]
fn a_path_that_was_best_is_told_of_once() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS), peer(3, Asn(65003)), peer(4, Asn(65004))]));
    let [first, second, listener] =
        [(2, THEIRS), (3, Asn(65003)), (4, Asn(65004))].map(|(n, asn)| stage.establish(n, asn, None));
    stage.wait(11, &[first, second, listener]);
    stage.say(first, &update(&[], &usual(&[THEIRS, Asn(65009)], host(2), false), &[BLOCK]));
    stage.slow.extend([first, second, listener]);
    stage.say(second, &update(&[], &usual(&[Asn(65003)], host(3), false), &[BLOCK]));
    let peer = stage.speaker.peer_id("h4").expect("it is configured");
    let told = stage.speaker.view().explain(net(BLOCK), Concern::Export(peer)).expect("it is known");
    let exports: Vec<(&str, &str)> = told
        .steps
        .iter()
        .filter(|step| step.stage == "export")
        .map(|step| (step.subject.as_str(), step.reason.as_str()))
        .collect();
    let [winner, loser] = exports.as_slice() else { panic!("not two lines: {exports:#?}") };
    assert!(winner.0 == "h3 to h4" && winner.1.contains("to be advertised"), "{winner:?}");
    assert_eq!(*loser, ("h2 to h4", "not the best path; advertised before, and to be so no longer"));
}

/// A change of policy reaches the paths in slices; until it is its turn, what was decided about a path holds.
#[test]
fn what_awaits_its_judgement_is_told_from_what_was_judged() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let teller = stage.establish(2, THEIRS, None);
    stage.wait(11, &[teller]);
    let prefixes: Vec<String> = (0..5000).map(|n: u16| format!("10.{}.{}.0/24", n / 250, n % 250)).collect();
    let attributes = usual(&[THEIRS], host(2), false);
    for some in prefixes.chunks(500) {
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        stage.say(teller, &update(&[], &attributes, &some));
    }
    let mut dear = Action::only(Disposition::Accept);
    dear.set.local_preference = Some(300);
    let rule = Rule { name: "dear".into(), place: "f:7".into(), conditions: Vec::new(), action: dear };
    let policy =
        Policy { name: "p".into(), place: "f:6".into(), rules: vec![rule], default: Disposition::Reject };
    let changed = PeerConfig { import: Some(vec![Arc::new(policy)]), ..peer(2, THEIRS) };
    stage.input(Input::Reconfigure(Box::new(config(vec![changed]))));
    let says = |stage: &Stage| -> BTreeSet<(String, bool)> {
        let said = prefixes.iter().map(|prefix| {
            let told = stage.speaker.view().explain(net(prefix), Concern::Import(None)).expect("a path");
            let step = told.steps.into_iter().find(|step| step.stage == "import").expect("a step");
            (step.reason, told.candidates[0].route.attributes.local_preference == Some(300))
        });
        said.collect()
    };
    let now = "accepted by policy p, rule dear (f:7); changed: local_preference";
    let awaits = format!("accepted, before policy changed; about to be judged anew: {now}");
    assert_eq!(says(&stage), BTreeSet::from([(awaits, false), (now.to_owned(), true)]));
    stage.sleep(std::time::Duration::from_secs(1));
    assert_eq!(says(&stage), BTreeSet::from([(now.to_owned(), true)]));
}

/// A family that is held back after a restart is told to nobody, and the explanation says who is waited for.
#[test]
fn what_is_kept_back_after_a_restart_is_not_explained_as_said() {
    let mut ours = config(vec![peer(2, THEIRS), peer(3, Asn(65003))]);
    ours.graceful_restart.forwarding_preserved = true;
    let mut stage = Stage::new(ours);
    let families = Family::UNICAST.map(|family| (family, true)).to_vec();
    let graceful =
        Graceful { restarted: false, notification: true, time: 120, families, long_lived: (0, Vec::new()) };
    let teller = stage.establish(2, THEIRS, Some(&graceful));
    let listener = stage.establish(3, Asn(65003), Some(&graceful));
    stage.say(teller, &update(&[], &usual(&[THEIRS], host(2), false), &[BLOCK]));
    let (passed, reason) = towards(&stage, "h3");
    assert!(!passed && reason.contains("kept back") && reason.contains("h2"), "{reason}");
    let kernel = |stage: &Stage| {
        let told = stage.speaker.view().explain(net(BLOCK), Concern::Kernel).expect("it is known");
        told.steps.last().map(|step| (step.stage, step.passed))
    };
    assert_eq!((kernel(&stage), stage.kernel.len()), (Some(("kernel", false)), 0));
    for conn in [teller, listener] {
        stage.say(conn, &end_of_rib());
    }
    stage.pull(listener);
    assert!(towards(&stage, "h3").0);
    assert_eq!((kernel(&stage), stage.kernel.len()), (Some(("kernel", true)), 1));
}

/// Peers whose sessions share an export group are told which of *their* rules decided.
#[test]
fn rules_are_named_as_the_peer_in_question_has_them() {
    let exporting = |n, place: &str| {
        let action = Action::only(Disposition::Reject);
        let rule = Rule { name: "no".into(), place: place.into(), conditions: Vec::new(), action };
        let (name, default) = ("p".into(), Disposition::Accept);
        let policy = Policy { name, place: "f:9".into(), rules: vec![rule], default };
        PeerConfig { export: Some(vec![Arc::new(policy)]), ..peer(n, Asn(65000 + u32::from(n))) }
    };
    let mut stage = Stage::new(config(vec![peer(2, THEIRS), exporting(3, "f:3"), exporting(4, "f:4")]));
    let teller = stage.establish(2, THEIRS, None);
    for n in [3, 4] {
        stage.establish(n, Asn(65000 + u32::from(n)), None);
    }
    stage.wait(11, &[teller]);
    stage.say(teller, &update(&[], &usual(&[THEIRS], host(2), false), &[BLOCK]));
    assert_eq!(
        stage.speaker.view().groups().iter().filter(|group| group.members == 2).count(),
        2,
        "they share"
    );
    for n in [3, 4] {
        let expected = format!("rejected: policy p, rule no (f:{n})");
        assert_eq!(towards(&stage, &format!("h{n}")), (false, expected));
    }
}

/// Why nothing of a peer's is there.
fn missing(stage: &Stage, name: &str) -> String {
    let peer = stage.speaker.peer_id(name);
    let told = stage.speaker.view().explain(net(BLOCK), Concern::Import(peer)).expect("there is a reason");
    assert!(told.candidates.is_empty());
    told.steps.last().map(|step| step.reason.clone()).expect("a step")
}

#[test]
fn what_a_peer_did_not_leave_here_has_a_reason() {
    let limit = PrefixLimit { family: Family::IPV4, maximum: 1 };
    let max_prefixes = Some(MaxPrefixes { limits: vec![limit], action: AfterLimit::Drop });
    let limited = PeerConfig { max_prefixes, ..peer(2, THEIRS) };
    let mute = PeerConfig { families: vec![Family::IPV6], ..peer(3, Asn(65003)) };
    let mut stage = Stage::new(config(vec![limited, mute, peer(4, Asn(65004))]));
    let teller = stage.establish(2, THEIRS, None);
    stage.establish(3, Asn(65003), None);
    assert!(missing(&stage, "h2").starts_with("not announced, or withdrawn"));
    assert!(missing(&stage, "h3").contains("not among the families configured"));
    assert!(missing(&stage, "h4").contains("no session: it is"));
    let attributes = usual(&[THEIRS], host(2), false);
    stage.say(teller, &update(&[], &attributes, &["203.0.113.0/24", BLOCK]));
    assert!(missing(&stage, "h2").contains("more than max_prefixes"));
    let told = stage.speaker.view().explain(net(BLOCK), Concern::Everything).expect("the limit is known");
    assert!(told.steps[0].reason.contains("refresh-in"), "whoever asks about everybody is told too");
}

/// What lies inside a prefix says nothing about the rest of it.
#[test]
fn what_covers_a_prefix_explains_it_and_nothing_else_does() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.establish(2, THEIRS, None);
    stage.wait(11, &[conn]);
    let attributes = usual(&[THEIRS], host(2), false);
    stage.say(conn, &update(&[], &attributes, &["10.1.0.0/24"]));
    let explained = |stage: &Stage, text: &str| {
        stage.speaker.view().explain(net(text), Concern::Everything).map(|explanation| explanation.prefix)
    };
    assert_eq!(explained(&stage, "10.1.0.0/16"), None);
    assert_eq!(explained(&stage, "10.1.0.7/32"), Some(net("10.1.0.0/24")));
    stage.say(conn, &update(&[], &attributes, &["10.0.0.0/8"]));
    assert_eq!(explained(&stage, "10.1.0.0/16"), Some(net("10.0.0.0/8")));
    assert_eq!(explained(&stage, "10.1.0.0/24"), Some(net("10.1.0.0/24")));
}
