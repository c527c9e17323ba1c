//! What a rehearsal says of a change is exactly what then happens.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use bgp_core::Asn;
use bgp_core::peer::{NextHopRule, PeerConfig};
use bgp_core::policy::{Action, Condition, Disposition, Policy, PrefixRange, PrefixSet, Rule, Set};
use bgp_core::rib::{Forwarding, KernelHint, LocalSource, Reach, ResolvedHop, Route};
use bgp_core::speaker::{Audience, Config, Consequence, Input, RoutesOf, Said};
use bgp_core::wire::{Attributes, Community};
use ipnet::IpNet;
use proptest::prelude::*;

use crate::script::{OURS, Stage, THEIRS, attribute, config, host, net, peer, update, usual};

/// Host, AS, and whether it is a client.
type Neighbour = (u8, Asn, bool);

const PEERS: [Neighbour; 4] = [(2, THEIRS, false), (3, Asn(65003), false), (4, OURS, true), (5, OURS, false)];
const PREFIXES: [&str; 5] =
    ["198.51.100.0/24", "198.51.100.128/25", "203.0.113.0/24", "10.1.0.0/16", "10.2.0.0/16"];

/// The parts of a configuration that are tried, as numbers.
#[derive(Clone, Debug)]
struct Draft {
    /// For each peer.
    peers: Vec<Part>,
    kernel: usize,
    multipath: u16,
    allow_own_as: bool,
    /// Routes of our own, by their prefix, with a MED.
    originate: BTreeMap<usize, u32>,
}

/// Import, export, next hop, and whether the peer is there.
type Part = (usize, usize, usize, bool);

/// What a peer says: who, of what, after how many of its AS, and with which MED; withdrawn where that is 3.
type Word = (usize, usize, usize, u32);

fn draft() -> impl Strategy<Value = Draft> {
    let peers =
        prop::collection::vec((0..8usize, 0..8usize, 0..3usize, prop::bool::weighted(0.9)), PEERS.len());
    let originate = prop::collection::btree_map(0..PREFIXES.len(), 0..2u32, 0..3);
    (peers, 0..8usize, 1..4u16, any::<bool>(), originate).prop_map(
        |(peers, kernel, multipath, allow_own_as, originate)| Draft {
            peers,
            kernel,
            multipath,
            allow_own_as,
            originate,
        },
    )
}

fn one(conditions: Vec<Condition>, set: Set) -> Option<Vec<Arc<Policy>>> {
    let action = Action { set, disposition: Disposition::Accept };
    let rule = Rule { name: "rule".into(), place: "test:1".into(), conditions, action };
    Some(vec![Arc::new(Policy { name: "policy".into(), rules: vec![rule], default: Disposition::Reject })])
}

fn policies(number: usize) -> Option<Vec<Arc<Policy>>> {
    let range: PrefixSet = [PrefixRange::or_longer(net(PREFIXES[0]))].into_iter().collect();
    match number {
        0 => None,
        1 => Some(vec![Arc::new(Policy::reject_all())]),
        2 => one(vec![Condition::Prefix(range)], Set::default()),
        3 => one(vec![], Set { local_preference: Some(200), ..Set::default() }),
        4 => one(vec![], Set { prepend: vec![Asn(64500)], med: Some(9), ..Set::default() }),
        5 => one(vec![], Set { add_communities: vec![Community::NO_EXPORT], ..Set::default() }),
        6 => one(vec![Condition::LearnedFrom(vec!["h2".parse().expect("a glob")])], Set::default()),
        _ => Some(vec![Arc::new(Policy::accept_all())]),
    }
}

fn configured(draft: &Draft) -> Config {
    let build = |(&(n, asn, client), &(import, export, next_hop, is_there)): (&Neighbour, &Part)| {
        let next_hop = [NextHopRule::Auto, NextHopRule::Own, NextHopRule::Keep][next_hop];
        let (import, export) = (policies(import), policies(export));
        let allow_own_as = u32::from(draft.allow_own_as);
        is_there.then(|| PeerConfig { client, import, export, next_hop, allow_own_as, ..peer(n, asn) })
    };
    let peers = PEERS.iter().zip(&draft.peers).filter_map(build).collect();
    let kernel_export = Some(policies(draft.kernel).unwrap_or_default());
    Config { kernel_export, multipath: draft.multipath, ..config(peers) }
}

fn ours(med: u32) -> Route {
    let attributes = Attributes { med: Some(med), ..Attributes::default() };
    Route { attributes, forwarding: Forwarding::Blackhole, interface: None, kernel: KernelHint::default() }
}

fn origins(old: &Draft, new: &Draft) -> BTreeMap<IpNet, Option<Route>> {
    let gone = old.originate.keys().filter(|at| !new.originate.contains_key(at)).map(|at| (*at, None));
    let differs = new.originate.iter().filter(|(at, med)| old.originate.get(at) != Some(med));
    let come = differs.map(|(at, med)| (*at, Some(ours(*med))));
    gone.chain(come).map(|(at, route)| (net(PREFIXES[at]), route)).collect()
}

fn originate(stage: &mut Stage, origins: BTreeMap<IpNet, Option<Route>>) {
    let source = LocalSource::Static;
    for (prefix, route) in origins {
        stage.input(match route {
            Some(route) => Input::Originate { prefix, source, route },
            None => Input::Retract { prefix, source },
        });
    }
}

/// A speaker with this configuration whose peers have said all that.
fn stage(draft: &Draft, words: &[Word]) -> Stage {
    let mut stage = Stage::new(configured(draft));
    let nothing = Draft { originate: BTreeMap::new(), ..draft.clone() };
    originate(&mut stage, origins(&nothing, draft));
    let present = PEERS.iter().zip(&draft.peers).enumerate().filter(|(_, (_, is))| is.3);
    let conns: BTreeMap<usize, _> =
        present.map(|(at, ((n, asn, _), _))| (at, stage.establish(*n, *asn, None))).collect();
    for (at, prefix, length, med) in words {
        let (Some(conn), (n, asn, _), prefix) = (conns.get(at), PEERS[*at], PREFIXES[*prefix]) else {
            continue;
        };
        let path = vec![if asn == OURS { Asn(65009) } else { asn }; *length + usize::from(asn != OURS)];
        let path = if *length == 2 { [&path[..], &[OURS]].concat() } else { path };
        let mut attributes = usual(&path, host(n), asn == OURS);
        attributes.insert(3, attribute(0x80, 4, &med.to_be_bytes()));
        let said = if *med == 3 { update(&[prefix], &[], &[]) } else { update(&[], &attributes, &[prefix]) };
        stage.say(*conn, &said);
    }
    stage
}

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
        words in prop::collection::vec((0..PEERS.len(), 0..PREFIXES.len(), 0..3usize, 0..4u32), 0..24),
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
        words in prop::collection::vec((0..PEERS.len(), 0..PREFIXES.len(), 0..3usize, 0..4u32), 0..24),
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
