//! One end of the pipe: a session, what it has said, and what it has heard.

use std::net::{Ipv4Addr, Ipv6Addr};

use bgp_core::session::{Down, Local, Session, Signal};
use bgp_core::wire::{
    self, AsPath, AttributeBlock, Attributes, Cease, NextHop, Nlri, Notification, PathId, PeerKind,
    RefreshKind, RouteRefresh, Routes, Update,
};
use bgp_core::{Family, Instant};
use bytes::BytesMut;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::session::START;

/// A session and everything on its way from it.
pub(super) struct End {
    pub(super) session: Session,
    pub(super) local: Local,
    pub(super) down: Option<Down>,
    /// Routes announced, UPDATE by UPDATE.
    pub(super) told: Vec<Vec<Nlri>>,
    /// Routes learned, UPDATE by UPDATE.
    pub(super) heard: Vec<Vec<Nlri>>,
    pipe: BytesMut,
}

impl End {
    pub(super) fn new(local: Local) -> Self {
        let session = Session::new(local.clone(), START);
        Self { session, local, down: None, told: Vec::new(), heard: Vec::new(), pipe: BytesMut::new() }
    }

    /// Moves one message into the pipe; whether there was one.
    pub(super) fn pull(&mut self) -> bool {
        let octets = self.session.poll_transmit();
        self.pipe.extend_from_slice(octets.as_deref().unwrap_or_default());
        octets.is_some()
    }

    /// So many octets out of the pipe, or what is there.
    pub(super) fn outgoing(&mut self, count: usize) -> BytesMut {
        self.pipe.split_to(count.min(self.pipe.len()))
    }

    /// Whether something is on its way or about to be.
    pub(super) fn is_speaking(&self) -> bool {
        !self.pipe.is_empty() || self.session.is_ready()
    }

    pub(super) fn stop(&mut self, choice: u8, now: Instant) {
        match choice & 3 {
            0 => self.session.lost(now),
            1 => self.session.stop(Notification::shutdown("done"), now),
            2 => self.session.stop(Notification::reset("again").hard_reset(), now),
            _ => self.session.stop(Notification::cease(Cease::PeerDeconfigured), now),
        }
    }

    pub(super) fn refresh(&mut self, now: Instant) {
        self.session.refresh(RouteRefresh { family: Family::IPV4, kind: RefreshKind::Request }, now);
    }

    /// Announces a few routes of one family, behind the session's own messages.
    pub(super) fn announce(&mut self, choice: u8, now: Instant) {
        if !self.session.is_established() {
            return;
        }
        while self.pull() {}
        let negotiated = self.session.negotiated().expect("established implies negotiated");
        let dialect = &negotiated.dialect;
        if dialect.families.is_empty() {
            return;
        }
        let family = dialect.families[usize::from(choice) % dialect.families.len()];
        let path_id = if dialect.add_path_send.contains(&family) { u32::from(choice) } else { 0 };
        let nlri: Vec<Nlri> =
            (0..=choice >> 5).map(|n| Nlri { path_id: PathId(path_id), prefix: prefix(family, n) }).collect();
        let attributes = AttributeBlock::encode(&attributes(&self.local, dialect.peer_kind), dialect);
        wire::announce(&nlri, family, &next_hop(family), &attributes, dialect, &mut self.pipe)
            .expect("a few routes fit");
        self.told.push(nlri);
        self.session.updated(1, now);
    }

    pub(super) fn listen(&mut self) {
        while let Some(signal) = self.session.poll_signal() {
            assert_eq!(self.down, None, "{signal:?} after the end");
            match signal {
                Signal::Opened(_) | Signal::Established(_) | Signal::Refresh(_) => {}
                Signal::Update(update) => self.learn(&update),
                Signal::Down(down) => self.down = Some(down),
            }
        }
    }

    fn learn(&mut self, update: &Update) {
        assert_eq!(update.faults, [], "{update:?}");
        let reach = update.reach.as_ref().map(|reach| &reach.routes);
        let nlri = match reach {
            Some(Routes::Unicast(nlri)) => nlri,
            None => &update.announced,
            Some(Routes::Opaque { .. }) => panic!("only unicast was announced: {update:?}"),
        };
        self.heard.push(nlri.clone());
    }
}

fn attributes(local: &Local, peer_kind: PeerKind) -> Attributes {
    match peer_kind {
        PeerKind::Internal => Attributes { local_preference: Some(100), ..Attributes::default() },
        PeerKind::External | PeerKind::Confederation => {
            Attributes { as_path: AsPath::from_sequence(&[local.asn]), ..Attributes::default() }
        }
    }
}

fn prefix(family: Family, number: u8) -> IpNet {
    match family {
        Family::IPV4 => Ipv4Net::new(Ipv4Addr::new(10, number, 0, 0), 16).expect("16 fits").into(),
        _ => Ipv6Net::new(Ipv6Addr::new(0x2001, 0xdb8, number.into(), 0, 0, 0, 0, 0), 48)
            .expect("48 fits")
            .into(),
    }
}

fn next_hop(family: Family) -> NextHop {
    match family {
        Family::IPV4 => NextHop::V4(Ipv4Addr::new(192, 0, 2, 1)),
        _ => NextHop::V6 { global: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), link_local: None },
    }
}
