//! Anything that can happen to a session, in any order.

use std::time::Duration;

use bgp_core::session::{Down, Local, Session, Signal};
use bgp_core::wire::{
    self, Capability, Cease, Dialect, EXTENDED_LIMIT, Message, Notification, Open, RefreshKind, RouteRefresh,
};
use bgp_core::{Asn, Family, Instant, RouterId, Timer};

use super::START;
use crate::draw::{Draw, bit};
use crate::framing::{encode, framed};

/// Most things that happen in one input.
const HAPPENINGS: usize = 512;

/// A session and what was heard of it.
pub(super) struct History {
    session: Session,
    local: Local,
    now: Instant,
    down: Option<Down>,
    /// Messages pulled, and whether the last was a NOTIFICATION.
    pulled: usize,
    farewell: bool,
    established: bool,
}

impl History {
    pub(super) fn new(local: Local) -> Self {
        let session = Session::new(local.clone(), START);
        Self { session, local, now: START, down: None, pulled: 0, farewell: false, established: false }
    }

    pub(super) fn run(mut self, mut draw: Draw<'_>) {
        for _ in 0..HAPPENINGS {
            if draw.is_empty() {
                break;
            }
            self.happen(&mut draw);
            self.listen();
        }
        self.session.lost(self.now);
        self.listen();
        while self.pull() {}
        assert!(self.down.is_some() && self.session.is_closed(), "a lost session goes on");
        assert_eq!(self.session.poll_timeout(), None, "a session that is over waits for something");
    }

    fn happen(&mut self, draw: &mut Draw<'_>) {
        let (session, now) = (&mut self.session, self.now);
        match draw.below(16) {
            0 | 1 => session.receive(&encode(&open(draw, &self.local), &plain()), now),
            2 | 3 => session.receive(&encode(&Message::Keepalive, &plain()), now),
            4..=6 => {
                let length = draw.octet();
                session.receive(&framed(2, draw.take(length.into())), now);
            }
            7 => {
                let (kind, length) = (draw.octet(), draw.octet());
                session.receive(&framed(kind, draw.take(length.into())), now);
            }
            8 => {
                let length = draw.octet();
                session.receive(draw.take(length.into()), now);
            }
            9 => self.wait(),
            10 => self.now = now + Duration::from_secs(draw.octet().into()),
            11 => self.administer(draw.octet()),
            12 => session.refresh(RouteRefresh { family: Family::IPV4, kind: RefreshKind::Request }, now),
            13 => session.updated(draw.octet().into(), now),
            _ => {
                self.pull();
            }
        }
    }

    fn administer(&mut self, choice: u8) {
        match choice & 7 {
            0 => self.session.stop(Notification::cease(Cease::AdministrativeShutdown), self.now),
            1 => self.session.lost(self.now),
            2..=4 => self.session.withhold(self.now),
            _ => self.session.release(self.now),
        }
    }

    /// Sleeps until the next deadline. Whatever was due is then done: what comes next lies ahead.
    fn wait(&mut self) {
        let Some(deadline) = self.session.poll_timeout() else { return };
        self.now = self.now.max(deadline.at);
        self.session.handle_timeout(self.now);
        let next = self.session.poll_timeout();
        assert!(next.is_none_or(|next| next.at > self.now), "{deadline:?} was not met: {next:?}");
        assert_ne!(next.map(|next| next.timer), Some(Timer::Work), "sessions have no work");
    }

    fn listen(&mut self) {
        while let Some(signal) = self.session.poll_signal() {
            assert_eq!(self.down, None, "{signal:?} after the end");
            match signal {
                Signal::Opened(_) => assert!(!self.established, "opened when established"),
                Signal::Established(_) => {
                    assert!(!self.established, "established twice");
                    self.established = true;
                }
                Signal::Update(_) | Signal::Refresh(_) => assert!(self.established, "{signal:?} too early"),
                Signal::Down(down) => {
                    assert!(!down.to_string().is_empty());
                    self.down = Some(down);
                }
            }
        }
        assert_eq!(self.session.is_closed(), self.down.is_some());
    }

    /// Pulls one message; whether there was one. A NOTIFICATION is the last.
    fn pull(&mut self) -> bool {
        let ready = self.session.is_ready();
        let octets = self.session.poll_transmit();
        assert_eq!(ready, octets.is_some());
        let Some(octets) = octets else { return false };
        assert!(!self.farewell, "something follows a NOTIFICATION");
        let message = wire::decode(&octets, &plain()).expect("what a session sends can be read");
        self.farewell = matches!(message, Message::Notification(_));
        let is_first = matches!(message, Message::Open(_));
        assert!(self.farewell || is_first == (self.pulled == 0), "{message:?} as number {}", self.pulled);
        assert!(!self.farewell || self.session.is_closed(), "a farewell without leaving");
        self.pulled += 1;
        true
    }
}

/// What a session of any dialect sends is read the same: UPDATEs are not its own.
fn plain() -> Dialect {
    Dialect {
        receive_limit: EXTENDED_LIMIT,
        send_limit: EXTENDED_LIMIT,
        ..Dialect::unnegotiated(wire::PeerKind::External, Asn(65001))
    }
}

/// An OPEN that is mostly acceptable.
fn open(draw: &mut Draw<'_>, local: &Local) -> Message {
    let (flags, count) = (draw.octet(), draw.octet());
    let asn = if bit(flags, 0) { Asn(65001) } else { local.asn };
    let mut capabilities = if bit(flags, 1) { local.open().capabilities } else { Vec::new() };
    capabilities.retain(|capability| !matches!(capability, Capability::FourOctetAs(_)));
    capabilities.extend(bit(flags, 2).then_some(Capability::FourOctetAs(asn)));
    if bit(flags, 3) {
        let value = bytes::Bytes::copy_from_slice(draw.take(usize::from(count & 15)));
        capabilities.push(Capability::Unknown { code: count, value });
    }
    let hold_time = [90, 0, 3, 240][usize::from(flags >> 4 & 3)];
    let router_id = RouterId::from(0xc000_0201 + u32::from(flags >> 6));
    Message::Open(Open { asn, hold_time, router_id, capabilities })
}
