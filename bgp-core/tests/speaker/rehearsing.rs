//! What a rehearsal says of a change is exactly what then happens.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use bgp_core::peer::PeerConfig;
use bgp_core::rib::{Reach, ResolvedHop, Route};
use bgp_core::speaker::{Admin, Audience, Config, Consequence, Input, RoutesOf, Said};
use ipnet::IpNet;
use proptest::prelude::*;

use crate::drafts::{Draft, PEERS, PREFIXES, configured, draft, originate, origins, stage, words};
use crate::script::{Stage, THEIRS, config, host, peer, update, usual};

type Everything = BTreeMap<(Audience, IpNet), Vec<Said>>;

/// All that is said to anybody.
fn everything(stage: &Stage) -> Everything {
    let mut everything = Everything::new();
    for (n, ..) in PEERS {
        let name: Arc<str> = format!("h{n}").into();
        let Some(id) = stage.speaker.peer_id(&name) else { continue };
        for view in stage.routes(RoutesOf::Out(id)) {
            let key = (Audience::Peer(Arc::clone(&name)), view.prefix);
            everything.entry(key).or_default().push(Said::Told(view.route));
        }
    }
    for change in &stage.wishes {
        let key = (Audience::Kernel, change.prefix);
        match &change.route {
            Some(route) => drop(everything.insert(key, vec![Said::Wished(route.clone())])),
            None => drop(everything.remove(&key)),
        }
    }
    everything
}

fn difference(mut before: Everything, mut after: Everything) -> Vec<Consequence> {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).cloned().collect();
    let compared = keys.into_iter().map(|key| {
        let (before, after) = (before.remove(&key), after.remove(&key));
        let (to, prefix) = key;
        Consequence { to, prefix, before: before.unwrap_or_default(), after: after.unwrap_or_default() }
    });
    compared.filter(|one| one.before != one.after).collect()
}

/// The kernel's answer, the same for everybody on [`Stage`].
fn reach(_: IpAddr) -> Option<Reach> {
    let hops = vec![ResolvedHop { gateway: None, interface: Arc::from("eth0") }];
    Some(Reach { metric: 0, hops })
}

/// The consequences of a change, found in pages of a few paths.
fn rehearse(stage: &Stage, config: &Config, origins: BTreeMap<IpNet, Option<Route>>) -> Vec<Consequence> {
    let view = stage.speaker.view();
    let mut rehearsal = view.rehearse(config, origins);
    let (mut consequences, mut from) = (Vec::new(), None);
    loop {
        let scene = view.scene(from, 2);
        consequences.extend(rehearsal.play(&scene, &mut reach));
        from = scene.next();
        if from.is_none() {
            break;
        }
    }
    consequences.extend(rehearsal.finish(&mut reach));
    consequences.sort_by(|a, b| (&a.to, a.prefix).cmp(&(&b.to, b.prefix)));
    consequences
}

proptest! {
    #[test]
    fn what_is_rehearsed_is_what_happens(
        old in draft(),
        new in draft(),
        words in words(),
    ) {
        let mut stage = stage(&old, &words);
        let before = everything(&stage);
        let (config, origins) = (configured(&new), origins(&old, &new));
        let rehearsed = rehearse(&stage, &config, origins.clone());
        originate(&mut stage, origins);
        stage.input(Input::Reconfigure(Box::new(config)));
        prop_assert_eq!(rehearsed, difference(before, everything(&stage)));
    }

    #[test]
    fn no_change_has_no_consequence(
        draft in draft(),
        words in words(),
    ) {
        let stage = stage(&draft, &words);
        prop_assert_eq!(rehearse(&stage, &configured(&draft), BTreeMap::new()), vec![]);
    }
}

/// So that the property is not one of empty tables.
#[test]
fn a_rehearsal_sees_what_a_policy_does() {
    let draft = |import| Draft {
        peers: vec![(import, 7, 0, true), (7, 7, 0, true), (7, 7, 0, true), (7, 7, 0, true)],
        kernel: 7,
        multipath: 1,
        allow_own_as: false,
        originate: BTreeMap::new(),
    };
    let stage = stage(&draft(7), &[(0, 0, 0, 1), (0, 2, 0, 1)]);
    let consequences = rehearse(&stage, &configured(&draft(2)), BTreeMap::new());
    let lost: Vec<(&Audience, String)> =
        consequences.iter().map(|one| (&one.to, one.prefix.to_string())).collect();
    let heard = ["h3", "h4", "h5"].map(|name| (Audience::Peer(name.into()), PREFIXES[2].to_owned()));
    let expected: Vec<(&Audience, String)> = heard
        .iter()
        .map(|(to, prefix)| (to, prefix.clone()))
        .chain([(&Audience::Kernel, PREFIXES[2].to_owned())])
        .collect();
    assert_eq!(lost, expected);
    assert!(consequences.iter().all(|one| one.before.len() == 1 && one.after.is_empty()));
}

/// A configuration that says nothing new of a peer leaves it to the operator who started it.
#[test]
fn who_runs_at_an_operators_wish_runs_on() {
    let disabled = config(vec![PeerConfig { enabled: false, ..peer(2, THEIRS) }]);
    let mut stage = Stage::new(disabled.clone());
    let id = stage.speaker.peer_id("h2").expect("it is configured");
    stage.input(Input::Admin { peer: id, action: Admin::Enable });
    let conn = stage.establish(2, THEIRS, None);
    stage.wait(11, &[conn]);
    stage.say(conn, &update(&[], &usual(&[THEIRS], host(2), false), &["198.51.100.0/24"]));
    assert_eq!(rehearse(&stage, &disabled, BTreeMap::new()), vec![]);
    stage.input(Input::Reconfigure(Box::new(disabled)));
    assert_eq!(stage.kernel.len(), 1);
}
