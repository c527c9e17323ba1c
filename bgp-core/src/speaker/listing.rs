//! Listings of routes, in pages.

use std::sync::Arc;

use ipnet::IpNet;

use crate::export::Advertised;
use crate::rib::{Explanation as Outcomes, NetId, Outcome, PathView, Source, SourceId, Table};
use crate::speaker::{
    Amount, Cursor, PathSource, PrefixMatch, RoutePage, RouteQuery, RouteView, RoutesOf, View,
};
use crate::wire::PathId;
use crate::{Family, Instant};

use super::neighbour::Neighbour;

/// Most prefixes looked at for one page, so that the speaker is never kept for longer than a slice of
/// work would, however little of a table is wanted.
const SCAN: usize = 4096;

impl View<'_> {
    /// One page of a listing: whole prefixes, until there are at least `most` paths, or a few thousand
    /// prefixes were looked at, whatever was found among them: a page may be empty and not the last. Begin with
    /// `None` and go on with the page's `next`.
    #[must_use]
    pub fn routes(&self, query: &RouteQuery, from: Option<Cursor>, most: usize) -> RoutePage {
        let mut page = RoutePage::default();
        let mut scan = SCAN;
        let start = from.map_or(Family::IPV4, |cursor| cursor.family);
        for family in Family::UNICAST.into_iter().filter(|family| *family >= start) {
            let first = from.filter(|cursor| cursor.family == family).map(|cursor| cursor.net);
            if query.family.is_some_and(|wanted| wanted != family) {
                continue;
            }
            let Some(table) = self.speaker.rib.table(family) else { continue };
            if let Some(next) = self.fill(
                query,
                table,
                Cursor { family, net: first.unwrap_or(NetId::FIRST) },
                most,
                &mut scan,
                &mut page,
            ) {
                page.next = Some(next);
                return page;
            }
        }
        page
    }

    /// How many paths of a family import accepted, and how many prefixes have one, among the next few thousand prefixes;
    /// and where to go on, if there are more. Begin with `None`. What a listing of them would find, for much less.
    #[must_use]
    pub fn accepted(&self, family: Family, from: Option<Cursor>) -> (Amount, Option<Cursor>) {
        let mut amount = Amount::default();
        let rib = &self.speaker.rib;
        let Some(table) = rib.table(family) else { return (amount, None) };
        let mut nets = table.nets_from(from.map_or(NetId::FIRST, |cursor| cursor.net));
        for (net, _) in nets.by_ref().take(SCAN) {
            let paths = rib.paths(family, net).filter(|path| path.accepted.is_ok()).count();
            amount.paths += paths as u64;
            amount.nets += u64::from(paths > 0);
        }
        (amount, nets.next().map(|(net, _)| Cursor { family, net }))
    }

    /// Adds the paths of one table from a net on; where to go on, if the page has to end there.
    fn fill(
        &self,
        query: &RouteQuery,
        table: &Table,
        from: Cursor,
        most: usize,
        scan: &mut usize,
        page: &mut RoutePage,
    ) -> Option<Cursor> {
        let Cursor { family, net: first } = from;
        if let Some(found) = looked_up(query.prefixes, family, table) {
            let is_enough = matches!(query.prefixes, PrefixMatch::Longest(_));
            for (net, prefix) in found {
                self.add(query, family, net, prefix, page);
                if is_enough && !page.routes.is_empty() {
                    break;
                }
            }
            return None;
        }
        for (net, prefix) in table.nets_from(first) {
            if page.routes.len() >= most || *scan == 0 {
                return Some(Cursor { family, net });
            }
            *scan -= 1;
            if matches(query.prefixes, &prefix) {
                self.add(query, family, net, prefix, page);
            }
        }
        None
    }

    fn add(&self, query: &RouteQuery, family: Family, net: NetId, prefix: IpNet, page: &mut RoutePage) {
        let speaker = self.speaker;
        match query.of {
            RoutesOf::Out(peer) => {
                let sent = speaker.exporter.advertised(peer, family, net, &speaker.rib);
                let sent = sent.filter(|sent| self.is_from(query, sent.source));
                let views = sent.map(|sent| self.sent(family, net, prefix, sent));
                page.routes.extend(views.filter(|view| query.filter.admits(view)));
                return;
            }
            RoutesOf::Withheld(peer)
                if speaker.exporter.advertised(peer, family, net, &speaker.rib).next().is_some() =>
            {
                return;
            }
            _ => {}
        }
        let paths = speaker.rib.explain(family, net);
        let wanted =
            |path: &&Outcomes<'_>| self.is_wanted(&query.of, path) && self.is_from(query, path.path.source);
        let views = paths.iter().filter(wanted).map(|path| self.route(prefix, path));
        page.routes.extend(views.filter(|view| query.filter.admits(view)));
    }

    /// Whether the peer that is asked for, if one is, announced what came from `source`.
    fn is_from(&self, query: &RouteQuery, source: SourceId) -> bool {
        let said_by = || self.speaker.rib.source(source).and_then(Source::peer).map(|peer| peer.peer);
        query.filter.from.is_none_or(|peer| said_by() == Some(peer))
    }

    /// What was said of a net, beside what is known of the path that it was made from.
    fn sent(&self, family: Family, net: NetId, prefix: IpNet, sent: Advertised) -> RouteView {
        let rib = &self.speaker.rib;
        let is_it = |path: &PathView<'_>| match sent.path_id {
            PathId(0) => path.source == sent.source && path.accepted.is_ok(),
            path_id => path.source == sent.source && path.slot.send_id() == path_id,
        };
        let path = rib.paths(family, net).filter(is_it).max_by_key(|path| path.best);
        let heard = path.and_then(|path| path.accepted.ok());
        RouteView {
            prefix,
            best: true,
            multipath: false,
            source: self.name(sent.source),
            path_id: sent.path_id,
            route: sent.route,
            refused: false,
            hops: heard.and_then(|route| rib.resolve(&route.route())).unwrap_or_default(),
            cost: heard.and_then(|route| rib.cost(route)),
            stale: false,
            reason: String::new(),
            since: path.map_or(Instant::ZERO, |path| path.since),
        }
    }

    fn is_wanted(&self, of: &RoutesOf, path: &Outcomes<'_>) -> bool {
        match of {
            RoutesOf::All => true,
            RoutesOf::Best | RoutesOf::Withheld(_) => path.outcome == Outcome::Best,
            RoutesOf::Rejected => path.path.accepted.is_err(),
            RoutesOf::In(peer) => {
                let source = self.speaker.rib.source(path.path.source).and_then(Source::peer);
                source.is_some_and(|source| source.peer == *peer)
            }
            RoutesOf::Out(_) => false,
        }
    }

    /// One path as a listing shows it.
    pub(super) fn route(&self, prefix: IpNet, found: &Outcomes<'_>) -> RouteView {
        let path = &found.path;
        let best = found.outcome == Outcome::Best;
        let said = path.accepted.unwrap_or(path.received);
        let route = said.route();
        let rib = &self.speaker.rib;
        RouteView {
            prefix,
            best,
            multipath: matches!(found.outcome, Outcome::Multipath(_)),
            source: self.name(path.source),
            path_id: path.path_id,
            hops: rib.resolve(&route).unwrap_or_default(),
            cost: rib.cost(said),
            route: Arc::new(route),
            refused: path.accepted.is_err(),
            stale: path.stale,
            reason: if best { String::new() } else { found.outcome.to_string() },
            since: path.since,
        }
    }

    /// Who said it, by name.
    pub(super) fn name(&self, source: SourceId) -> PathSource {
        match self.speaker.rib.source(source) {
            Some(Source::Local(local)) => PathSource::Local(*local),
            Some(Source::Bgp(peer)) => {
                let name = self.speaker.roster.get(peer.peer).map(Neighbour::name);
                PathSource::Peer(name.unwrap_or_else(|| Arc::from(peer.address.to_string())))
            }
            None => PathSource::Peer(Arc::from("a peer that left")),
        }
    }
}

fn matches(wanted: PrefixMatch, prefix: &IpNet) -> bool {
    match wanted {
        PrefixMatch::Any => true,
        PrefixMatch::Longer(outer) => outer.contains(prefix),
        PrefixMatch::Exactly(_) | PrefixMatch::Covering(_) | PrefixMatch::Longest(_) => false,
    }
}

/// The few nets that are found without walking the table; `None` where it has to be walked.
fn looked_up(wanted: PrefixMatch, family: Family, table: &Table) -> Option<Vec<(NetId, IpNet)>> {
    let (PrefixMatch::Exactly(prefix) | PrefixMatch::Covering(prefix) | PrefixMatch::Longest(prefix)) =
        wanted
    else {
        return None;
    };
    if Family::of(&prefix) != family {
        return Some(Vec::new());
    }
    Some(match wanted {
        PrefixMatch::Exactly(_) => table.lookup(&prefix).map(|net| (net, prefix)).into_iter().collect(),
        PrefixMatch::Longest(_) => {
            let mut found: Vec<_> = table.covering(&prefix).collect();
            found.reverse();
            found
        }
        _ => table.covering(&prefix).collect(),
    })
}
