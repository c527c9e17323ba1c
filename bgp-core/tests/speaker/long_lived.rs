//! Long-lived graceful restart, RFC 9494: routes that outlive the restart time of the peer they came from.

use std::sync::Arc;
use std::time::Duration;

use crate::script::{
    Graceful, Stage, THEIRS, attribute, config, end_of_rib, host, net, peer, refresh, update, usual,
};
use bgp_core::peer::PeerConfig;
use bgp_core::policy::{Action, Disposition, Policy, Rule, Set};
use bgp_core::speaker::{Config, ConnId, RouteView, RoutesOf};
use bgp_core::wire::{Community, Message};
use bgp_core::{Asn, Family};

const BLOCK: &str = "198.51.100.0/24";
const OTHER: &str = "203.0.113.0/24";
const ALSO: &str = "192.0.2.128/25";

/// What our peers' OPENs say: back within a minute, else stale for five.
fn restarting() -> Graceful {
    let families = vec![(Family::IPV4, true)];
    Graceful {
        restarted: false,
        notification: false,
        time: 60,
        families: families.clone(),
        long_lived: (300, families),
    }
}

/// Peers 2 to 4, to whom we announce that our routes may grow old.
fn ours() -> Config {
    let asns = [THEIRS, Asn(65003), Asn(65004)];
    let mut ours = config((2..).zip(asns).map(|(n, asn)| peer(n, asn)).collect());
    ours.graceful_restart.long_lived = Duration::from_secs(3600);
    ours
}

fn says(n: u8, asn: Asn, communities: &[Community], announced: &[&str]) -> Vec<u8> {
    let mut attributes = usual(&[asn], host(n), false);
    let octets: Vec<u8> = communities.iter().flat_map(|community| community.0.to_be_bytes()).collect();
    attributes.extend((!octets.is_empty()).then(|| attribute(0xc0, 8, &octets)));
    update(&[], &attributes, announced)
}

/// Host 2 announced [`BLOCK`] and [`OTHER`], and then its connection was lost.
fn lost(graceful: &Graceful) -> Stage {
    let mut stage = Stage::new(ours());
    let conn = stage.establish(2, THEIRS, Some(graceful));
    stage.say(conn, &says(2, THEIRS, &[], &[BLOCK, OTHER]));
    stage.lose(conn);
    stage
}

/// The same, more than a minute ago.
fn grown_old() -> Stage {
    let mut stage = lost(&restarting());
    stage.wait(61, &[]);
    assert_eq!(old(&stage), 2);
    stage
}

fn is_old(route: &RouteView) -> bool {
    route.route.attributes.communities.contains(&Community::LLGR_STALE)
}

/// How many routes are long-lived stale.
fn old(stage: &Stage) -> usize {
    stage.routes(RoutesOf::All).iter().filter(|route| is_old(route)).count()
}

/// What a listener was told of [`BLOCK`]: announced with these communities, or withdrawn.
fn told(stage: &mut Stage, conn: ConnId) -> Vec<Option<Vec<Community>>> {
    let block = |nlri: &bgp_core::wire::Nlri| nlri.prefix == net(BLOCK);
    let told = |message| match message {
        Message::Update(update) if update.withdrawn.iter().any(block) => Some(None),
        Message::Update(update) if update.announced.iter().any(block) => {
            Some(update.attributes.map(|attributes| attributes.communities.to_vec()))
        }
        _ => None,
    };
    stage.heard(conn).into_iter().filter_map(told).collect()
}

#[test]
fn what_outlives_its_restart_time_is_least_preferred() {
    let mut stage = Stage::new(ours());
    let conn = stage.establish(2, THEIRS, Some(&restarting()));
    let aware = stage.establish(3, Asn(65003), Some(&restarting()));
    let plain = stage.establish(4, Asn(65004), None);
    stage.say(conn, &says(2, THEIRS, &[Community(7)], &[BLOCK]));
    let longer = usual(&[Asn(65003), Asn(65099)], host(3), false);
    for listener in [aware, plain] {
        assert_eq!(told(&mut stage, listener), [Some(vec![Community(7)])]);
    }
    stage.lose(conn);
    stage.wait(59, &[aware, plain]);
    assert_eq!([told(&mut stage, aware), told(&mut stage, plain)], [[], []], "nothing changed yet");
    stage.wait(2, &[aware, plain]);
    assert_eq!(stage.kernel.len(), 1, "it forwards still");
    assert_eq!(told(&mut stage, aware), [Some(vec![Community(7), Community::LLGR_STALE])]);
    assert_eq!(told(&mut stage, plain), [None], "who does not know what it means is not told");
    stage.say(aware, &update(&[], &longer, &[BLOCK]));
    let best = stage.routes(RoutesOf::Best);
    assert!(best.len() == 1 && !is_old(&best[0]), "any other route is better: {best:?}");
}

#[test]
fn what_must_not_grow_old_goes_with_the_restart_time() {
    let mut stage = Stage::new(ours());
    let conn = stage.establish(2, THEIRS, Some(&restarting()));
    stage.say(conn, &says(2, THEIRS, &[Community::NO_LLGR], &[BLOCK]));
    stage.say(conn, &says(2, THEIRS, &[], &[OTHER]));
    stage.lose(conn);
    stage.wait(59, &[]);
    assert_eq!(stage.kernel.len(), 2);
    stage.wait(2, &[]);
    assert_eq!(stage.kernel.iter().copied().collect::<Vec<_>>(), [net(OTHER)]);
    assert_eq!(stage.routes(RoutesOf::All).len(), 1);
}

#[test]
fn policy_too_may_forbid_to_grow_old() {
    let set = Set { add_communities: vec![Community::NO_LLGR], ..Set::default() };
    let action = Action { set, disposition: Disposition::Accept };
    let rule = Rule { name: "young".into(), place: "test".into(), conditions: Vec::new(), action };
    let policy = Policy {
        name: "young".into(),
        place: "test:9".into(),
        rules: vec![rule],
        default: Disposition::Reject,
    };
    let import = Some(vec![Arc::new(policy)]);
    let mut ours = ours();
    ours.peers = vec![PeerConfig { import, ..peer(2, THEIRS) }];
    let mut stage = Stage::new(ours);
    let conn = stage.establish(2, THEIRS, Some(&restarting()));
    stage.say(conn, &says(2, THEIRS, &[], &[BLOCK]));
    stage.lose(conn);
    assert_eq!(stage.kernel.len(), 1);
    stage.wait(61, &[]);
    assert!(stage.routes(RoutesOf::All).is_empty());
}

#[test]
fn after_its_stale_time_it_is_forgotten() {
    let mut stage = grown_old();
    stage.wait(298, &[]);
    assert_eq!(old(&stage), 2);
    stage.wait(2, &[]);
    assert!(stage.kernel.is_empty());
}

#[test]
fn the_stale_time_runs_until_the_end_of_rib() {
    let mut stage = grown_old();
    let shorter = Graceful { long_lived: (10, vec![(Family::IPV4, true)]), ..restarting() };
    let conn = stage.establish(2, THEIRS, Some(&shorter));
    stage.say(conn, &says(2, THEIRS, &[], &[OTHER]));
    stage.wait(290, &[conn]);
    assert_eq!((stage.kernel.len(), old(&stage)), (2, 1), "what was told again is young again");
    let mut synchronized = stage;
    synchronized.say(conn, &end_of_rib());
    assert_eq!((synchronized.kernel.len(), old(&synchronized)), (1, 0));

    let mut stage = grown_old();
    let conn = stage.establish(2, THEIRS, Some(&restarting()));
    stage.say(conn, &says(2, THEIRS, &[], &[OTHER]));
    stage.wait(300, &[conn]);
    assert_eq!((stage.kernel.len(), old(&stage)), (1, 0), "the rest had its time");
    stage.lose(conn);
    assert!(stage.kernel.is_empty(), "and before its End-of-RIB the peer has no second one");
}

#[test]
fn who_returns_without_its_forwarding_is_forgotten() {
    let with = |stale_time, families| Graceful { long_lived: (stale_time, families), ..restarting() };
    for (again, left) in [
        (None, 0),
        (Some(with(300, vec![])), 0),
        (Some(with(300, vec![(Family::IPV6, true)])), 0),
        (Some(with(300, vec![(Family::IPV4, false)])), 0),
        (Some(with(0, vec![(Family::IPV4, true)])), 2),
        (Some(Graceful { families: vec![], ..restarting() }), 2),
    ] {
        let mut stage = grown_old();
        stage.establish(2, THEIRS, again.as_ref());
        assert_eq!(stage.kernel.len(), left, "{again:?}");
    }
}

#[test]
fn consecutive_losses_do_not_end_the_stale_time() {
    let mut stage = grown_old();
    for _ in 0..4 {
        let conn = stage.establish(2, THEIRS, Some(&restarting()));
        stage.wait(61, &[conn]);
        stage.lose(conn);
        assert_eq!(old(&stage), 2);
    }
    stage.wait(54, &[]);
    assert_eq!(old(&stage), 2);
    stage.wait(2, &[]);
    assert!(stage.kernel.is_empty(), "five minutes are five minutes");
}

#[test]
fn before_it_too_consecutive_losses_are_forgiven() {
    let mut stage = lost(&restarting());
    for _ in 0..2 {
        stage.wait(5, &[]);
        let conn = stage.establish(2, THEIRS, Some(&restarting()));
        stage.lose(conn);
        assert_eq!(stage.kernel.len(), 2);
    }
    stage.wait(61, &[]);
    assert_eq!(old(&stage), 2);
}

#[test]
fn without_a_restart_time_it_is_old_at_once() {
    for graceful in [Graceful { time: 0, ..restarting() }, Graceful { families: vec![], ..restarting() }] {
        assert_eq!(old(&lost(&graceful)), 2, "{graceful:?}");
    }
}

#[test]
fn nothing_grows_old_where_we_did_not_say_so() {
    let mut silent = ours();
    silent.graceful_restart.long_lived = Duration::ZERO;
    let mut stage = Stage::new(silent);
    let conn = stage.establish(2, THEIRS, Some(&restarting()));
    stage.say(conn, &says(2, THEIRS, &[], &[BLOCK]));
    stage.lose(conn);
    stage.wait(61, &[]);
    assert!(stage.kernel.is_empty());
}

#[test]
fn a_refresh_is_no_end_of_rib_for_what_is_old() {
    let mut stage = grown_old();
    let conn = stage.establish(2, THEIRS, Some(&restarting()));
    stage.say(conn, &[refresh(1), says(2, THEIRS, &[], &[OTHER]), refresh(2)].concat());
    assert_eq!((stage.kernel.len(), old(&stage)), (2, 1));
    stage.say(conn, &[says(2, THEIRS, &[], &[ALSO]), end_of_rib()].concat());
    assert_eq!(stage.kernel.len(), 2, "only the end of the first telling ends the wait");
    stage.say(conn, &[refresh(1), says(2, THEIRS, &[], &[OTHER])].concat());
    stage.lose(conn);
    stage.wait(61, &[]);
    assert_eq!(old(&stage), 2, "a loss within a refresh keeps what the refresh had not repeated");
}
