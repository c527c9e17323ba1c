//! Every prefix that is thought of, by a number: it is searched for once, and what is known of it stands at its number.
//!
//! Prefixes that hold the same list of routes are chained, the one that came last at the end, so that what befalls a
//! list finds them without another index.

use std::num::NonZeroU32;

use ipnet::IpNet;

use crate::by_prefix::ByPrefix;
use crate::pool::Id;

/// Names a prefix of one [`View`](super::View), as long as it has routes or is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NetId(NonZeroU32);

/// Prefixes by number, and the list of routes that each holds.
#[derive(Debug, Default)]
pub(super) struct Nets {
    numbers: ByPrefix<NetId>,
    nets: Vec<Net>,
    /// The first number that names nothing; as [`Net::after`] it has the next.
    free: Option<NetId>,
    /// By list.
    chains: Vec<Chain>,
}

/// There are as many as routes: 32 octets each.
#[derive(Debug)]
struct Net {
    prefix: IpNet,
    /// Somebody outside thinks of it.
    kept: bool,
    list: Option<Id>,
    /// Its neighbours among those that hold the same list.
    before: Option<NetId>,
    after: Option<NetId>,
}

const _: () = assert!(size_of::<Net>() <= 32);

/// The prefixes of one list.
#[derive(Clone, Copy, Debug, Default)]
struct Chain {
    first: Option<NetId>,
    last: Option<NetId>,
    len: usize,
}

impl Nets {
    pub(super) fn find(&self, prefix: &IpNet) -> Option<NetId> {
        self.numbers.get(prefix).copied()
    }

    /// The number of a prefix, which gets one if it has none.
    pub(super) fn enter(&mut self, prefix: IpNet) -> NetId {
        let number = self.free.unwrap_or_else(|| NetId::at(self.nets.len()));
        if let Some(known) = self.numbers.add(prefix, number) {
            return known;
        }
        let net = Net { prefix, kept: false, list: None, before: None, after: None };
        match self.nets.get_mut(number.index()) {
            Some(free) => {
                self.free = free.after;
                *free = net;
            }
            None => {
                if self.nets.len() == self.nets.capacity() {
                    self.nets.reserve_exact(self.nets.len() / GROWTH + 16);
                }
                self.nets.push(net);
            }
        }
        number
    }

    /// Somebody outside thinks of a prefix: it keeps its number without routes.
    pub(super) fn keep(&mut self, net: NetId) {
        if let Some(known) = self.nets.get_mut(net.index()) {
            known.kept = true;
        }
    }

    /// Nobody does any more.
    pub(super) fn let_go(&mut self, net: NetId) {
        if let Some(known) = self.nets.get_mut(net.index()) {
            known.kept = false;
        }
        self.drop_idle(net);
    }

    pub(super) fn prefix(&self, net: NetId) -> IpNet {
        self.nets.get(net.index()).map_or_else(IpNet::default, |net| net.prefix)
    }

    pub(super) fn list(&self, net: NetId) -> Option<Id> {
        self.nets.get(net.index())?.list
    }

    /// Puts a list in the place of what the prefix holds, and gives that. Without a list and not kept, the number
    /// goes.
    pub(super) fn set(&mut self, net: NetId, list: Option<Id>) -> Option<Id> {
        let before = self.list(net);
        if before != list {
            self.unchain(net);
            self.chain(net, list);
        }
        self.drop_idle(net);
        before
    }

    /// Every prefix in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = NetId> {
        self.numbers.iter().map(|(_, net)| *net)
    }

    /// Every prefix behind `prefix` in order.
    pub(super) fn iter_after(&self, prefix: Option<IpNet>) -> impl Iterator<Item = NetId> {
        self.numbers.iter_after(prefix).map(|(_, net)| *net)
    }

    /// The prefixes that hold a list.
    pub(super) fn holding(&self, list: Id) -> impl Iterator<Item = NetId> {
        let first = self.chains.get(list.index()).and_then(|chain| chain.first);
        std::iter::successors(first, |net| self.nets.get(net.index())?.after)
    }

    /// How many prefixes hold a list.
    pub(super) fn count(&self, list: Id) -> usize {
        self.chains.get(list.index()).map_or(0, |chain| chain.len)
    }

    fn chain(&mut self, net: NetId, list: Option<Id>) {
        let last = list.and_then(|list| {
            if self.chains.len() <= list.index() {
                self.chains.resize(list.index() + 1, Chain::default());
            }
            let chain = self.chains.get_mut(list.index())?;
            chain.len += 1;
            chain.first.get_or_insert(net);
            chain.last.replace(net)
        });
        if let Some(last) = last.and_then(|last| self.nets.get_mut(last.index())) {
            last.after = Some(net);
        }
        if let Some(known) = self.nets.get_mut(net.index()) {
            (known.list, known.before, known.after) = (list, last, None);
        }
    }

    fn unchain(&mut self, net: NetId) {
        let Some(&Net { list: Some(list), before, after, .. }) = self.nets.get(net.index()) else { return };
        let Some(chain) = self.chains.get_mut(list.index()) else { return };
        chain.len -= 1;
        match before.and_then(|before| self.nets.get_mut(before.index())) {
            Some(before) => before.after = after,
            None => chain.first = after,
        }
        match after.and_then(|after| self.nets.get_mut(after.index())) {
            Some(after) => after.before = before,
            None => chain.last = before,
        }
    }

    fn drop_idle(&mut self, net: NetId) {
        let Some(known) = self.nets.get_mut(net.index()) else { return };
        if !known.kept && known.list.is_none() && self.numbers.remove(&known.prefix).is_some() {
            known.after = self.free.replace(net);
        }
    }
}

impl NetId {
    /// The last there can be where the place is too large: as many do not fit into memory.
    fn at(index: usize) -> Self {
        Self(u32::try_from(index + 1).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX))
    }

    /// Its place in an array beside the view.
    pub(crate) const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// The arrays grow by an eighth of what there is: a table of the Internet has less than this part to spare.
const GROWTH: usize = 8;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ipnet::{IpNet, Ipv4Net};
    use proptest::prelude::*;

    use super::Nets;
    use crate::pool::Pool;

    fn prefix(number: u8) -> IpNet {
        Ipv4Net::new_assert([10, 0, 0, number].into(), 32).into()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Lists come and go, prefixes are kept and let go, in any order.
        #[test]
        fn every_list_finds_its_prefixes(
            steps in prop::collection::vec((0..20_u8, 0..5_u8, any::<bool>()), 0..300),
        ) {
            let lists: Vec<_> = {
                let mut pool = Pool::<u8>::default();
                (1..5).map(|value| pool.hold(value).0).collect()
            };
            let list_of = |list: u8| list.checked_sub(1).map(|list| lists[usize::from(list)]);
            let (mut nets, mut model) = (Nets::default(), BTreeMap::<u8, (u8, bool)>::new());
            for (number, list, kept) in steps {
                let net = nets.enter(prefix(number));
                nets.keep(net);
                let before = nets.set(net, list_of(list));
                if !kept {
                    nets.let_go(net);
                }
                let (known, _) = model.insert(number, (list, kept)).unwrap_or_default();
                prop_assert_eq!(before, list_of(known));
                if list == 0 && !kept {
                    model.remove(&number);
                }
                let all: Vec<IpNet> = nets.iter().map(|net| nets.prefix(net)).collect();
                prop_assert_eq!(all, model.keys().map(|number| prefix(*number)).collect::<Vec<_>>());
                for list in 1..5 {
                    let holds = |(number, (held, _)): (&u8, &(u8, bool))| (*held == list).then(|| prefix(*number));
                    let Some(id) = list_of(list) else { continue };
                    let mut holding: Vec<IpNet> = nets.holding(id).map(|net| nets.prefix(net)).collect();
                    holding.sort();
                    prop_assert_eq!(nets.count(id), holding.len());
                    prop_assert_eq!(holding, model.iter().filter_map(holds).collect::<Vec<_>>());
                }
            }
            prop_assert!(nets.nets.len() <= 20, "numbers are given again");
        }
    }
}
