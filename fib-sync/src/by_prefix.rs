//! An ordered map by prefix, each family with keys of its own: five octets in IPv4, seventeen in IPv6.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::runs::Runs;

/// A map from prefixes to `T`, in the order of [`IpNet`].
#[derive(Clone, Debug)]
pub(crate) struct ByPrefix<T> {
    v4: Runs<Ipv4Net, T>,
    v6: Runs<Ipv6Net, T>,
}

impl<T> Default for ByPrefix<T> {
    fn default() -> Self {
        Self { v4: Runs::default(), v6: Runs::default() }
    }
}

impl<T> ByPrefix<T> {
    pub(crate) const fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    pub(crate) fn get(&self, prefix: &IpNet) -> Option<&T> {
        match prefix {
            IpNet::V4(prefix) => self.v4.get(prefix),
            IpNet::V6(prefix) => self.v6.get(prefix),
        }
    }

    pub(crate) fn get_mut(&mut self, prefix: &IpNet) -> Option<&mut T> {
        match prefix {
            IpNet::V4(prefix) => self.v4.get_mut(prefix),
            IpNet::V6(prefix) => self.v6.get_mut(prefix),
        }
    }

    /// Puts a value there; gives the one that was.
    pub(crate) fn insert(&mut self, prefix: IpNet, value: T) -> Option<T> {
        match prefix {
            IpNet::V4(prefix) => self.v4.insert(prefix, value),
            IpNet::V6(prefix) => self.v6.insert(prefix, value),
        }
    }

    /// Puts a value there unless there is one, and gives that.
    pub(crate) fn add(&mut self, prefix: IpNet, value: T) -> Option<T>
    where
        T: Copy,
    {
        match prefix {
            IpNet::V4(prefix) => self.v4.add(prefix, value),
            IpNet::V6(prefix) => self.v6.add(prefix, value),
        }
    }

    /// Takes a value away.
    pub(crate) fn remove(&mut self, prefix: &IpNet) -> Option<T> {
        match prefix {
            IpNet::V4(prefix) => self.v4.remove(prefix),
            IpNet::V6(prefix) => self.v6.remove(prefix),
        }
    }

    /// Every entry in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (IpNet, &T)> {
        let v4 = self.v4.iter().map(|(prefix, value)| (IpNet::V4(*prefix), value));
        v4.chain(self.v6.iter().map(|(prefix, value)| (IpNet::V6(*prefix), value)))
    }

    /// The entries behind `after`, in order; from the first one on without.
    pub(crate) fn iter_after(&self, after: Option<IpNet>) -> impl Iterator<Item = (IpNet, &T)> {
        let (v4, v6) = match after {
            None => (Some(Ipv4Net::default()), Ipv6Net::default()),
            Some(IpNet::V4(prefix)) => (Some(prefix), Ipv6Net::default()),
            Some(IpNet::V6(prefix)) => (None, prefix),
        };
        let v4 = v4.into_iter().flat_map(|from| self.v4.iter_from(from));
        let v4 = v4.map(|(prefix, value)| (IpNet::V4(*prefix), value));
        let v6 = self.v6.iter_from(v6).map(|(prefix, value)| (IpNet::V6(*prefix), value));
        v4.chain(v6).filter(move |(prefix, _)| Some(*prefix) > after)
    }

    /// Every prefix in order.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = IpNet> {
        self.iter().map(|(prefix, _)| prefix)
    }
}
