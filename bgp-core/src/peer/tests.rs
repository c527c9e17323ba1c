use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::session::{Down, GracefulOffer, Local, Session};
use crate::wire::{self, Dialect, ErrorCode, GracefulFamily, Message, PeerKind};
use crate::{Asn, Family, RouterId};

const START: Instant = Instant::from_micros(1_000_000);

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn at(count: u64) -> Instant {
    START + seconds(count)
}

fn address(last: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), 179)
}

/// We are 192.0.2.1, AS 65001; the peer is 192.0.2.2, AS 65002.
fn config() -> PeerConfig {
    PeerConfig::new(address(2), PeerAsn::Exactly(Asn(65002)), Asn(65001), RouterId::from(1))
}

fn new_peer(config: PeerConfig) -> Peer {
    Peer::new(config, None, 7, START)
}

fn last_error(peer: &Peer) -> Option<String> {
    peer.status().last_error.map(ToString::to_string)
}

fn dialing() -> Peer {
    let mut peer = new_peer(config());
    peer.start(START);
    outputs(&mut peer);
    peer
}

/// The far end of a connection, as a session of its own with this identifier.
fn far(identifier: u32) -> Session {
    let local = Local::new(Asn(65002), RouterId::from(identifier), PeerAsn::Exactly(Asn(65001)));
    Session::new(local, START)
}

fn outputs(peer: &mut Peer) -> Vec<PeerOutput> {
    std::iter::from_fn(|| peer.poll_output()).collect()
}

/// Carries what both ends have to say until neither has any more.
fn talk(peer: &mut Peer, conn: u64, far: &mut Session, now: Instant) {
    loop {
        let (ours, theirs) = (peer.poll_transmit(ConnId(conn)), far.poll_transmit());
        if ours.is_none() && theirs.is_none() {
            return;
        }
        if let Some(octets) = ours {
            far.receive(&octets, now);
        }
        if let Some(octets) = theirs {
            peer.received(ConnId(conn), &octets, now);
        }
    }
}

fn established() -> (Peer, Session) {
    let mut peer = dialing();
    peer.connected(ConnId(1), address(1), address(2), START);
    let mut far = far(2);
    talk(&mut peer, 1, &mut far, START);
    outputs(&mut peer);
    assert_eq!(peer.status().state, StateName::Established);
    (peer, far)
}

/// The NOTIFICATION the peer has to say on a connection.
fn farewell(peer: &mut Peer, conn: u64) -> Option<(ErrorCode, u8)> {
    let dialect = Dialect::unnegotiated(PeerKind::External, Asn(65002));
    let messages = std::iter::from_fn(|| peer.poll_transmit(ConnId(conn)));
    let read: Vec<Message> =
        messages.map(|octets| wire::decode(&octets, &dialect).expect("readable")).collect();
    read.into_iter().find_map(|message| match message {
        Message::Notification(notification) => Some((notification.code, notification.subcode)),
        Message::Open(_) | Message::Update(_) | Message::Keepalive | Message::RouteRefresh(_) => None,
    })
}

fn closes(outputs: &[PeerOutput]) -> Vec<u64> {
    let conn = |output: &PeerOutput| match output {
        PeerOutput::Close { conn } => Some(conn.0),
        PeerOutput::Connect { .. }
        | PeerOutput::AbandonConnect
        | PeerOutput::Ready { .. }
        | PeerOutput::StateChanged { .. }
        | PeerOutput::Established { .. }
        | PeerOutput::Update { .. }
        | PeerOutput::Refresh { .. }
        | PeerOutput::Down { .. } => None,
    };
    outputs.iter().filter_map(conn).collect()
}

fn dials(outputs: &[PeerOutput]) -> usize {
    outputs.iter().filter(|output| matches!(output, PeerOutput::Connect { .. })).count()
}

#[test]
fn start_dials_and_a_passive_peer_waits() {
    let mut peer = new_peer(config());
    peer.start(START);
    let connect = PeerOutput::Connect { remote: address(2), local: None };
    let changed = PeerOutput::StateChanged { from: StateName::Idle, to: StateName::Connect };
    assert_eq!(outputs(&mut peer), [connect, changed]);

    let mut peer = new_peer(PeerConfig { passive: true, ..config() });
    peer.start(START);
    let changed = PeerOutput::StateChanged { from: StateName::Idle, to: StateName::Active };
    assert_eq!(outputs(&mut peer), [changed]);
    assert_eq!(peer.poll_timeout(), None);
}

#[test]
fn a_failed_dial_is_repeated_after_the_jittered_connect_retry_time() {
    let mut peer = dialing();
    peer.connect_failed(ConnectError::Other("no route to host".to_owned()), START);
    assert_eq!(peer.status().state, StateName::Active);
    assert_eq!(last_error(&peer).as_deref(), Some("no route to host"));
    let retry = peer.poll_timeout().expect("ConnectRetry runs");
    assert_eq!(retry.timer, Timer::ConnectRetry);
    assert!(retry.at >= START + Duration::from_millis(3750) && retry.at <= at(5));
    peer.handle_timeout(retry.at);
    assert_eq!(dials(&outputs(&mut peer)), 1);
}

#[test]
fn a_dial_that_hangs_is_abandoned_for_a_new_one() {
    let mut peer = dialing();
    peer.handle_timeout(at(5));
    let told = outputs(&mut peer);
    assert_eq!(told, [PeerOutput::AbandonConnect, PeerOutput::Connect { remote: address(2), local: None }]);
    assert_eq!(last_error(&peer).as_deref(), Some("no answer to our attempt to connect"));
}

#[test]
fn a_session_is_announced_with_its_connection() {
    let mut peer = dialing();
    peer.connected(ConnId(9), address(1), address(2), START);
    talk(&mut peer, 9, &mut far(2), START);
    let told = outputs(&mut peer);
    assert!(told.iter().any(|it| matches!(it, PeerOutput::Established { conn: ConnId(9), .. })));
    assert_eq!(peer.established().map(|(conn, _)| conn), Some(ConnId(9)));
    assert_eq!(peer.status().established, 1);
    assert_eq!(peer.status().counters.received.total(), 2);
}

#[test]
fn idle_turns_a_caller_away_with_cease_five() {
    let mut peer = new_peer(config());
    peer.accepted(ConnId(3), address(1), address(2), START);
    assert_eq!(closes(&outputs(&mut peer)), [3]);
    assert_eq!(farewell(&mut peer, 3), Some((ErrorCode::Cease, 5)));
    assert_eq!(peer.status().state, StateName::Idle);
}

#[test]
fn a_second_connection_beside_a_session_is_turned_away_with_cease_seven() {
    let (mut peer, _far) = established();
    peer.accepted(ConnId(2), address(1), address(2), START);
    assert_eq!(closes(&outputs(&mut peer)), [2]);
    assert_eq!(farewell(&mut peer, 2), Some((ErrorCode::Cease, 7)));
    assert_eq!(peer.status().state, StateName::Established);
}

/// Two connections at once: 1 is ours, 2 is the peer's, and OPENs arrive on them in this order.
fn collide(ours: u32, theirs: u32, order: [u64; 2]) -> (Peer, Vec<PeerOutput>) {
    let mut peer = new_peer(PeerConfig { router_id: RouterId::from(ours), ..config() });
    peer.start(START);
    peer.accepted(ConnId(2), address(1), address(2), START);
    peer.connected(ConnId(1), address(1), address(2), START);
    for conn in order {
        let open = far(theirs).poll_transmit().expect("an OPEN");
        peer.received(ConnId(conn), &open, START);
    }
    let told = outputs(&mut peer);
    (peer, told)
}

#[test]
fn a_collision_leaves_the_connection_of_the_higher_identifier_or_as() {
    // Between equal identifiers AS 65002, the peer's, is the higher one.
    for (ours, theirs, winner, loser) in [(1, 2, 2, 1), (2, 1, 1, 2), (7, 7, 2, 1)] {
        for order in [[1, 2], [2, 1]] {
            let (mut peer, told) = collide(ours, theirs, order);
            assert_eq!(closes(&told), [loser]);
            assert_eq!(farewell(&mut peer, loser), Some((ErrorCode::Cease, 7)));
            assert_eq!(peer.status().conn, Some(ConnId(winner)));
            assert_eq!(peer.status().state, StateName::OpenConfirm);
        }
    }
}

#[test]
fn while_connections_contend_no_open_is_answered() {
    let mut peer = dialing();
    peer.accepted(ConnId(2), address(1), address(2), START);
    peer.connected(ConnId(1), address(1), address(2), START);
    let open = far(2).poll_transmit().expect("an OPEN");
    peer.received(ConnId(1), &open, START);
    assert_eq!(peer.status().state, StateName::OpenConfirm);
    assert_eq!(std::iter::from_fn(|| peer.poll_transmit(ConnId(1))).count(), 1);
    assert_eq!(peer.poll_timeout().map(|it| it.timer), Some(Timer::Collision));
}

#[test]
fn a_rival_that_goes_or_stays_silent_frees_the_other_connection() {
    let mut far = far(2);
    let contend = |far: &mut Session| {
        let mut peer = dialing();
        peer.accepted(ConnId(2), address(1), address(2), START);
        peer.connected(ConnId(1), address(1), address(2), START);
        let open = far.poll_transmit().expect("an OPEN");
        peer.received(ConnId(1), &open, START);
        peer
    };
    let mut left = contend(&mut far);
    left.closed(ConnId(2), START);
    talk(&mut left, 1, &mut far, START);
    assert_eq!(left.status().state, StateName::Established);

    let mut far = self::far(2);
    let mut silent = contend(&mut far);
    silent.handle_timeout(at(2));
    assert_eq!(farewell(&mut silent, 2), Some((ErrorCode::Cease, 7)));
    talk(&mut silent, 1, &mut far, at(2));
    assert_eq!(silent.status().state, StateName::Established);
}

#[test]
fn a_caller_that_calls_again_has_given_up_its_first_call() {
    let mut peer = new_peer(PeerConfig { passive: true, ..config() });
    peer.start(START);
    peer.accepted(ConnId(1), address(1), address(2), START);
    peer.accepted(ConnId(2), address(1), address(2), at(1));
    assert_eq!(closes(&outputs(&mut peer)), [1]);
    talk(&mut peer, 2, &mut far(2), at(1));
    assert_eq!(peer.established().map(|(conn, _)| conn), Some(ConnId(2)));
}

#[test]
fn a_dial_is_abandoned_once_the_peers_own_connection_is_answered() {
    let mut peer = dialing();
    peer.accepted(ConnId(2), address(1), address(2), START);
    talk(&mut peer, 2, &mut far(2), START);
    assert!(outputs(&mut peer).contains(&PeerOutput::AbandonConnect));
    peer.connected(ConnId(1), address(1), address(2), START);
    assert_eq!(closes(&outputs(&mut peer)), [1]);
    assert_eq!(peer.established().map(|(conn, _)| conn), Some(ConnId(2)));
}

#[test]
fn the_last_words_of_a_dead_connection_are_ignored() {
    let (mut peer, _far) = established();
    peer.closed(ConnId(1), at(100));
    assert_eq!(closes(&outputs(&mut peer)), [1]);
    peer.received(ConnId(1), &[0; 40], at(100));
    peer.closed(ConnId(1), at(100));
    peer.updated(ConnId(1), 1, at(100));
    assert_eq!(outputs(&mut peer), []);
    assert_eq!(peer.poll_transmit(ConnId(1)), None);
    assert_eq!(peer.status().state, StateName::Active);
}

#[test]
fn a_connection_lost_in_the_middle_of_a_message_is_just_lost() {
    let (mut peer, _far) = established();
    peer.received(ConnId(1), &[0xff; 17], at(1));
    peer.closed(ConnId(1), at(1));
    let told = outputs(&mut peer);
    assert!(told.contains(&PeerOutput::Down { conn: ConnId(1), established: true, down: Down::Lost }));
    assert_eq!(peer.poll_transmit(ConnId(1)), None);
}

#[test]
fn stop_says_why_and_stays_idle_until_start() {
    let (mut peer, _far) = established();
    peer.stop(Notification::shutdown("bye"), at(1));
    assert_eq!(closes(&outputs(&mut peer)), [1]);
    assert_eq!(farewell(&mut peer, 1), Some((ErrorCode::Cease, 2)));
    assert_eq!((peer.status().state, peer.poll_timeout()), (StateName::Idle, None));
    peer.handle_timeout(at(10_000));
    peer.reset(Notification::reset(""), at(10_000));
    assert_eq!(outputs(&mut peer), []);
    peer.start(at(10_000));
    assert_eq!(dials(&outputs(&mut peer)), 1);
}

#[test]
fn a_reset_dials_again_at_once() {
    let (mut peer, _far) = established();
    peer.reset(Notification::reset(""), at(1));
    let told = outputs(&mut peer);
    assert_eq!((closes(&told), dials(&told)), (vec![1], 1));
    assert_eq!(farewell(&mut peer, 1), Some((ErrorCode::Cease, 4)));
}

#[test]
fn a_passed_prefix_limit_pauses_the_peer() {
    let (mut peer, _far) = established();
    let limit = Notification::maximum_prefixes(Family::IPV4, 10);
    peer.pause(limit, Some(seconds(600)), at(1));
    assert_eq!(farewell(&mut peer, 1), Some((ErrorCode::Cease, 1)));
    assert_eq!(peer.poll_timeout(), Some(Deadline { at: at(601), timer: Timer::PrefixLimit }));
    outputs(&mut peer);
    peer.handle_timeout(at(601));
    assert_eq!(dials(&outputs(&mut peer)), 1);
}

#[test]
fn a_stopped_peer_does_not_start_after_a_pause() {
    let (mut peer, _far) = established();
    peer.stop(Notification::shutdown(""), at(1));
    peer.pause(Notification::maximum_prefixes(Family::IPV4, 10), Some(seconds(5)), at(1));
    assert_eq!(peer.poll_timeout(), None);
}

#[test]
fn the_last_error_outlives_the_next_session_and_a_lost_collision_is_none() {
    let (mut peer, _far) = established();
    peer.accepted(ConnId(2), address(1), address(2), at(1));
    assert_eq!(last_error(&peer), None);
    peer.closed(ConnId(1), at(2));
    peer.accepted(ConnId(3), address(1), address(2), at(2));
    talk(&mut peer, 3, &mut far(2), at(2));
    assert_eq!(last_error(&peer).as_deref(), Some("the connection was lost"));
}

#[test]
fn an_established_session_has_the_error_of_the_one_before_it() {
    let mut peer = dialing();
    peer.connect_failed(ConnectError::Refused, at(1));
    assert_eq!(last_error(&peer).as_deref(), Some("connection refused"));
    peer.accepted(ConnId(1), address(1), address(2), at(2));
    talk(&mut peer, 1, &mut far(2), at(2));
    assert_eq!(last_error(&peer), None, "there was no session before");
    peer.closed(ConnId(1), at(20));
    peer.connect_failed(ConnectError::Refused, at(21));
    assert_eq!(last_error(&peer).as_deref(), Some("connection refused"), "that is why none is up");
    peer.accepted(ConnId(2), address(1), address(2), at(22));
    talk(&mut peer, 2, &mut far(2), at(22));
    assert_eq!(last_error(&peer).as_deref(), Some("the connection was lost"));
}

#[test]
fn what_failed_before_is_forgotten_by_whoever_is_stopped_or_reset() {
    let mut peer = dialing();
    peer.connect_failed(ConnectError::Refused, START);
    peer.reset(Notification::cease(Cease::OtherConfigurationChange), START);
    assert_eq!(last_error(&peer), None, "it is dialed anew, perhaps at another address");
    peer.connect_failed(ConnectError::Refused, at(1));
    peer.stop(Notification::shutdown(""), at(1));
    assert_eq!(last_error(&peer), None, "nobody dials it");

    let (mut peer, _far) = established();
    peer.stop(Notification::cease(Cease::AdministrativeShutdown), at(1));
    assert_eq!(last_error(&peer).as_deref(), Some("we sent 6/2 cease, administrative shutdown"));
}

#[test]
fn vanishing_says_nothing() {
    let (mut peer, _far) = established();
    peer.vanish(at(1));
    let told = outputs(&mut peer);
    assert_eq!(closes(&told), [1]);
    assert!(told.contains(&PeerOutput::Down { conn: ConnId(1), established: true, down: Down::Lost }));
    assert_eq!(peer.poll_transmit(ConnId(1)), None);
}

#[test]
fn a_session_that_fails_again_and_again_is_held_idle_longer_and_longer() {
    let mut peer = dialing();
    let mut now = START;
    for (conn, pause) in [1, 2, 4, 8, 16].into_iter().enumerate() {
        let conn = conn as u64;
        peer.connected(ConnId(conn), address(1), address(2), now);
        talk(&mut peer, conn, &mut far(2), now);
        peer.fail(Notification::new(ErrorCode::UpdateMessage, 1), now);
        let next = peer.poll_timeout().expect("it tries again");
        assert_eq!(next.timer, if conn == 0 { Timer::ConnectRetry } else { Timer::IdleHold });
        let waits = next.at.since(now);
        assert!(waits <= seconds(pause) && waits >= seconds(pause) * 3 / 4, "{waits:?}");
        now = next.at;
        peer.handle_timeout(now);
        assert_eq!(peer.status().state, StateName::Connect);
    }
}

#[test]
fn a_peer_that_restarts_gracefully_again_and_again_is_let_in_whenever_it_calls() {
    let mut peer = dialing();
    let families = vec![GracefulFamily { family: Family::IPV4, forwarding_preserved: true }];
    let offer = GracefulOffer { restart_time: 120, families, ..GracefulOffer::default() };
    peer.offer(Some(offer.clone()));
    for conn in 1..=6 {
        let mut local = Local::new(Asn(65002), RouterId::from(2), PeerAsn::Exactly(Asn(65001)));
        local.graceful_restart = Some(offer.clone());
        peer.accepted(ConnId(conn), address(1), address(2), START);
        talk(&mut peer, conn, &mut Session::new(local, START), START);
        assert_eq!(peer.status().state, StateName::Established);
        peer.closed(ConnId(conn), START);
        assert_eq!(peer.poll_timeout().map(|next| next.timer), Some(Timer::ConnectRetry));
    }
}

#[test]
fn being_turned_away_costs_no_penalty() {
    let mut peer = dialing();
    let mut now = START;
    for conn in 1..=6 {
        peer.connected(ConnId(conn), address(1), address(2), now);
        peer.closed(ConnId(conn), now);
        let next = peer.poll_timeout().expect("it tries again");
        assert_eq!(next.timer, Timer::ConnectRetry);
        assert!(next.at.since(now) <= seconds(5));
        now = next.at;
        peer.handle_timeout(now);
    }
}

#[test]
fn every_connection_handed_in_is_closed_once() {
    let (mut peer, _far) = established();
    peer.stop(Notification::cease(Cease::PeerDeconfigured), at(1));
    peer.stop(Notification::cease(Cease::PeerDeconfigured), at(1));
    peer.closed(ConnId(1), at(1));
    peer.closed(ConnId(1), at(1));
    assert_eq!(closes(&outputs(&mut peer)), [1]);
}
