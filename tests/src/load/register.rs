//! The numbers of prefixes, found by what stands on the wire.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use bgp_core::Family;
use ipnet::IpNet;

/// Every prefix that may come, by number.
#[derive(Debug, Default)]
pub struct Register {
    v4: HashMap<u64, u32, Fast>,
    v6: HashMap<(u128, u8), u32, Fast>,
    count: usize,
}

impl Register {
    /// Numbers `prefixes` by their places.
    #[must_use]
    pub fn new(prefixes: &[IpNet]) -> Self {
        let mut register = Self { count: prefixes.len(), ..Self::default() };
        for (number, prefix) in (0..).zip(prefixes) {
            match prefix {
                IpNet::V4(net) => register.v4.insert(v4(net.addr().to_bits(), net.prefix_len()), number),
                IpNet::V6(net) => register.v6.insert((net.addr().to_bits(), net.prefix_len()), number),
            };
        }
        register
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Cuts a prefix off the front of `nlri`; its number, if it has one. `None` where what is there is no prefix.
    #[inline]
    pub(super) fn read(&self, family: Family, nlri: &mut &[u8]) -> Option<Option<u32>> {
        let (length, rest) = nlri.split_first()?;
        let octets = usize::from(length.div_ceil(8));
        let (address, rest) = rest.split_at_checked(octets)?;
        *nlri = rest;
        if family == Family::IPV4 {
            let mut whole = [0; 4];
            whole.get_mut(..octets)?.copy_from_slice(address);
            return Some(self.v4.get(&v4(u32::from_be_bytes(whole), *length)).copied());
        }
        let mut whole = [0; 16];
        whole.get_mut(..octets)?.copy_from_slice(address);
        Some(self.v6.get(&(u128::from_be_bytes(whole), *length)).copied())
    }
}

const fn v4(address: u32, length: u8) -> u64 {
    (address as u64) << 8 | length as u64
}

type Fast = BuildHasherDefault<Multiply>;

/// Multiplies; the keys are not an adversary's.
#[derive(Debug, Default)]
struct Multiply(u64);

impl Hasher for Multiply {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|octet| self.write_u64(u64::from(*octet)));
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = super::mark::mix(self.0, value);
    }

    fn write_u128(&mut self, value: u128) {
        self.write_u64((value >> 64) as u64);
        self.write_u64(value as u64);
    }
}
