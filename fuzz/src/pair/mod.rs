//! Two sessions and a byte pipe between them.

mod end;

use std::time::Duration;

use bgp_core::peer::PeerAsn;
use bgp_core::session::{Down, Local};
use bgp_core::wire::{ErrorCode, PeerKind};
use bgp_core::{Asn, Instant, RouterId};

use crate::draw::{Draw, bit};
use crate::session::{START, local};
use end::End;

/// Most things that happen in one input.
const HAPPENINGS: usize = 512;
/// Most rounds until two sessions have nothing left to say: they have OPEN, KEEPALIVE and what waits.
const ROUNDS: usize = 32;

/// Octets that choose both sides, then what happens: the two never misunderstand each other, end up
/// both Established or both closed, and agree about what they are; every UPDATE arrives, in order.
pub fn pair(octets: &[u8]) {
    let mut draw = Draw::new(octets);
    let mut pair = Pair::new(&mut draw);
    for _ in 0..HAPPENINGS {
        if draw.is_empty() {
            break;
        }
        pair.happen(&mut draw);
    }
    pair.settle();
    pair.judge();
}

struct Pair {
    ends: [End; 2],
    now: Instant,
    /// Somebody was told to end it.
    stopped: bool,
    /// So much time passed that a hold timer may have expired.
    late: bool,
}

impl Pair {
    fn new(draw: &mut Draw<'_>) -> Self {
        let near = local(draw);
        let far = local(draw);
        let choice = draw.octet();
        let far = Local {
            asn: if bit(choice, 0) { Asn(65001) } else { Asn(64512) },
            router_id: RouterId::from(0xc000_0201 + u32::from(!bit(choice, 1))),
            expected: if bit(choice, 2) { PeerAsn::Exactly(Asn(64512)) } else { far.expected },
            seed: 7,
            ..far
        };
        Self { ends: [End::new(near), End::new(far)], now: START, stopped: false, late: false }
    }

    fn happen(&mut self, draw: &mut Draw<'_>) {
        let choice = draw.octet();
        let at = usize::from(bit(choice, 7));
        let now = self.now;
        match choice & 15 {
            0..=2 => drop(self.ends[at].pull()),
            3..=6 => self.deliver(at, draw.octet().into()),
            7 => self.wait(),
            8 => self.pass(Duration::from_secs(draw.octet().into())),
            9 | 10 => self.ends[at].announce(draw.octet(), now),
            11 => self.ends[at].refresh(now),
            12 => self.ends[at].session.withhold(now),
            13 => self.ends[at].session.release(now),
            14 => self.stop(at, draw.octet()),
            _ => self.exchange(),
        }
        self.ends.iter_mut().for_each(End::listen);
        self.compare_updates();
    }

    /// Hands so many octets to one end.
    fn deliver(&mut self, to: usize, count: usize) {
        let octets = self.ends[1 - to].outgoing(count);
        self.ends[to].session.receive(&octets, self.now);
        self.ends[to].listen();
    }

    /// Everything either has to say reaches the other, once.
    fn exchange(&mut self) {
        for at in 0..2 {
            while self.ends[at].pull() {}
            self.deliver(1 - at, usize::MAX);
        }
    }

    fn stop(&mut self, at: usize, choice: u8) {
        // Mostly not, or there would be few sessions.
        if choice < 224 {
            return;
        }
        self.stopped = true;
        self.ends[at].stop(choice, self.now);
    }

    fn wait(&mut self) {
        let deadlines = self.ends.iter().filter_map(|end| end.session.poll_timeout());
        if let Some(deadline) = deadlines.map(|deadline| deadline.at).min() {
            self.pass(deadline.since(self.now));
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.late |= self.now.since(START) >= Duration::from_secs(3);
        for end in &mut self.ends {
            end.session.handle_timeout(self.now);
            let next = end.session.poll_timeout();
            assert!(next.is_none_or(|next| next.at > self.now), "a deadline was not met: {next:?}");
        }
    }

    /// Lets the two talk until nothing is on its way. Whoever is left alone notices.
    fn settle(&mut self) {
        for end in &mut self.ends {
            end.session.release(self.now);
        }
        for _ in 0..ROUNDS {
            self.exchange();
            for at in 0..2 {
                if self.ends[at].session.is_closed() && !self.ends[at].is_speaking() {
                    self.ends[1 - at].session.lost(self.now);
                    self.ends[1 - at].listen();
                }
            }
            let is_done = |end: &End| end.session.is_closed() || end.session.is_established();
            if self.ends.iter().all(is_done) && !self.ends.iter().any(End::is_speaking) {
                return self.compare_updates();
            }
            if !self.ends.iter().any(End::is_speaking) {
                // Both wait for the other to speak first.
                self.wait();
            }
        }
        panic!("no end after {ROUNDS} rounds: {:?}", self.ends.each_ref().map(|end| end.session.state()));
    }

    fn judge(&self) {
        let [near, far] = &self.ends;
        assert_eq!(near.session.is_established(), far.session.is_established(), "one is left behind");
        self.ends.iter().for_each(|end| self.judge_end(end));
        let (Some(ours), Some(theirs)) = (near.session.negotiated(), far.session.negotiated()) else {
            return;
        };
        assert_eq!(ours.hold_time, theirs.hold_time);
        assert_eq!((ours.asn, theirs.asn), (far.local.asn, near.local.asn));
        assert_eq!((ours.router_id, theirs.router_id), (far.local.router_id, near.local.router_id));
        let (ours, theirs) = (&ours.dialect, &theirs.dialect);
        assert_eq!(ours.four_octet_as, theirs.four_octet_as);
        assert_eq!(ours.families, theirs.families);
        assert_eq!(ours.add_path_send, theirs.add_path_receive);
        assert_eq!(ours.add_path_receive, theirs.add_path_send);
        assert_eq!(ours.extended_next_hop, theirs.extended_next_hop);
        assert!(ours.send_limit <= theirs.receive_limit && theirs.send_limit <= ours.receive_limit);
        assert_eq!(ours.peer_kind, theirs.peer_kind);
        assert_eq!(ours.peer_kind == PeerKind::Internal, near.local.asn == far.local.asn);
        assert_eq!(near.told, far.heard, "an UPDATE was lost");
        assert_eq!(far.told, near.heard, "an UPDATE was lost");
    }

    /// Nobody ends a session with one of ours but for a reason.
    fn judge_end(&self, end: &End) {
        match &end.down {
            None => assert!(end.session.is_established()),
            Some(Down::Malformed(malformed)) => panic!("we do not understand ourselves: {malformed}"),
            Some(Down::Sent(notification) | Down::Received(notification)) => match notification.code {
                ErrorCode::OpenMessage => {}
                ErrorCode::HoldTimerExpired | ErrorCode::SendHoldTimerExpired => {
                    assert!(self.late, "{notification} without time");
                }
                ErrorCode::Cease => assert!(self.stopped, "{notification} by nobody's word"),
                _ => panic!("two of ours ended with {notification}"),
            },
            Some(Down::Lost) => {}
        }
    }

    /// What arrived is the beginning of what was sent.
    fn compare_updates(&self) {
        let [near, far] = &self.ends;
        assert!(near.told.starts_with(&far.heard), "{:?} became {:?}", near.told, far.heard);
        assert!(far.told.starts_with(&near.heard), "{:?} became {:?}", far.told, near.heard);
    }
}
