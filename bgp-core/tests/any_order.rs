//! A peer under inputs in any order, sensible or not: it never panics, closes each connection once, tells
//! of one session at a time, and leaves nothing due in the past.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bgp_core::peer::{Peer, PeerAsn, PeerConfig, PeerOutput};
use bgp_core::session::Local;
use bgp_core::speaker::{ConnId, ConnectError};
use bgp_core::wire::{self, Cease, Dialect, Message, Notification, PeerKind};
use bgp_core::{Asn, Instant, RouterId};
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Input {
    Start,
    Stop,
    Reset,
    Pause,
    Fail,
    Vanish,
    Connected,
    ConnectFailed,
    Accepted,
    Closed(u64),
    Said(u64, Said),
    Pull(u64),
    Wait(u64),
}

#[derive(Clone, Debug)]
enum Said {
    Open,
    Keepalive,
    Update,
    Notification,
    Anything(Vec<u8>),
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        4 => Just(Said::Open),
        4 => Just(Said::Keepalive),
        1 => Just(Said::Update),
        1 => Just(Said::Notification),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Said::Anything),
    ]
}

/// Connections are counted from the newest, so that most inputs meet one that lives.
fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        4 => Just(Input::Start),
        1 => Just(Input::Stop),
        1 => Just(Input::Reset),
        1 => Just(Input::Pause),
        1 => Just(Input::Fail),
        1 => Just(Input::Vanish),
        4 => Just(Input::Connected),
        1 => Just(Input::ConnectFailed),
        4 => Just(Input::Accepted),
        2 => (0_u64..4).prop_map(Input::Closed),
        12 => (0_u64..3, said()).prop_map(|(back, said)| Input::Said(back, said)),
        2 => (0_u64..3).prop_map(Input::Pull),
        3 => (0_u64..300_000).prop_map(Input::Wait),
    ]
}

struct World {
    peer: Peer,
    now: Instant,
    newest: u64,
    closes: BTreeMap<ConnId, u32>,
    established: Option<ConnId>,
}

impl World {
    fn conn(&mut self) -> ConnId {
        self.newest += 1;
        self.closes.insert(ConnId(self.newest), 0);
        ConnId(self.newest)
    }

    fn back(&self, back: u64) -> ConnId {
        ConnId(self.newest.saturating_sub(back))
    }

    fn apply(&mut self, input: Input) {
        let now = self.now;
        match input {
            Input::Start => self.peer.start(now),
            Input::Stop => self.peer.stop(Notification::shutdown("enough"), now),
            Input::Reset => self.peer.reset(Notification::reset(""), now),
            Input::Pause => {
                self.peer.pause(
                    Notification::cease(Cease::MaximumPrefixes),
                    Some(Duration::from_secs(9)),
                    now,
                );
            }
            Input::Fail => self.peer.fail(Notification::cease(Cease::OutOfResources), now),
            Input::Vanish => self.peer.vanish(now),
            Input::Connected => {
                let conn = self.conn();
                self.peer.connected(conn, address(1), address(2), now);
            }
            Input::ConnectFailed => self.peer.connect_failed(ConnectError::Refused, now),
            Input::Accepted => {
                let conn = self.conn();
                self.peer.accepted(conn, address(1), address(2), now);
            }
            Input::Closed(back) => self.peer.closed(self.back(back), now),
            Input::Said(back, said) => self.peer.received(self.back(back), &octets(said), now),
            Input::Pull(back) => while self.peer.poll_transmit(self.back(back)).is_some() {},
            Input::Wait(millis) => {
                self.now = now + Duration::from_millis(millis);
                self.peer.handle_timeout(self.now);
            }
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.peer.poll_output() {
            match output {
                PeerOutput::Close { conn } => *self.closes.entry(conn).or_default() += 1,
                PeerOutput::Established { conn, .. } => assert_eq!(self.established.replace(conn), None),
                PeerOutput::Update { conn, .. } | PeerOutput::Refresh { conn, .. } => {
                    assert_eq!(self.established, Some(conn));
                }
                PeerOutput::Down { conn, established, .. } => {
                    assert_eq!(self.established == Some(conn), established);
                    self.established = self.established.filter(|other| *other != conn);
                }
                PeerOutput::StateChanged { from, to } => {
                    assert_ne!(from, to);
                }
                PeerOutput::Connect { .. } | PeerOutput::AbandonConnect | PeerOutput::Ready { .. } => {}
            }
        }
        assert_eq!(self.peer.established().map(|(conn, _)| conn), self.established);
        assert!(self.closes.values().all(|closes| *closes <= 1));
    }
}

fn octets(said: Said) -> Bytes {
    let message = match said {
        Said::Open => {
            let local = Local::new(Asn(65002), RouterId::from(2), PeerAsn::Internal);
            Message::Open(local.open())
        }
        Said::Keepalive => Message::Keepalive,
        Said::Update => Message::Update(Box::default()),
        Said::Notification => Message::Notification(Notification::cease(Cease::PeerDeconfigured)),
        Said::Anything(octets) => return octets.into(),
    };
    let mut out = BytesMut::new();
    wire::encode(&message, &Dialect::unnegotiated(PeerKind::External, Asn(65001)), &mut out);
    out.freeze()
}

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 179))
}

proptest! {
    #[test]
    fn inputs_in_any_order_do_no_harm(inputs in prop::collection::vec(input(), 1..120), seed: u64) {
        let config = PeerConfig::new(address(2), PeerAsn::External, Asn(65001), RouterId::from(1));
        let peer = Peer::new(config, None, seed, Instant::ZERO);
        let (now, closes) = (Instant::ZERO, BTreeMap::new());
        let mut world = World { peer, now, newest: 0, closes, established: None };
        for input in inputs {
            world.apply(input);
            world.drain();
        }
        world.peer.handle_timeout(world.now);
        world.drain();
        prop_assert!(world.peer.poll_timeout().is_none_or(|next| next.at > world.now));
        world.peer.stop(Notification::shutdown("the end"), world.now);
        world.drain();
        prop_assert!(world.closes.values().all(|closes| *closes == 1));
    }
}
