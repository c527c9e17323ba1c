//! What an explanation says of a prefix is what was selected, told and wished.

use std::collections::BTreeSet;

use bgp_core::speaker::RoutesOf;
use ipnet::IpNet;
use proptest::prelude::*;

use crate::drafts::{PEERS, PREFIXES, draft, stage, words};
use crate::script::{Stage, THEIRS, config, host, net, peer, update, usual};

/// Who is told of a prefix, or `None` for the kernel.
type Audience = Option<String>;

/// Whom an explanation of a prefix says to hear of it, and how many paths it says to be best.
fn explained(stage: &Stage, prefix: IpNet) -> (BTreeSet<Audience>, usize) {
    let Some(told) = stage.speaker.view().explain(prefix, None).filter(|told| told.prefix == prefix) else {
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

    /// Every path is judged, and by import as the listing says.
    #[test]
    fn an_explanation_leaves_no_path_out(draft in draft(), words in words()) {
        let stage = stage(&draft, &words);
        let refused = stage.routes(RoutesOf::Rejected);
        for route in stage.routes(RoutesOf::All) {
            let told = stage.speaker.view().explain(route.prefix, None).expect("it has a path");
            let steps = |stage| told.steps.iter().filter(move |step| step.stage == stage);
            prop_assert_eq!(steps("decision").count(), told.candidates.len());
            let no = steps("import").filter(|step| !step.passed).count();
            prop_assert_eq!(no, refused.iter().filter(|other| other.prefix == route.prefix).count());
        }
    }
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
        stage.speaker.view().explain(net(text), None).map(|explanation| explanation.prefix)
    };
    assert_eq!(explained(&stage, "10.1.0.0/16"), None);
    assert_eq!(explained(&stage, "10.1.0.7/32"), Some(net("10.1.0.0/24")));
    stage.say(conn, &update(&[], &attributes, &["10.0.0.0/8"]));
    assert_eq!(explained(&stage, "10.1.0.0/16"), Some(net("10.0.0.0/8")));
    assert_eq!(explained(&stage, "10.1.0.0/24"), Some(net("10.1.0.0/24")));
}
