//! Partings: what a member may have been told in one group and is not told in the next.

use std::sync::Arc;

use crate::export::adj_rib_out::AdjRibOut;
use crate::export::audience::Audience;
use crate::export::difference::Word;
use crate::export::journal::{Portion, Saying};
use crate::export::key::Key;
use crate::export::pack::Pack;
use crate::export::sent::Catalogue;
use crate::rib::Rib;
use crate::speaker::PeerId;
use crate::wire::Nlri;

/// The withdrawals that end what was said elsewhere, encoded once for all who come from there.
#[derive(Debug)]
pub(super) struct Parting {
    /// Keeps the routes, lest their place in memory become others'.
    _of: Arc<[Nlri]>,
    /// What is for everybody first, then what is for one alone, in the order of their names.
    sayings: Vec<Saying>,
}

impl Parting {
    /// Withdraws from everybody those of `routes` that nobody is told by `out`, and from those who are not told the
    /// others.
    pub(super) fn of(routes: Arc<[Nlri]>, key: &Key, out: &AdjRibOut, rib: &Rib) -> Self {
        let table = rib.table(key.family);
        let mut pack = Pack::default();
        for Nlri { path_id, prefix } in routes.iter() {
            let net = table.and_then(|table| table.lookup(prefix));
            let said = net.into_iter().flat_map(|net| out.said(net)).find(|said| said.path_id == *path_id);
            let audience = match said.map(|said| out.audience(&said)) {
                None => Audience::All,
                Some(Audience::Except(peer)) => Audience::Only(peer),
                Some(Audience::All | Audience::Only(_)) => continue,
            };
            pack.add(*prefix, Word { path_id: *path_id, audience, sent: None });
        }
        Self { _of: routes, sayings: pack.finish(&Catalogue::default(), key.family, &key.dialect) }
    }

    /// How many octets it is.
    pub(super) fn size(&self) -> u64 {
        self.sayings.iter().map(Saying::size).sum()
    }

    /// What of it a member has to hear. Found, not searched for: where every member is a source, there is something
    /// for each of them.
    pub(super) fn for_member(&self, peer: PeerId) -> impl Iterator<Item = Portion> {
        let own = Audience::Only(peer);
        let all = self.sayings.iter().take_while(|saying| saying.audience == Audience::All);
        let first = self.sayings.partition_point(|saying| saying.audience < own);
        let alone = self.sayings.get(first..).unwrap_or_default().iter();
        let alone = alone.take_while(move |saying| saying.audience == own);
        all.chain(alone).map(|saying| saying.portion.clone())
    }
}
