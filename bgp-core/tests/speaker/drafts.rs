//! Random configurations of a speaker and random words of its peers.

use std::collections::BTreeMap;
use std::sync::Arc;

use bgp_core::Asn;
use bgp_core::peer::{NextHopRule, PeerConfig};
use bgp_core::policy::{Action, Condition, Disposition, Policy, PrefixRange, PrefixSet, Rule, Set};
use bgp_core::rib::{Forwarding, KernelHint, LocalSource, Route};
use bgp_core::speaker::{Config, Input};
use bgp_core::wire::{Attributes, Community};
use ipnet::IpNet;
use proptest::prelude::*;

use crate::script::{OURS, Stage, THEIRS, attribute, config, host, net, peer, update, usual};

/// Host, AS, and whether it is a client.
pub(crate) type Neighbour = (u8, Asn, bool);

pub(crate) const PEERS: [Neighbour; 4] =
    [(2, THEIRS, false), (3, Asn(65003), false), (4, OURS, true), (5, OURS, false)];
pub(crate) const PREFIXES: [&str; 5] =
    ["198.51.100.0/24", "198.51.100.128/25", "203.0.113.0/24", "10.1.0.0/16", "10.2.0.0/16"];

/// The parts of a configuration that are tried, as numbers.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// For each peer.
    pub(crate) peers: Vec<Part>,
    pub(crate) kernel: usize,
    pub(crate) multipath: u16,
    pub(crate) allow_own_as: bool,
    /// Routes of our own, by their prefix, with a MED.
    pub(crate) originate: BTreeMap<usize, u32>,
}

/// Import, export, next hop, and whether the peer is there.
pub(crate) type Part = (usize, usize, usize, bool);

/// What a peer says: who, of what, after how many of its AS, and with which MED; withdrawn where that is 3.
pub(crate) type Word = (usize, usize, usize, u32);

pub(crate) fn draft() -> impl Strategy<Value = Draft> {
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
    Some(vec![Arc::new(Policy {
        name: "policy".into(),
        place: "test:9".into(),
        rules: vec![rule],
        default: Disposition::Reject,
    })])
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

pub(crate) fn configured(draft: &Draft) -> Config {
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

pub(crate) fn origins(old: &Draft, new: &Draft) -> BTreeMap<IpNet, Option<Route>> {
    let gone = old.originate.keys().filter(|at| !new.originate.contains_key(at)).map(|at| (*at, None));
    let differs = new.originate.iter().filter(|(at, med)| old.originate.get(at) != Some(med));
    let come = differs.map(|(at, med)| (*at, Some(ours(*med))));
    gone.chain(come).map(|(at, route)| (net(PREFIXES[at]), route)).collect()
}

pub(crate) fn originate(stage: &mut Stage, origins: BTreeMap<IpNet, Option<Route>>) {
    let source = LocalSource::Static;
    for (prefix, route) in origins {
        stage.input(match route {
            Some(route) => Input::Originate { prefix, source, route },
            None => Input::Retract { prefix, source },
        });
    }
}

/// A speaker with this configuration whose peers have said all that.
pub(crate) fn stage(draft: &Draft, words: &[Word]) -> Stage {
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

/// What peers say, in order.
pub(crate) fn words() -> impl Strategy<Value = Vec<Word>> {
    prop::collection::vec((0..PEERS.len(), 0..PREFIXES.len(), 0..3usize, 0..4u32), 0..24)
}
