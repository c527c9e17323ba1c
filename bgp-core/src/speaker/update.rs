//! What a peer's UPDATE does to the RIB.

use std::sync::Arc;

use crate::peer::{AfterLimit, PrefixLimit};
use crate::rib::{Forwarding, KernelHint, Mark, Route, SourceId, Verdict};
use crate::speaker::{Event, PeerId, Speaker};
use crate::wire::{Attributes, Fault, NextHop, Nlri, Notification, Routes, Update};
use crate::{Family, Instant};

use super::place::is_link_local;

impl Speaker {
    /// Takes an UPDATE into the RIB: withdrawals first, then announcements, then what its end means.
    pub(super) fn receive(&mut self, id: PeerId, update: Box<Update>, now: Instant) {
        let Some(neighbour) = self.roster.get(id) else { return };
        let Some(source) = neighbour.source else { return };
        let name = neighbour.name();
        let device = neighbour.device();
        for fault in &update.faults {
            self.tell(describe(&name, fault, &update));
        }
        if let Some(family) = update.end_of_rib() {
            self.end_of_rib(id, source, family);
            return;
        }
        let unreach = update.unreach.iter().flat_map(|unreach| unicast(&unreach.routes));
        for nlri in update.withdrawn.iter().chain(unreach) {
            self.rib.withdraw(source, *nlri);
        }
        let Some(mut attributes) = update.attributes else { return };
        let classic = update.next_hop.map(|next_hop| (NextHop::V4(next_hop), &update.announced[..]));
        let reach = update.reach.as_ref().and_then(|reach| Some((reach.next_hop?, unicast(&reach.routes))));
        let mut told = classic.into_iter().chain(reach).filter(|(_, nlri)| !nlri.is_empty()).peekable();
        while let Some((next_hop, nlri)) = told.next() {
            // Nearly always there is but one, which can have them.
            let own =
                if told.peek().is_some() { attributes.clone() } else { std::mem::take(&mut attributes) };
            self.announce(id, source, &received(own, next_hop, device.as_ref()), nlri, now);
        }
    }

    fn announce(&mut self, id: PeerId, source: SourceId, route: &Route, announced: &[Nlri], now: Instant) {
        let Self { roster, rib, config, clusters, .. } = self;
        let Some(neighbour) = roster.get(id) else { return };
        let Some(importer) = neighbour.importer(config.asn, clusters) else { return };
        let limits = neighbour.config().max_prefixes.as_ref();
        let received = rib.intern(route);
        let checked = importer.check(route, &received, rib);
        let asks_for_prefix = importer.asks_for_prefix();
        if let (Some(first), None, false) = (announced.first(), limits, asks_for_prefix) {
            // As nearly always: they are of one family, so what is said of one is said of all.
            let accepted = importer.judge(first.prefix, &checked, rib);
            rib.announce_all(source, announced, &received, &accepted, now);
            return;
        }
        // What was said of the prefix before.
        let mut judged = None;
        let mut passed = None;
        for nlri in announced {
            if let Some((limit, action)) = limits.and_then(|limits| limits.of(Family::of(&nlri.prefix)))
                && let Verdict::Above { count, .. } = rib.verdict(source, *nlri, limit.maximum)
            {
                passed = Some((limit, action, count));
                match action {
                    AfterLimit::Warn => {}
                    AfterLimit::Drop => {
                        rib.ignore(source, *nlri);
                        continue;
                    }
                    AfterLimit::Restart(_) => break,
                }
            }
            let known = judged.take().filter(|_| !asks_for_prefix);
            let accepted = known.unwrap_or_else(|| importer.judge(nlri.prefix, &checked, rib));
            judged = Some(accepted.clone());
            rib.announce(source, *nlri, Arc::clone(&received), accepted, now);
        }
        if let Some((limit, action, count)) = passed {
            self.limit_passed(id, limit, action, count, now);
        }
    }

    /// Says once a session that a prefix limit was passed, and ends the session where that is asked for.
    fn limit_passed(&mut self, id: PeerId, limit: PrefixLimit, action: AfterLimit, count: u32, now: Instant) {
        let PrefixLimit { family, maximum } = limit;
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let Some(live) = neighbour.live.as_mut() else { return };
        if live.over_limit.insert(family) {
            let peer = neighbour.name();
            self.tell(Event::PrefixLimit { peer, family, count, maximum });
        }
        if let AfterLimit::Restart(after) = action {
            let cease = Notification::maximum_prefixes(family, maximum);
            self.with_peer(id, now, |peer| peer.pause(cease, after, now));
        }
    }

    fn end_of_rib(&mut self, id: PeerId, source: SourceId, family: Family) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let Some(live) = neighbour.live.as_mut() else { return };
        live.complete.insert(family);
        live.spent.remove(&family);
        let kept = neighbour.kept.remove(&family);
        let peer = neighbour.name();
        let over = kept.filter(|kept| !kept.is_frozen()).map(|_| Arc::clone(&peer));
        if kept.is_some() {
            self.rib.sweep(source, family, Mark::Restart);
        }
        self.thaw(id, family);
        self.tell(Event::EndOfRib { peer, family });
        if let Some(peer) = over {
            self.tell(Event::Swept { peer, family, reason: "the peer is back and has told all its routes" });
        }
    }

    /// Evaluates import anew for one slice of the paths whose policy changed; whether there are more.
    pub(super) fn reimport_slice(&mut self) -> bool {
        for _ in 0..super::SLICE {
            let Some(path) = self.rib.poll_reimport() else { return false };
            self.judge_again(path);
        }
        true
    }
}

/// What an UPDATE says about its routes, as the RIB keeps it. A link-local next hop is on the link of the
/// session, whose interface is `device`; where any other one is, the kernel's table tells.
fn received(attributes: Attributes, next_hop: NextHop, device: Option<&Arc<str>>) -> Route {
    let interface = device.filter(|_| is_link_local(next_hop.address())).cloned();
    let forwarding = Forwarding::Via(next_hop);
    Route { attributes, forwarding, interface, kernel: KernelHint::default() }
}

fn unicast(routes: &Routes) -> &[Nlri] {
    match routes {
        Routes::Unicast(nlri) => nlri,
        Routes::Opaque { .. } => &[],
    }
}

/// Most octets of a message that one line of a log shows.
const SHOWN: usize = 64;

/// A tolerated fault as a line of a log.
fn describe(peer: &Arc<str>, fault: &Fault, update: &Update) -> Event {
    let octets = update.octets_of(fault);
    let shown = octets.iter().take(SHOWN).map(|octet| format!("{octet:02x}"));
    Event::Fault {
        peer: Arc::clone(peer),
        attribute: fault.attribute,
        offset: fault.offset,
        treatment: fault.treatment,
        reason: fault.reason.to_string(),
        octets: shown.chain((octets.len() > SHOWN).then(|| "...".to_owned())).collect(),
    }
}
