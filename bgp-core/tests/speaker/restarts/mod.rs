//! The helper of a restarting peer against a plain model of it: every sequence of five events that each
//! mean something when they come, nineteen thousand in all.

mod model;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::script::{
    Graceful, Stage, THEIRS, attribute, config, end_of_rib, host, message, peer, refresh, update, usual,
};
use bgp_core::Family;
use bgp_core::peer::PeerConfig;
use bgp_core::speaker::{Admin, ConnId, Input, RoutesOf};
use bgp_core::wire::Community;
use ipnet::IpNet;
use model::{End, Model, RESTART_TIME, Terms};

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// The peer connects, and has preserved everything.
    Up,
    /// The same after a restart that preserved IPv4 only; over a session that is up it comes unannounced.
    Restart,
    Drop,
    Notification,
    HardReset,
    /// Of IPv4.
    EndOfRib,
    /// The next thing that is waited for has had its time.
    Timer,
    /// Of IPv4, repeating one route.
    Refresh,
    /// IPv6 is configured no more, or again.
    Family,
}

const EVENTS: [Event; 9] = [
    Event::Up,
    Event::Restart,
    Event::Drop,
    Event::Notification,
    Event::HardReset,
    Event::EndOfRib,
    Event::Timer,
    Event::Refresh,
    Event::Family,
];

/// The real one and the model of it, side by side.
struct Pair {
    terms: Terms,
    stage: Stage,
    model: Model,
    conn: Option<ConnId>,
    sessions: u8,
    configured: BTreeSet<u8>,
    events: Vec<Event>,
}

impl Pair {
    fn new(terms: Terms) -> Self {
        let configured = BTreeSet::from([4, 6]);
        let stage = Stage::new(configuration(terms, &configured));
        Self {
            terms,
            stage,
            model: Model::new(terms),
            conn: None,
            sessions: 0,
            configured,
            events: Vec::new(),
        }
    }

    /// Whether an event means anything now.
    fn can(&self, event: Event) -> bool {
        match event {
            // Without graceful restart a second connection is turned away.
            Event::Up | Event::Restart => self.conn.is_none() || self.terms.graceful,
            Event::Drop | Event::Notification | Event::HardReset | Event::EndOfRib | Event::Refresh => {
                self.conn.is_some()
            }
            Event::Timer => self.model.next().is_some(),
            Event::Family => true,
        }
    }

    fn happen(&mut self, event: Event) {
        self.events.push(event);
        match (event, self.conn) {
            (Event::Up, _) => self.up(false),
            (Event::Restart, _) => self.up(true),
            (Event::Drop, Some(conn)) => {
                self.stage.lose(conn);
                self.down(End::Lost);
            }
            (Event::Notification, Some(conn)) => {
                self.stage.say(conn, &message(3, &[6, 4]));
                self.down(End::Notification);
            }
            (Event::HardReset, Some(conn)) => {
                self.stage.say(conn, &message(3, &[6, 9, 6, 2]));
                self.down(End::HardReset);
            }
            (Event::EndOfRib, Some(conn)) => {
                self.stage.say(conn, &end_of_rib());
                self.model.end_of_rib(4);
            }
            (Event::Refresh, Some(conn)) => {
                self.stage.say(conn, &[refresh(1), announcement(4, 0), refresh(2)].concat());
                self.model.refresh(4, 0);
            }
            (Event::Timer, _) => self.pass_next(),
            (Event::Family, _) => self.change_families(),
            (
                Event::Drop | Event::Notification | Event::HardReset | Event::EndOfRib | Event::Refresh,
                None,
            ) => {}
        }
        self.check();
        self.pass(1);
    }

    fn up(&mut self, restarted: bool) {
        if self.conn.is_some() {
            self.model.down(End::Lost);
        }
        let h2 = self.stage.speaker.peer_id("h2").expect("it is configured");
        self.stage.input(Input::Admin { peer: h2, action: Admin::Enable });
        let preserved = vec![(Family::IPV4, true), (Family::IPV6, !restarted)];
        let graceful = Graceful {
            restarted,
            notification: self.terms.notification,
            time: u16::try_from(RESTART_TIME).expect("a minute"),
            families: preserved.clone(),
            long_lived: (u32::try_from(self.terms.stale_time).expect("minutes"), preserved),
        };
        let conn = self.stage.establish(2, THEIRS, self.terms.graceful.then_some(&graceful));
        self.conn = Some(conn);
        let preserved = if restarted { BTreeSet::from([4]) } else { BTreeSet::from([4, 6]) };
        self.model.up(&self.configured, &preserved);
        self.sessions += 1;
        for family in self.configured.clone() {
            for route in [0, self.sessions] {
                self.stage.say(conn, &announcement(family, route));
                self.model.announce(family, route);
            }
        }
    }

    fn down(&mut self, end: End) {
        self.conn = None;
        self.model.down(end);
    }

    fn change_families(&mut self) {
        if self.conn.take().is_some() {
            self.model.down(End::Notification);
        }
        if self.configured.remove(&6) {
            self.model.delete(6);
        } else {
            self.configured.insert(6);
        }
        self.stage.input(Input::Reconfigure(Box::new(configuration(self.terms, &self.configured))));
    }

    /// Time passes, and a peer that is there keeps alive.
    fn pass(&mut self, seconds: u64) {
        let mut left = seconds;
        while left > 0 {
            let step = left.min(80);
            self.stage.sleep(Duration::from_secs(step));
            if let Some(conn) = self.conn {
                self.stage.say(conn, &message(4, &[]));
            }
            left -= step;
        }
        self.model.pass(seconds);
    }

    /// What is waited for next has its time, to the second.
    fn pass_next(&mut self) {
        let next = self.model.next().expect("something is waited for");
        self.pass((next - self.model.now).saturating_sub(1));
        self.check();
        self.pass(next - self.model.now);
        self.check();
    }

    fn check(&self) {
        let events = &self.events;
        let routes = self.stage.routes(RoutesOf::All);
        let seen: BTreeSet<_> = routes
            .iter()
            .map(|view| {
                let (family, route) = number(view.prefix);
                let old = view.route.attributes.communities.contains(&Community::LLGR_STALE);
                (family, route, view.stale, old)
            })
            .collect();
        assert_eq!(seen, self.model.routes(), "{:?}, {events:?}: {:?}", self.terms, self.model);
        let kernel: BTreeSet<_> = self.stage.kernel.iter().map(|prefix| number(*prefix)).collect();
        assert_eq!(kernel, seen.iter().map(|&(family, route, ..)| (family, route)).collect(), "{events:?}");
        assert_eq!(self.conn.is_some(), self.stage.state(2) == "Established", "{events:?}");
    }
}

fn configuration(terms: Terms, families: &BTreeSet<u8>) -> bgp_core::speaker::Config {
    let families = families.iter().map(|family| if *family == 4 { Family::IPV4 } else { Family::IPV6 });
    let mut ours =
        config(vec![PeerConfig { families: families.collect(), multihop: true, ..peer(2, THEIRS) }]);
    ours.graceful_restart.long_lived = Duration::from_secs(terms.stale_time);
    ours
}

/// An UPDATE about one route, known by its number.
fn announcement(family: u8, route: u8) -> Vec<u8> {
    let usual = usual(&[THEIRS], host(2), false);
    if family == 4 {
        return update(&[], &usual, &[&format!("198.51.100.{}/28", route * 16)]);
    }
    let next_hop = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let reach = [&[0, 2, 1, 16][..], &next_hop, &[0, 48, 0x20, 1, 0xd, 0xb8, 0, route]].concat();
    update(&[], &[&[attribute(0x80, 14, &reach)], &usual[..2]].concat(), &[])
}

fn number(prefix: IpNet) -> (u8, u8) {
    match prefix {
        IpNet::V4(prefix) => (4, prefix.addr().octets()[3] / 16),
        IpNet::V6(prefix) => (6, prefix.addr().octets()[5]),
    }
}

/// Plays every sequence of events that each mean something when they come, checking after each event,
/// and once more when nothing is waited for any more. How many there were.
fn play_all(terms: Terms) -> usize {
    let mut played = 0;
    let mut choice = [0; LENGTH];
    loop {
        let mut pair = Pair::new(terms);
        let events = choice.map(|index| EVENTS[index]);
        // Where an event means nothing, no sequence that goes on from there is played.
        let stuck = (0..LENGTH).find(|&at| {
            let can = pair.can(events[at]);
            if can {
                pair.happen(events[at]);
            }
            !can
        });
        if stuck.is_none() {
            while pair.model.next().is_some() {
                pair.pass_next();
            }
            played += 1;
        }
        let at = stuck.unwrap_or(LENGTH - 1);
        choice[at + 1..].fill(0);
        let Some(next) = (0..=at).rev().find(|&at| choice[at] + 1 < EVENTS.len()) else { return played };
        choice[next] += 1;
        choice[next + 1..].fill(0);
    }
}

const LENGTH: usize = 5;

#[test]
fn without_graceful_restart() {
    let played = play_all(Terms { graceful: false, notification: false, stale_time: 0 });
    assert!(played > 1_000, "{played}");
}

#[test]
fn with_graceful_restart() {
    let played = play_all(Terms { graceful: true, notification: false, stale_time: 0 });
    assert!(played > 4_000, "{played}");
}

#[test]
fn with_notifications() {
    let played = play_all(Terms { graceful: true, notification: true, stale_time: 0 });
    assert!(played > 4_000, "{played}");
}

#[test]
fn with_long_lived_routes() {
    let played = play_all(Terms { graceful: true, notification: false, stale_time: 300 });
    assert!(played > 4_000, "{played}");
}

#[test]
fn with_both() {
    let played = play_all(Terms { graceful: true, notification: true, stale_time: 300 });
    assert!(played > 4_000, "{played}");
}
