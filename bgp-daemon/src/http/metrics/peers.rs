//! Peers: all of them by kind, and those that are few one by one.

use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

use bgp_core::Family;
use bgp_core::speaker::{PeerView, RouteCounts};

use super::page::Page;
use super::table::{PEER_DETAILS, PEER_ROUTES, PEER_SESSIONS, PEER_SINCE, PEER_UP, PEERS, ROUTES};
use crate::clock::Clock;
use crate::config::PerPeer;

/// What a peer is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Of another AS.
    External,
    /// Of our AS: the mesh, or a reflector of ours.
    Internal,
    /// Of our AS, and we reflect for it.
    Client,
    /// It came from a range.
    Dynamic,
}

impl Kind {
    fn of(peer: &PeerView) -> Self {
        match peer.asn {
            _ if peer.dynamic => Self::Dynamic,
            Some(asn) if asn == peer.local_asn && peer.client => Self::Client,
            Some(asn) if asn == peer.local_asn => Self::Internal,
            // Whose AS nobody knows yet may have any but ours.
            Some(_) | None => Self::External,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::External => "external",
            Self::Internal => "internal",
            Self::Client => "client",
            Self::Dynamic => "dynamic",
        }
    }

    /// Whether peers of this kind have series of their own.
    const fn is_told_one_by_one(self, per_peer: PerPeer) -> bool {
        match per_peer {
            PerPeer::All => true,
            PerPeer::External => matches!(self, Self::External),
            PerPeer::None => false,
        }
    }
}

/// States in the order of a session's life.
const STATES: [&str; 6] = ["Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established"];

const ESTABLISHED: &str = "Established";

/// Tells all of it.
pub(super) fn tell(peers: &[PeerView], clock: Clock, per_peer: PerPeer, page: &mut Page) {
    by_kind(peers, page);
    let told: Vec<&PeerView> =
        peers.iter().filter(|peer| Kind::of(peer).is_told_one_by_one(per_peer)).collect();
    for peer in &told {
        page.tell_if(&PEER_UP, &[&peer.name, Kind::of(peer).as_str()], peer.state == ESTABLISHED);
    }
    for peer in &told {
        let since = clock.wall(peer.since).0.duration_since(UNIX_EPOCH).unwrap_or_default();
        page.tell(&PEER_SINCE, &[&peer.name], since.as_secs());
    }
    for peer in &told {
        let asn = peer.asn.map_or_else(String::new, |asn| asn.0.to_string());
        let address = peer.address.to_string();
        page.tell(&PEER_DETAILS, &[&peer.name, &address, &asn, &peer.description], 1);
    }
    for peer in &told {
        for (family, counts) in &peer.routes {
            for (view, count) in views(*counts) {
                page.tell(&PEER_ROUTES, &[&peer.name, &family.to_string(), view], count);
            }
        }
    }
    for peer in &told {
        page.tell(&PEER_SESSIONS, &[&peer.name], peer.sessions);
    }
}

fn by_kind(peers: &[PeerView], page: &mut Page) {
    let mut states: BTreeMap<Kind, [usize; STATES.len()]> = BTreeMap::new();
    let mut routes: BTreeMap<(Kind, Family), RouteCounts> = BTreeMap::new();
    for peer in peers {
        let kind = Kind::of(peer);
        let counts = states.entry(kind).or_default();
        for (count, _) in counts.iter_mut().zip(STATES).filter(|(_, state)| *state == peer.state) {
            *count += 1;
        }
        for (family, counts) in &peer.routes {
            *routes.entry((kind, *family)).or_default() += *counts;
        }
    }
    for (kind, counts) in &states {
        for (state, count) in STATES.iter().zip(counts) {
            page.tell(&PEERS, &[kind.as_str(), state], count);
        }
    }
    for ((kind, family), counts) in routes {
        for (view, count) in views(counts) {
            page.tell(&ROUTES, &[kind.as_str(), &family.to_string(), view], count);
        }
    }
}

const fn views(counts: RouteCounts) -> [(&'static str, u64); 3] {
    let RouteCounts { received, accepted, advertised, .. } = counts;
    [("received", received), ("accepted", accepted), ("advertised", advertised)]
}
