//! Packing: many words about many prefixes into few messages. Withdrawals first; then, for each
//! audience, one run of messages per distinct route.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::BytesMut;
use ipnet::IpNet;

use crate::Family;
use crate::export::audience::Audience;
use crate::export::difference::Word;
use crate::export::journal::Saying;
use crate::rib::{Forwarding, Route};
use crate::wire::{self, AttributeBlock, Dialect, Nlri};

/// Collects words and makes messages of them.
#[derive(Debug, Default)]
pub(super) struct Pack {
    withdrawn: BTreeMap<Audience, Vec<Nlri>>,
    announced: BTreeMap<Audience, Vec<Bundle>>,
    /// Where the bundle of a route is, by the identity of the route.
    bundles: HashMap<(Audience, *const Route), usize>,
}

/// Prefixes of which the same is said.
#[derive(Debug)]
struct Bundle {
    route: Arc<Route>,
    nlri: Vec<Nlri>,
}

impl Pack {
    /// Adds a word about `prefix`.
    pub(super) fn add(&mut self, prefix: IpNet, word: Word) {
        let nlri = Nlri { path_id: word.path_id, prefix };
        match word.route {
            None => self.withdrawn.entry(word.audience).or_default().push(nlri),
            Some(route) => self.bundle(word.audience, route).push(nlri),
        }
    }

    fn bundle(&mut self, audience: Audience, route: Arc<Route>) -> &mut Vec<Nlri> {
        let bundles = self.announced.entry(audience).or_default();
        let index = *self.bundles.entry((audience, Arc::as_ptr(&route))).or_insert_with(|| {
            bundles.push(Bundle { route, nlri: Vec::new() });
            bundles.len() - 1
        });
        &mut bundles[index].nlri
    }

    /// The messages, in the order in which they have to be sent.
    pub(super) fn finish(self, family: Family, dialect: &Dialect) -> Vec<Saying> {
        let mut sayings = Vec::new();
        for (audience, nlri) in self.withdrawn {
            let mut draft = Draft::new(audience);
            wire::withdraw(&nlri, family, dialect, &mut draft.octets);
            draft.nlri = nlri;
            draft.finish(&mut sayings);
        }
        for (audience, bundles) in self.announced {
            let mut draft = Draft::new(audience);
            for bundle in bundles {
                draft.announce(bundle, family, dialect);
                if draft.octets.len() >= ENOUGH {
                    std::mem::replace(&mut draft, Draft::new(audience)).finish(&mut sayings);
                }
            }
            draft.finish(&mut sayings);
        }
        sayings
    }
}

/// Messages for one audience.
struct Draft {
    audience: Audience,
    octets: BytesMut,
    nlri: Vec<Nlri>,
}

impl Draft {
    fn new(audience: Audience) -> Self {
        Self { audience, octets: BytesMut::new(), nlri: Vec::new() }
    }

    fn announce(&mut self, bundle: Bundle, family: Family, dialect: &Dialect) {
        let Forwarding::Via(next_hop) = bundle.route.forwarding else { return };
        let block = AttributeBlock::encode(&bundle.route.attributes, dialect);
        let sent = wire::announce(&bundle.nlri, family, &next_hop, &block, dialect, &mut self.octets);
        debug_assert_eq!(sent, Ok(()), "what cannot be sent was refused before");
        self.nlri.extend(bundle.nlri);
    }

    fn finish(self, sayings: &mut Vec<Saying>) {
        if !self.octets.is_empty() {
            let (bytes, nlri) = (self.octets.freeze(), Arc::from(self.nlri));
            sayings.push(Saying { bytes, audience: self.audience, nlri });
        }
    }
}

/// Octets after which a new buffer is begun: a good write to a socket.
const ENOUGH: usize = 32 * 1024;
