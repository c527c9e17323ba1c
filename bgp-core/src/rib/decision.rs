//! The decision process: successive filters over the candidates of one prefix.
//!
//! The RFC's version: remove every route that is not tied for the best of each criterion in turn
//! ([RFC 4271 §9.1.2.2], with [RFC 4456 §9], [RFC 5065 §5.3] and [RFC 9494 §4.4]).
//! Ours: exactly that. There is no ordering of two routes anywhere, because MED does not allow one, and
//! no second implementation: explanations are this code telling which step removed whom.
//!
//! [RFC 4271 §9.1.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-9.1.2.2
//! [RFC 4456 §9]: https://www.rfc-editor.org/rfc/rfc4456#section-9
//! [RFC 5065 §5.3]: https://www.rfc-editor.org/rfc/rfc5065#section-5.3
//! [RFC 9494 §4.4]: https://www.rfc-editor.org/rfc/rfc9494#section-4.4

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use crate::rib::{Ineligible, Interned, PathSlot, Selection, Source, SourceId};
use crate::wire::{Origin, PathId, PeerKind};
use crate::{Asn, RouterId};

/// One criterion, in the order in which they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Higher preference of the kind of source: direct, static, BGP, kernel.
    SourcePreference,
    /// Not long-lived stale before long-lived stale.
    LongLivedStale,
    /// Higher LOCAL_PREF.
    LocalPreference,
    /// Shorter AS_PATH.
    AsPathLength,
    /// Lower ORIGIN.
    Origin,
    /// Lower MULTI_EXIT_DISC among routes of one neighbour AS.
    Med,
    /// Learned from an external peer before an internal one.
    External,
    /// Lower cost to the next hop.
    InteriorCost,
    /// Lower ORIGINATOR_ID or BGP Identifier.
    RouterId,
    /// Shorter CLUSTER_LIST.
    ClusterListLength,
    /// Lower address of the peer.
    PeerAddress,
    /// Lower path identifier of the same peer.
    PathId,
    /// Source registered under the lower number: only for sources alike in all of the above.
    SourceId,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SourcePreference => "source preference",
            Self::LongLivedStale => "long-lived stale",
            Self::LocalPreference => "local preference",
            Self::AsPathLength => "AS path length",
            Self::Origin => "origin",
            Self::Med => "MED",
            Self::External => "external over internal",
            Self::InteriorCost => "cost to next hop",
            Self::RouterId => "router id",
            Self::ClusterListLength => "cluster list length",
            Self::PeerAddress => "peer address",
            Self::PathId => "path id",
            Self::SourceId => "source",
        })
    }
}

/// What became of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It is the best.
    Best,
    /// It shares the traffic with the best, to which it lost at this step only.
    Multipath(Step),
    /// It lost at this step.
    Beaten(Step),
    /// Import left it out.
    Ineligible(Ineligible),
    /// Its next hop cannot be reached.
    Unreachable,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Best => f.write_str("best"),
            Self::Multipath(_) => f.write_str("multipath"),
            Self::Beaten(step) => step.fmt(f),
            Self::Ineligible(reason) => reason.fmt(f),
            Self::Unreachable => f.write_str("next hop unreachable"),
        }
    }
}

/// All that the decision process reads of one path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) slot: PathSlot,
    preference: u16,
    long_lived_stale: bool,
    local_preference: u32,
    as_path_length: u32,
    origin: Origin,
    neighbour: Option<Asn>,
    med: u32,
    internal: bool,
    cost: u32,
    router_id: RouterId,
    cluster_list_length: usize,
    address: IpAddr,
    path_id: PathId,
    source_id: SourceId,
}

/// LOCAL_PREF where there is none.
const DEFAULT_LOCAL_PREFERENCE: u32 = 100;

/// A path as it stands in its table.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) slot: PathSlot,
    pub(super) path_id: PathId,
    pub(super) source_id: SourceId,
    pub(super) source: &'a Source,
}

impl Candidate {
    /// What the decision process reads of the path `named`, accepted as `route`, at `cost` to its next hop.
    pub(super) fn new(named: Named<'_>, route: &Interned, cost: u32, selection: Selection) -> Self {
        let missing_med = if selection.missing_med_as_worst { u32::MAX } else { 0 };
        let (internal, router_id, address) = match named.source {
            Source::Bgp(peer) => (peer.kind != PeerKind::External, peer.router_id, peer.address),
            Source::Local(_) => (true, RouterId(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        };
        Self {
            slot: named.slot,
            preference: named.source.preference(),
            long_lived_stale: route.is_long_lived_stale(),
            local_preference: route.local_preference().unwrap_or(DEFAULT_LOCAL_PREFERENCE),
            as_path_length: route.as_path_length(),
            origin: route.origin(),
            neighbour: if selection.always_compare_med { None } else { route.neighbor_asn() },
            med: route.med().unwrap_or(missing_med),
            internal,
            cost,
            router_id: route.originator_id().unwrap_or(router_id),
            cluster_list_length: route.cluster_list_length(),
            address,
            path_id: named.path_id,
            source_id: named.source_id,
        }
    }

    /// The criteria below the cost to the next hop, for an order among equals.
    fn tie_break(&self) -> impl Ord + use<> {
        (self.router_id, self.cluster_list_length, self.address, self.path_id, self.source_id)
    }
}

/// The first step before MEDs at which two routes differ, and how: the lesser wins, whoever else is there.
pub(super) fn before_med(
    (source, route): (&Source, &Interned),
    (other_source, other): (&Source, &Interned),
) -> Option<(Step, Ordering)> {
    let local_preference = |route: &Interned| route.local_preference().unwrap_or(DEFAULT_LOCAL_PREFERENCE);
    let stale = Interned::is_long_lived_stale;
    let steps = [
        (Step::SourcePreference, other_source.preference().cmp(&source.preference())),
        (Step::LongLivedStale, stale(route).cmp(&stale(other))),
        (Step::LocalPreference, local_preference(other).cmp(&local_preference(route))),
        (Step::AsPathLength, route.as_path_length().cmp(&other.as_path_length())),
        (Step::Origin, route.origin().cmp(&other.origin())),
    ];
    steps.into_iter().find(|(_, order)| order.is_ne())
}

/// Decides between `candidates`, telling `lost` who fell at which step.
///
/// Afterwards the winner stands first, and it with the others that may share its traffic are the first
/// so many as the answer says, in order of preference.
pub(super) fn decide(
    candidates: &mut [Candidate],
    most: usize,
    mut lost: impl FnMut(PathSlot, Step),
) -> usize {
    let mut field = Field { standing: candidates.len(), candidates, lost: &mut lost };
    field.keep_least(Step::SourcePreference, |it| Reverse(it.preference));
    field.keep_least(Step::LongLivedStale, |it| it.long_lived_stale);
    field.keep_least(Step::LocalPreference, |it| Reverse(it.local_preference));
    field.keep_least(Step::AsPathLength, |it| it.as_path_length);
    field.keep_least(Step::Origin, |it| it.origin);
    field.keep_least_med();
    field.keep_least(Step::External, |it| it.internal);
    field.keep_least(Step::InteriorCost, |it| it.cost);
    let equals = field.standing;
    field.keep_least(Step::RouterId, |it| it.router_id);
    field.keep_least(Step::ClusterListLength, |it| it.cluster_list_length);
    field.keep_least(Step::PeerAddress, |it| it.address);
    field.keep_least(Step::PathId, |it| it.path_id);
    field.keep_least(Step::SourceId, |it| it.source_id);
    let shared = match candidates.first() {
        Some(winner) if winner.preference == Source::BGP_PREFERENCE => equals.min(most.max(1)),
        Some(_) => 1,
        None => 0,
    };
    if shared > 1 {
        candidates[..equals].sort_unstable_by_key(Candidate::tie_break);
    }
    shared
}

/// The candidates, those still standing first.
struct Field<'a, F> {
    candidates: &'a mut [Candidate],
    standing: usize,
    lost: &'a mut F,
}

impl<F: FnMut(PathSlot, Step)> Field<'_, F> {
    /// Removes all that are not tied for the least `key`.
    fn keep_least<K: Ord>(&mut self, step: Step, key: impl Fn(&Candidate) -> K) {
        if self.standing <= 1 {
            return;
        }
        if let Some(least) = self.candidates[..self.standing].iter().map(&key).min() {
            self.keep(step, |it| key(it) == least);
        }
    }

    /// Removes, within each neighbour AS, all that are not tied for the least MED.
    fn keep_least_med(&mut self) {
        if self.standing <= 1 {
            return;
        }
        self.candidates[..self.standing].sort_unstable_by_key(|it| (it.neighbour, it.med));
        let mut least = None;
        self.keep(Step::Med, |it| match least {
            Some((neighbour, med)) if neighbour == it.neighbour => med == it.med,
            _ => {
                least = Some((it.neighbour, it.med));
                true
            }
        });
    }

    /// Removes all but those for which `stays` holds, asked in order.
    fn keep(&mut self, step: Step, mut stays: impl FnMut(&Candidate) -> bool) {
        let mut kept = 0;
        for at in 0..self.standing {
            if stays(&self.candidates[at]) {
                self.candidates.swap(kept, at);
                kept += 1;
            } else {
                (self.lost)(self.candidates[at].slot, step);
            }
        }
        self.standing = kept;
    }
}

#[cfg(test)]
mod tests;
