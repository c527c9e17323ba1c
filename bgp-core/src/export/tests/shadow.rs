//! A shadow peer: it knows nothing but the octets it was sent.

use std::collections::{BTreeMap, BTreeSet};

use crate::Family;
use crate::export::Target;
use crate::export::testing::OUR_ASN;
use crate::wire::{
    Attributes, Dialect, Message, NextHop, Nlri, RefreshKind, RouteRefresh, Routes, Update, decode, frame,
};

/// What a peer holds that trusts only the wire.
#[derive(Debug)]
pub(super) struct Shadow {
    dialect: Dialect,
    pub(super) routes: BTreeMap<Nlri, (NextHop, Attributes)>,
    pub(super) ends_of_rib: BTreeMap<Family, usize>,
    /// Routes announced, repetitions included.
    pub(super) announcements: usize,
    /// Routes withdrawn, held or not.
    pub(super) withdrawals: usize,
    /// Withdrawals of what it did not hold.
    pub(super) idle_withdrawals: usize,
    /// Refreshes from mark to mark.
    pub(super) refreshes: usize,
    stale: BTreeMap<Family, BTreeSet<Nlri>>,
}

impl Shadow {
    /// The other end of a session with `target`.
    pub(super) fn new(target: &Target) -> Self {
        let ours = &target.dialect;
        let dialect = Dialect {
            peer_asn: OUR_ASN,
            add_path_receive: ours.add_path_send.clone(),
            add_path_send: ours.add_path_receive.clone(),
            receive_limit: ours.send_limit,
            enhanced_route_refresh: true,
            ..ours.clone()
        };
        Self {
            dialect,
            routes: BTreeMap::new(),
            ends_of_rib: BTreeMap::new(),
            announcements: 0,
            withdrawals: 0,
            idle_withdrawals: 0,
            refreshes: 0,
            stale: BTreeMap::new(),
        }
    }

    /// Reads whole messages.
    pub(super) fn hear(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() {
            let length =
                frame(octets, self.dialect.receive_limit).expect("a header").expect("a whole message");
            match decode(&octets[..length], &self.dialect).expect("a message") {
                Message::Update(update) => self.update(*update),
                Message::RouteRefresh(RouteRefresh { family, kind }) => self.refresh(family, kind),
                other => panic!("{other:?} is not for an exporter to send"),
            }
            octets = &octets[length..];
        }
    }

    fn update(&mut self, update: Update) {
        assert_eq!(update.faults, []);
        if let Some(family) = update.end_of_rib() {
            *self.ends_of_rib.entry(family).or_default() += 1;
            return;
        }
        let unreachable = update.unreach.into_iter().flat_map(|unreach| unicast(unreach.routes));
        for nlri in update.withdrawn.into_iter().chain(unreachable) {
            self.withdrawals += 1;
            if self.routes.remove(&nlri).is_none() {
                self.idle_withdrawals += 1;
            }
        }
        let Some(attributes) = update.attributes else { return };
        let reach = update.reach.map(|reach| (reach.next_hop, unicast(reach.routes)));
        let classic = (update.next_hop.map(NextHop::V4), update.announced);
        for (next_hop, all) in reach.into_iter().chain([classic]) {
            for nlri in all {
                if let Some(stale) = self.stale.get_mut(&Family::of(&nlri.prefix)) {
                    stale.remove(&nlri);
                }
                self.announcements += 1;
                self.routes.insert(nlri, (next_hop.expect("a next hop"), attributes.clone()));
            }
        }
    }

    /// What is not said again between the two marks is gone
    /// ([RFC 7313 §4](https://www.rfc-editor.org/rfc/rfc7313#section-4)).
    fn refresh(&mut self, family: Family, kind: RefreshKind) {
        let of_family = |nlri: &&Nlri| Family::of(&nlri.prefix) == family;
        match kind {
            RefreshKind::Begin => {
                assert!(self.ends_of_rib.contains_key(&family), "BoRR before End-of-RIB");
                let stale = self.routes.keys().filter(of_family).copied().collect();
                self.stale.insert(family, stale);
            }
            RefreshKind::End => {
                let stale = self.stale.remove(&family).expect("EoRR without BoRR");
                stale.iter().for_each(|nlri| drop(self.routes.remove(nlri)));
                self.refreshes += 1;
            }
            RefreshKind::Request | RefreshKind::Unknown(_) => panic!("{kind:?} was never asked for"),
        }
    }
}

fn unicast(routes: Routes) -> Vec<Nlri> {
    match routes {
        Routes::Unicast(nlri) => nlri,
        Routes::Opaque { .. } => panic!("a family that is not understood"),
    }
}
