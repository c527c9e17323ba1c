use bytes::BytesMut;
use proptest::prelude::*;

use super::*;
use crate::peer::PeerAsn;
use crate::wire::{Cease, ErrorCode, RefreshKind};
use crate::{Asn, Family, RouterId};

const START: Instant = Instant::from_micros(1_000_000);

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn at(count: u64) -> Instant {
    START + seconds(count)
}

fn ours() -> Local {
    Local::new(Asn(65001), RouterId::from(1), PeerAsn::Exactly(Asn(65002)))
}

fn theirs() -> Local {
    Local::new(Asn(65002), RouterId::from(2), PeerAsn::Exactly(Asn(65001)))
}

fn octets(message: &Message) -> Bytes {
    let mut out = BytesMut::new();
    wire::encode(message, &theirs().dialect(), &mut out);
    out.freeze()
}

fn peers_open() -> Bytes {
    octets(&Message::Open(theirs().open()))
}

fn keepalive() -> Bytes {
    octets(&Message::Keepalive)
}

fn update() -> Bytes {
    octets(&Message::Update(Box::default()))
}

fn refresh(family: Family, kind: RefreshKind) -> Bytes {
    octets(&Message::RouteRefresh(RouteRefresh { family, kind }))
}

/// A message of any type, with a body of zeros as short as its type allows.
fn message_of_type(kind: u8) -> Vec<u8> {
    let body: &[u8] = match kind {
        1 => return peers_open().to_vec(),
        2 => &[0; 4],
        3 => &[6, 0],
        5 => &[0, 1, 0, 1],
        _ => &[],
    };
    let mut message = vec![0xff; 16];
    message.extend([0, 19 + body.len() as u8, kind]);
    message.extend(body);
    message
}

fn pull_all(session: &mut Session) -> Vec<Message> {
    let dialect = session.dialect.clone();
    std::iter::from_fn(|| session.poll_transmit())
        .map(|octets| wire::decode(&octets, &dialect).expect("we send what we can read"))
        .collect()
}

fn signals(session: &mut Session) -> Vec<Signal> {
    std::iter::from_fn(|| session.poll_signal()).collect()
}

type Begin = fn() -> Session;

fn open_sent() -> Session {
    Session::new(ours(), START)
}

fn open_confirm() -> Session {
    let mut session = open_sent();
    session.receive(&peers_open(), START);
    session
}

fn established() -> Session {
    let mut session = open_confirm();
    session.receive(&keepalive(), START);
    pull_all(&mut session);
    signals(&mut session);
    session
}

fn farewell(session: &mut Session) -> Option<Notification> {
    match pull_all(session).pop() {
        Some(Message::Notification(notification)) => Some(notification),
        Some(Message::Open(_) | Message::Update(_) | Message::Keepalive | Message::RouteRefresh(_))
        | None => None,
    }
}

fn deadline(session: &Session, wanted: Timer) -> Option<Instant> {
    session.poll_timeout().filter(|deadline| deadline.timer == wanted).map(|deadline| deadline.at)
}

#[test]
fn two_sessions_become_established() {
    let (mut one, mut other) = (Session::new(ours(), START), Session::new(theirs(), START));
    for _ in 0..3 {
        while let Some(octets) = one.poll_transmit() {
            other.receive(&octets, START);
        }
        while let Some(octets) = other.poll_transmit() {
            one.receive(&octets, START);
        }
    }
    assert!(one.is_established() && other.is_established());
    let told = signals(&mut one);
    assert!(matches!(told.as_slice(), [Signal::Opened(_), Signal::Established(_)]));
    assert_eq!(one.counters().sent, one.counters().received);
}

#[test]
fn an_unexpected_message_is_answered_with_the_subcode_of_the_state_and_its_type() {
    let table: [(Begin, u8, &[u8]); 3] =
        [(open_sent, 1, &[2, 4, 5]), (open_confirm, 2, &[1, 2, 5]), (established, 3, &[1])];
    for (begin, subcode, kinds) in table {
        for kind in kinds {
            let mut session = begin();
            session.receive(&message_of_type(*kind), START);
            let notification = farewell(&mut session).expect("a farewell");
            assert_eq!((notification.code, notification.subcode), (ErrorCode::FiniteStateMachine, subcode));
            assert_eq!(&notification.data[..], [*kind]);
        }
    }
}

#[test]
fn a_broken_message_that_is_unexpected_anyway_is_an_error_of_the_state() {
    let mut broken_update = message_of_type(2);
    broken_update.truncate(19);
    broken_update.extend([0, 9, 0, 0]);
    broken_update[17] = 23;
    for (mut session, subcode) in [(open_sent(), 1), (open_confirm(), 2)] {
        session.receive(&broken_update, START);
        let notification = farewell(&mut session).expect("a farewell");
        assert_eq!((notification.code, notification.subcode), (ErrorCode::FiniteStateMachine, subcode));
    }
}

#[test]
fn every_message_type_in_every_state_has_one_outcome() {
    let begin: [Begin; 3] = [open_sent, open_confirm, established];
    for kind in 0..=u8::MAX {
        for begin in begin {
            let mut session = begin();
            let before = session.state();
            session.receive(&message_of_type(kind), START);
            let after = session.state();
            let expected = match (before, kind) {
                (StateName::OpenSent, 1) => StateName::OpenConfirm,
                (StateName::OpenConfirm, 4) | (StateName::Established, 2 | 4 | 5) => StateName::Established,
                _ => StateName::Idle,
            };
            assert_eq!(after, expected, "type {kind} in {before}");
            let told = farewell(&mut session);
            assert_eq!(told.is_some(), after == StateName::Idle && kind != 3, "type {kind} in {before}");
            if kind == 0 || kind > 5 {
                let notification = told.expect("a farewell");
                assert_eq!((notification.code, notification.subcode), (ErrorCode::MessageHeader, 3));
            }
        }
    }
}

#[test]
fn a_notification_ends_every_state_without_an_answer() {
    let begin: [Begin; 3] = [open_sent, open_confirm, established];
    for begin in begin {
        let mut session = begin();
        pull_all(&mut session);
        session.receive(&message_of_type(3), START);
        assert!(pull_all(&mut session).is_empty());
        assert!(matches!(signals(&mut session).last(), Some(Signal::Down(Down::Received(_)))));
    }
}

#[test]
fn the_peer_has_four_minutes_for_its_open() {
    let mut session = open_sent();
    assert_eq!(deadline(&session, Timer::Hold), Some(at(240)));
    session.handle_timeout(at(239));
    assert_eq!(session.state(), StateName::OpenSent);
    session.handle_timeout(at(240));
    assert_eq!(farewell(&mut session).map(|it| it.code), Some(ErrorCode::HoldTimerExpired));
}

#[test]
fn silence_for_the_hold_time_ends_the_session() {
    let mut session = established();
    session.handle_timeout(at(89));
    assert!(session.is_established());
    session.handle_timeout(at(90));
    assert_eq!(farewell(&mut session).map(|it| it.code), Some(ErrorCode::HoldTimerExpired));
    assert!(matches!(signals(&mut session).as_slice(), [Signal::Down(Down::Sent(_))]));
}

#[test]
fn keepalives_and_updates_restart_the_hold_timer_and_refreshes_do_not() {
    let table = [(keepalive(), true), (update(), true), (refresh(Family::IPV4, RefreshKind::Request), false)];
    for (message, restarts) in table {
        let mut session = established();
        session.receive(&message, at(60));
        session.handle_timeout(at(100));
        assert_eq!(session.is_established(), restarts);
    }
}

#[test]
fn a_keepalive_is_sent_between_three_quarters_and_all_of_a_third_of_the_hold_time() {
    for seed in 0..100 {
        let mut session = Session::new(Local { seed, ..ours() }, START);
        session.receive(&peers_open(), START);
        session.receive(&keepalive(), START);
        pull_all(&mut session);
        let due = deadline(&session, Timer::Keepalive).expect("the timer runs").since(START);
        assert!(due >= Duration::from_millis(22_500) && due <= seconds(30), "{due:?}");
        session.handle_timeout(START + due);
        assert_eq!(pull_all(&mut session), [Message::Keepalive]);
    }
}

#[test]
fn keepalives_fall_on_whole_seconds_where_their_bounds_hold_one() {
    for hold_time in [90, 12, 9, 3] {
        for start in (0..5000).step_by(7).map(|milliseconds| START + Duration::from_millis(milliseconds)) {
            let mut session = Session::new(Local { hold_time, seed: start.as_micros(), ..ours() }, start);
            session.receive(&peers_open(), start);
            session.receive(&keepalive(), start);
            let due = deadline(&session, Timer::Keepalive).expect("the timer runs");
            let third = seconds(hold_time.into()) / 3;
            assert!((start + third * 3 / 4..=start + third).contains(&due), "{due} after {start}");
            let is_whole = due.as_micros().is_multiple_of(1_000_000);
            assert!(is_whole || third < seconds(4), "{due} after {start}");
        }
    }
}

#[test]
fn an_update_we_send_restarts_the_keepalive_timer() {
    let mut session = established();
    session.updated(1, at(20));
    assert!(deadline(&session, Timer::Keepalive).expect("the timer runs") >= at(42));
    assert_eq!(session.counters().sent.updates, 1);
}

#[test]
fn keepalives_do_not_pile_up() {
    let mut session = established();
    for second in 0..80 {
        session.handle_timeout(at(second));
    }
    assert_eq!(pull_all(&mut session).len(), 1);
}

#[test]
fn without_a_hold_time_no_timer_runs() {
    let mut session = Session::new(Local { hold_time: 0, ..ours() }, START);
    session.receive(&peers_open(), START);
    assert_eq!(session.poll_timeout(), None);
    session.receive(&keepalive(), START);
    session.refresh(RouteRefresh { family: Family::IPV4, kind: RefreshKind::Request }, START);
    assert!(session.is_established() && session.is_ready());
    assert_eq!(session.poll_timeout(), None);
}

/// A session whose peer goes on talking and never reads again after `START`.
fn unread(hold_time: u16) -> Session {
    unread_with(Local { hold_time, ..ours() })
}

fn unread_with(local: Local) -> Session {
    let hold_time = local.hold_time;
    let mut session = Session::new(local, START);
    let open = wire::Open { hold_time, ..theirs().open() };
    session.receive(&octets(&Message::Open(open)), START);
    session.receive(&keepalive(), START);
    pull_all(&mut session);
    signals(&mut session);
    session
}

/// When a session with a peer that talks and does not read ends, in seconds.
fn end_of_unread(session: &mut Session) -> u64 {
    for second in 0..2000 {
        session.handle_timeout(at(second));
        if session.is_closed() {
            return second;
        }
        session.receive(&keepalive(), at(second));
    }
    panic!("the session outlived the send-hold timer");
}

#[test]
fn a_peer_that_never_reads_is_dropped_after_eight_minutes_or_twice_the_hold_time() {
    for (hold_time, expected) in [(3, 480), (90, 480), (240, 480), (300, 600)] {
        let mut session = unread(hold_time);
        assert_eq!(end_of_unread(&mut session), expected);
        assert_eq!(farewell(&mut session).map(|it| it.code), Some(ErrorCode::SendHoldTimerExpired));
    }
}

#[test]
fn a_send_hold_time_may_be_set() {
    let mut session = unread_with(Local { send_hold_time: Some(seconds(20)), hold_time: 9, ..ours() });
    assert_eq!(end_of_unread(&mut session), 20);
    let mut session = unread_with(Local { send_hold_time: Some(seconds(20)), hold_time: 0, ..ours() });
    session.handle_timeout(at(1000));
    assert!(session.is_established(), "without a hold time nothing is watched");
}

#[test]
fn every_pull_restarts_the_send_hold_timer() {
    let mut session = unread(90);
    session.updated(1, at(100));
    assert_eq!(end_of_unread(&mut session), 580);
}

#[test]
fn any_split_of_a_stream_gives_the_same_signals() {
    let stream = [
        peers_open(),
        keepalive(),
        update(),
        refresh(Family::IPV6, RefreshKind::Begin),
        keepalive(),
        message_of_type(3).into(),
        update(),
    ]
    .concat();
    let mut whole = open_sent();
    whole.receive(&stream, START);
    let expected = signals(&mut whole);
    assert_eq!(expected.len(), 5);
    proptest!(|(sizes in prop::collection::vec(1_usize..60, 1..80))| {
        let mut session = open_sent();
        let mut rest = &stream[..];
        for size in sizes.iter().cycle() {
            let (chunk, after) = rest.split_at((*size).min(rest.len()));
            session.receive(chunk, START);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(&signals(&mut session), &expected);
    });
}

#[test]
fn octets_after_the_end_are_ignored() {
    let mut session = established();
    session.stop(Notification::cease(Cease::PeerDeconfigured), START);
    session.receive(&update(), START);
    session.lost(START);
    session.handle_timeout(at(10_000));
    assert!(matches!(signals(&mut session).as_slice(), [Signal::Down(Down::Sent(_))]));
    assert_eq!(pull_all(&mut session).len(), 1);
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn a_refresh_for_another_family_or_of_an_unknown_kind_is_ignored() {
    let cases = [
        (Family::IPV4, RefreshKind::Request, 1),
        (Family::IPV6, RefreshKind::End, 1),
        (Family { afi: 1, safi: 128 }, RefreshKind::Request, 0),
        (Family::IPV4, RefreshKind::Unknown(7), 0),
    ];
    for (family, kind, expected) in cases {
        let mut session = established();
        session.receive(&refresh(family, kind), START);
        assert_eq!(signals(&mut session).len(), expected, "{family} {kind:?}");
        assert!(session.is_established());
    }
}

#[test]
fn a_withheld_answer_is_given_on_release() {
    let mut session = open_sent();
    session.withhold(START);
    session.receive(&peers_open(), START);
    assert!(matches!(pull_all(&mut session).as_slice(), [Message::Open(_)]));
    session.receive(&keepalive(), START);
    assert_eq!(session.state(), StateName::OpenConfirm);
    session.release(START);
    assert!(session.is_established());
    assert_eq!(pull_all(&mut session), [Message::Keepalive]);
}

#[test]
fn a_farewell_takes_the_place_of_what_was_not_yet_sent() {
    let mut session = open_confirm();
    session.stop(Notification::cease(Cease::PeerDeconfigured), START);
    assert!(matches!(pull_all(&mut session).as_slice(), [Message::Open(_), Message::Notification(_)]));
}

#[test]
fn a_delayed_open_follows_the_peers_or_the_timer() {
    let local = Local { delay_open: seconds(10), ..ours() };
    let mut called = Session::new(local.clone(), START);
    assert!(!called.is_ready());
    called.receive(&peers_open(), START);
    assert_eq!(called.state(), StateName::OpenConfirm);
    assert!(matches!(pull_all(&mut called).as_slice(), [Message::Open(_), Message::Keepalive]));

    let mut patient = Session::new(local, START);
    patient.handle_timeout(at(10));
    assert_eq!(patient.state(), StateName::OpenSent);
    assert!(matches!(pull_all(&mut patient).as_slice(), [Message::Open(_)]));
    assert_eq!(deadline(&patient, Timer::Hold), Some(at(250)));
}
