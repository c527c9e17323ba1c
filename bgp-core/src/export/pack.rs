//! Packing: many words about many prefixes into few messages. For each audience one run of messages per
//! distinct route. Withdrawals come first, but where a prefix has several paths last: the path that takes the
//! place of another is there before that one goes, however slowly the messages are read.

use bytes::BytesMut;
use ipnet::IpNet;

use crate::Family;
use crate::export::audience::Audience;
use crate::export::difference::Word;
use crate::export::journal::{Portion, Saying};
use crate::export::sent::{Catalogue, Sent, SentId};
use crate::wire::{self, Dialect, Nlri};

/// Collects words and makes messages of them.
#[derive(Debug, Default)]
pub(super) struct Pack {
    lines: Vec<Line>,
}

/// One word, in its bundle.
#[derive(Clone, Copy, Debug)]
struct Line {
    bundle: Bundle,
    nlri: Nlri,
}

/// Prefixes of which the same is said to the same members; in the order in which it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Bundle {
    Withdrawn(Audience),
    Announced(Audience, SentId),
}

impl Pack {
    /// One with room for so many words.
    pub(super) fn with_room(words: usize) -> Self {
        Self { lines: Vec::with_capacity(words) }
    }

    /// Adds a word about `prefix`.
    pub(super) fn add(&mut self, prefix: IpNet, word: Word) {
        let Word { path_id, audience, sent } = word;
        let bundle = sent.map_or(Bundle::Withdrawn(audience), |sent| Bundle::Announced(audience, sent));
        self.lines.push(Line { bundle, nlri: Nlri { path_id, prefix } });
    }

    /// The messages, in the order in which they have to be sent; `sent` is what the words are about.
    pub(super) fn finish(mut self, sent: &Catalogue, family: Family, dialect: &Dialect) -> Vec<Saying> {
        let several = dialect.add_path_send.contains(&family);
        self.lines.sort_by_key(|line| (several && line.bundle.withdraws(), line.bundle));
        let all: Vec<Nlri> = self.lines.iter().map(|line| line.nlri).collect();
        let (mut sayings, mut rest) = (Vec::new(), &all[..]);
        let mut draft: Option<Draft<'_>> = None;
        for lines in self.lines.chunk_by(|a, b| a.bundle == b.bundle) {
            let bundle = lines[0].bundle;
            if let Some(full) = draft.take_if(|draft| !draft.has_room_for(bundle)) {
                sayings.extend(full.finish());
            }
            let draft = draft.get_or_insert_with(|| Draft::new(bundle, rest));
            let nlri = rest.split_off(..lines.len()).unwrap_or_default();
            draft.add(bundle, lines.len());
            match bundle {
                Bundle::Withdrawn(_) => wire::withdraw(nlri, family, dialect, &mut draft.octets),
                Bundle::Announced(_, route) => {
                    announce(sent.get(route), nlri, family, dialect, &mut draft.octets)
                }
            }
        }
        sayings.extend(draft.and_then(Draft::finish));
        sayings
    }
}

fn announce(route: &Sent, nlri: &[Nlri], family: Family, dialect: &Dialect, octets: &mut BytesMut) {
    let sent = wire::announce(nlri, family, &route.next_hop, &route.block, dialect, octets);
    debug_assert_eq!(sent, Ok(()), "what cannot be sent was refused before");
}

/// Messages for one audience.
struct Draft<'a> {
    audience: Audience,
    octets: BytesMut,
    /// What it speaks of begins here, and is so many lines long.
    nlri: &'a [Nlri],
    lines: usize,
    /// How many of them withdraw.
    withdrawn: usize,
}

impl<'a> Draft<'a> {
    fn new(bundle: Bundle, nlri: &'a [Nlri]) -> Self {
        Self { audience: bundle.audience(), octets: BytesMut::new(), nlri, lines: 0, withdrawn: 0 }
    }

    const fn add(&mut self, bundle: Bundle, lines: usize) {
        self.lines += lines;
        if bundle.withdraws() {
            self.withdrawn += lines;
        }
    }

    fn has_room_for(&self, bundle: Bundle) -> bool {
        self.audience == bundle.audience() && self.octets.len() < ENOUGH
    }

    fn finish(self) -> Option<Saying> {
        let nlri = self.nlri.get(..self.lines)?.into();
        // A draft is of a batch at most.
        let number = |lines: usize| u32::try_from(lines).unwrap_or(u32::MAX);
        let portion = Portion {
            messages: count_messages(&self.octets),
            octets: self.octets.freeze(),
            announced: number(self.lines - self.withdrawn),
            withdrawn: number(self.withdrawn),
        };
        (!portion.octets.is_empty()).then_some(Saying { portion, audience: self.audience, nlri })
    }
}

impl Bundle {
    const fn withdraws(self) -> bool {
        matches!(self, Self::Withdrawn(_))
    }

    const fn audience(self) -> Audience {
        match self {
            Self::Withdrawn(audience) | Self::Announced(audience, _) => audience,
        }
    }
}

/// How many messages stand in whole encoded ones.
fn count_messages(mut octets: &[u8]) -> u32 {
    let mut count = 0;
    while let Some(&[high, low]) = octets.get(16..18) {
        count += 1;
        octets = octets.get(usize::from(u16::from_be_bytes([high, low])).max(19)..).unwrap_or_default();
    }
    count
}

/// Octets after which a new buffer is begun: a good write to a socket.
const ENOUGH: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::key::Key;
    use crate::export::testing::{internal, route};
    use crate::wire::PathId;

    /// The identifiers of the paths of one prefix, in the order in which they are spoken of: the first is
    /// withdrawn, the second takes its place.
    fn order(add_path_send: Vec<Family>) -> Vec<u32> {
        let mut target = internal();
        target.dialect.add_path_send = add_path_send;
        let mut catalogue = Catalogue::default();
        let sent = Sent::of(&Key::of(&target, Family::IPV4), &route(2, &[])).expect("it fits");
        let sent = catalogue.enter(sent);
        let mut pack = Pack::default();
        let prefix = "10.0.0.0/24".parse().expect("a prefix");
        for (path_id, sent) in [(1, None), (2, Some(sent))] {
            pack.add(prefix, Word { path_id: PathId(path_id), audience: Audience::All, sent });
        }
        let sayings = pack.finish(&catalogue, Family::IPV4, &target.dialect);
        sayings.iter().flat_map(|saying| saying.nlri.iter().map(|nlri| nlri.path_id.0)).collect()
    }

    #[test]
    fn a_path_that_replaces_another_is_told_first() {
        assert_eq!(order(vec![Family::IPV4]), [2, 1]);
        assert_eq!(order(Vec::new()), [1, 2]);
    }
}
