//! Every state against every event, printed for a person to review: `golden/transitions.txt`.
//!
//! Events are those of RFC 4271 §8.1 and RFC 9687. Not among them: 6 and 7, because damping starts a peer
//! by event 13 here, and 14 and 15, because a caller nobody knows never reaches a peer.
//! `UPDATE_GOLDEN=1 cargo test -p bgp-core --test transitions` writes the file anew.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use bgp_core::peer::{Peer, PeerAsn, PeerConfig, PeerOutput};
use bgp_core::session::{Local, StateName};
use bgp_core::speaker::{ConnId, ConnectError};
use bgp_core::wire::{
    self, Dialect, ErrorCode, Message, Notification, Open, PeerKind, RefreshKind, RouteRefresh,
};
use bgp_core::{Asn, Family, Instant, RouterId, Timer};
use bytes::{Bytes, BytesMut};

/// Between two seconds: keepalives fall on whole ones, and no other timer is to run out with them.
const NOW: Instant = Instant::from_micros(1_000_500_000);
const DIALED: ConnId = ConnId(1);
const SECOND: ConnId = ConnId(2);

#[test]
fn every_state_and_event_is_as_reviewed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/transitions.txt");
    let matrix = print_matrix();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &matrix).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(path).expect("the golden file can be read");
    for (printed, reviewed) in matrix.lines().zip(golden.lines()) {
        assert_eq!(printed, reviewed, "a transition changed");
    }
    assert_eq!(matrix.lines().count(), golden.lines().count(), "a transition came or went");
}

fn print_matrix() -> String {
    let mut page = String::from(
        "# State x event -> state: what the peer does. Timers are the one that runs out first afterwards.\n",
    );
    for (title, enter) in STATES {
        let _ = writeln!(page, "\n{title}");
        for (number, name, event) in EVENTS {
            let mut peer = enter();
            drain(&mut peer);
            let before = peer.status().state;
            let line = match event(&mut peer) {
                None => format!("  {number:>2} {name:<30} {before:<12} not running"),
                Some(actions) => {
                    let state = peer.status().state;
                    let timer =
                        peer.poll_timeout().map_or_else(|| "-".to_owned(), |next| next.timer.to_string());
                    format!("  {number:>2} {name:<30} {state:<12} {timer:<13} {actions}")
                }
            };
            let _ = writeln!(page, "{}", line.trim_end());
        }
    }
    page
}

type Enter = fn() -> Peer;

const STATES: [(&str, Enter); 9] = [
    ("Idle", idle),
    ("Idle, IdleHoldTimer running", held),
    ("Connect", connect),
    ("Connect, DelayOpenTimer running", connect_delayed),
    ("Active", active),
    ("Active, DelayOpenTimer running", active_delayed),
    ("OpenSent", open_sent),
    ("OpenConfirm", open_confirm),
    ("Established", established),
];

/// What the peer does about the event; nothing where it cannot happen, because the timer does not run.
type Event = fn(&mut Peer) -> Option<String>;

const EVENTS: [(&str, &str, Event); 26] = [
    ("1", "ManualStart", |peer| after(peer, |peer| peer.start(NOW))),
    ("2", "ManualStop", |peer| after(peer, |peer| peer.stop(Notification::shutdown(""), NOW))),
    ("3", "AutomaticStart", |peer| after(peer, |peer| peer.start(NOW))),
    ("4", "ManualStart, passive", |peer| after(peer, start_passive)),
    ("5", "AutomaticStart, passive", |peer| after(peer, start_passive)),
    ("8", "AutomaticStop", |peer| {
        let limit = Notification::maximum_prefixes(Family::IPV4, 1);
        after(peer, |peer| peer.pause(limit, Some(Duration::from_secs(300)), NOW))
    }),
    ("9", "ConnectRetryTimer_Expires", |peer| expire(peer, Timer::ConnectRetry)),
    ("10", "HoldTimer_Expires", |peer| expire(peer, Timer::Hold)),
    ("11", "KeepaliveTimer_Expires", |peer| expire(peer, Timer::Keepalive)),
    ("12", "DelayOpenTimer_Expires", |peer| expire(peer, Timer::DelayOpen)),
    ("13", "IdleHoldTimer_Expires", |peer| expire(peer, Timer::IdleHold)),
    ("16", "Tcp_CR_Acked", |peer| after(peer, |peer| peer.connected(SECOND, here(), there(), NOW))),
    ("17", "TcpConnectionConfirmed", |peer| after(peer, |peer| peer.accepted(SECOND, here(), there(), NOW))),
    ("18", "TcpConnectionFails", |peer| {
        after(peer, |peer| match peer.status().conn {
            Some(conn) => peer.closed(conn, NOW),
            None => peer.connect_failed(ConnectError::Refused, NOW),
        })
    }),
    ("19", "BGPOpen", |peer| hear(peer, &peers_open(90))),
    ("21", "BGPHeaderErr", |peer| hear(peer, &[0; 19])),
    ("22", "BGPOpenMsgErr", |peer| hear(peer, &peers_open(1))),
    ("23", "OpenCollisionDump", |peer| {
        after(peer, |peer| {
            peer.accepted(SECOND, here(), there(), NOW);
            peer.received(SECOND, &peers_open(90), NOW);
        })
    }),
    ("24", "NotifMsgVerErr", |peer| hear(peer, &notification(ErrorCode::OpenMessage, 1))),
    ("25", "NotifMsg", |peer| hear(peer, &notification(ErrorCode::Cease, 2))),
    ("26", "KeepAliveMsg", |peer| hear(peer, &octets(&Message::Keepalive))),
    ("27", "UpdateMsg", |peer| hear(peer, &octets(&Message::Update(Box::default())))),
    ("28", "UpdateMsgErr", |peer| hear(peer, &broken_update())),
    ("29", "SendHoldTimer_Expires", expire_send_hold),
    ("-", "RouteRefreshMsg", |peer| hear(peer, &refresh(Family::IPV4))),
    ("-", "RouteRefreshMsg, other family", |peer| hear(peer, &refresh(Family { afi: 1, safi: 128 }))),
];

fn here() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 179))
}

fn there() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 2], 179))
}

fn idle() -> Peer {
    let config = PeerConfig::new(there(), PeerAsn::Exactly(Asn(65002)), Asn(65001), RouterId::from(1));
    Peer::new(config, None, 1, NOW)
}

fn held() -> Peer {
    let mut peer = established();
    let third = ConnId(3);
    peer.fail(Notification::new(ErrorCode::UpdateMessage, 1), NOW);
    peer.accepted(third, here(), there(), NOW);
    peer.received(third, &peers_open(90), NOW);
    peer.received(third, &octets(&Message::Keepalive), NOW);
    peer.fail(Notification::new(ErrorCode::UpdateMessage, 1), NOW);
    peer.closed(third, NOW);
    peer
}

fn connect() -> Peer {
    let mut peer = idle();
    peer.start(NOW);
    peer
}

fn connect_delayed() -> Peer {
    let mut peer = idle().with_delay_open(Duration::from_secs(10));
    peer.start(NOW);
    peer.connected(DIALED, here(), there(), NOW);
    peer
}

fn active() -> Peer {
    let mut peer = connect();
    peer.connect_failed(ConnectError::Refused, NOW);
    peer
}

fn active_delayed() -> Peer {
    let mut peer = idle().with_delay_open(Duration::from_secs(10));
    peer.start(NOW);
    peer.connect_failed(ConnectError::Refused, NOW);
    peer.accepted(DIALED, here(), there(), NOW);
    peer
}

fn open_sent() -> Peer {
    let mut peer = connect();
    peer.connected(DIALED, here(), there(), NOW);
    peer
}

fn open_confirm() -> Peer {
    let mut peer = open_sent();
    peer.received(DIALED, &peers_open(90), NOW);
    peer
}

fn established() -> Peer {
    let mut peer = open_confirm();
    peer.received(DIALED, &octets(&Message::Keepalive), NOW);
    peer
}

fn start_passive(peer: &mut Peer) {
    peer.reconfigure(PeerConfig { passive: true, ..peer.config().clone() });
    peer.start(NOW);
}

fn hear(peer: &mut Peer, octets: &[u8]) -> Option<String> {
    after(peer, |peer| peer.received(DIALED, octets, NOW))
}

fn after(peer: &mut Peer, something: impl FnOnce(&mut Peer)) -> Option<String> {
    something(peer);
    Some(drain(peer).join(", "))
}

/// Lets time pass until this timer expires; whatever runs out before is none of the event.
fn expire(peer: &mut Peer, wanted: Timer) -> Option<String> {
    let state = peer.status().state;
    for _ in 0..20 {
        let Some(next) = peer.poll_timeout().filter(|_| peer.status().state == state) else { break };
        if next.timer == wanted {
            return after(peer, |peer| peer.handle_timeout(next.at));
        }
        peer.handle_timeout(next.at);
        drain(peer);
    }
    None
}

/// Lets the peer talk and not read.
fn expire_send_hold(peer: &mut Peer) -> Option<String> {
    let state = peer.status().state;
    for _ in 0..1000 {
        let Some(next) = peer.poll_timeout() else { break };
        if next.timer == Timer::SendHold {
            return after(peer, |peer| peer.handle_timeout(next.at));
        }
        peer.handle_timeout(next.at);
        if state == StateName::Established {
            peer.received(DIALED, &octets(&Message::Keepalive), next.at);
        }
        if peer.status().state != state {
            break;
        }
    }
    None
}

/// Takes everything the peer has to say, in words; pulls messages when it says that it has some.
fn drain(peer: &mut Peer) -> Vec<String> {
    let mut actions = Vec::new();
    while let Some(output) = peer.poll_output() {
        match output {
            PeerOutput::Connect { .. } => actions.push("dial".to_owned()),
            PeerOutput::AbandonConnect => actions.push("abandon the dial".to_owned()),
            PeerOutput::Ready { conn } => actions.extend(pull(peer, conn)),
            PeerOutput::StateChanged { .. } => {}
            PeerOutput::Close { conn } => actions.push(format!("close {}", conn.0)),
            PeerOutput::Established { conn, .. } => actions.push(format!("tell Established {}", conn.0)),
            PeerOutput::Update { conn, .. } => actions.push(format!("tell Update {}", conn.0)),
            PeerOutput::Refresh { conn, .. } => actions.push(format!("tell Refresh {}", conn.0)),
            PeerOutput::Down { conn, .. } => actions.push(format!("tell Down {}", conn.0)),
        }
    }
    actions
}

fn pull(peer: &mut Peer, conn: ConnId) -> Vec<String> {
    let dialect = Dialect::unnegotiated(PeerKind::External, Asn(65002));
    let read = |octets: Bytes| wire::decode(&octets, &dialect).expect("we send what we can read");
    let sent = std::iter::from_fn(|| peer.poll_transmit(conn)).map(read);
    sent.map(|message| format!("send {} on {}", name(&message), conn.0)).collect()
}

fn name(message: &Message) -> String {
    match message {
        Message::Open(_) => "OPEN".to_owned(),
        Message::Update(_) => "UPDATE".to_owned(),
        Message::Notification(it) => format!("NOTIFICATION {:?}/{}", it.code, it.subcode),
        Message::Keepalive => "KEEPALIVE".to_owned(),
        Message::RouteRefresh(_) => "ROUTE-REFRESH".to_owned(),
    }
}

fn octets(message: &Message) -> Bytes {
    let mut out = BytesMut::new();
    wire::encode(message, &Dialect::unnegotiated(PeerKind::External, Asn(65001)), &mut out);
    out.freeze()
}

fn peers_open(hold_time: u16) -> Bytes {
    let local = Local::new(Asn(65002), RouterId::from(2), PeerAsn::Exactly(Asn(65001)));
    octets(&Message::Open(Open { hold_time, ..local.open() }))
}

fn notification(code: ErrorCode, subcode: u8) -> Bytes {
    octets(&Message::Notification(Notification::new(code, subcode)))
}

fn refresh(family: Family) -> Bytes {
    octets(&Message::RouteRefresh(RouteRefresh { family, kind: RefreshKind::Request }))
}

/// An UPDATE whose withdrawn routes run past its end.
fn broken_update() -> Vec<u8> {
    let mut message = octets(&Message::Update(Box::default())).to_vec();
    if let Some(length) = message.get_mut(19..21) {
        length.copy_from_slice(&[0, 99]);
    }
    message
}
