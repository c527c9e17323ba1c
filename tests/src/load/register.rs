//! The numbers of prefixes, found by what stands on the wire.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use bgp_core::Family;
use ipnet::IpNet;

/// Every prefix that may come, by number.
#[derive(Debug, Default)]
pub struct Register {
    /// By number; 0 for those of the other family.
    keys: Vec<u64>,
    v4: HashMap<u64, u32, Fast>,
    v6: HashMap<(u128, u8), u32, Fast>,
}

impl Register {
    /// Numbers `prefixes` by their places.
    #[must_use]
    pub fn new(prefixes: &[IpNet]) -> Self {
        let mut register = Self { keys: vec![0; prefixes.len()], ..Self::default() };
        for (number, prefix) in (0..).zip(prefixes) {
            match prefix {
                IpNet::V4(net) => {
                    let key = v4(net.addr().to_bits(), net.prefix_len());
                    register.keys[number as usize] = key;
                    register.v4.insert(key, number)
                }
                IpNet::V6(net) => register.v6.insert((net.addr().to_bits(), net.prefix_len()), number),
            };
        }
        register
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.keys.len()
    }

    /// Cuts a prefix off the front of `nlri`; its number, if it has one, which is often `likely`. `None` where what
    /// is there is no prefix.
    #[inline]
    pub(super) fn read(&self, family: Family, nlri: &mut &[u8], likely: u32) -> Option<Option<u32>> {
        let (length, rest) = nlri.split_first()?;
        let octets = usize::from(length.div_ceil(8));
        let (address, rest) = rest.split_at_checked(octets)?;
        *nlri = rest;
        if family == Family::IPV4 {
            let mut whole = [0; 4];
            whole.get_mut(..octets)?.copy_from_slice(address);
            let key = v4(u32::from_be_bytes(whole), *length);
            let is_likely = self.keys.get(likely as usize) == Some(&key);
            return Some(if is_likely { Some(likely) } else { self.v4.get(&key).copied() });
        }
        let mut whole = [0; 16];
        whole.get_mut(..octets)?.copy_from_slice(address);
        Some(self.v6.get(&(u128::from_be_bytes(whole), *length)).copied())
    }
}

const fn v4(address: u32, length: u8) -> u64 {
    (address as u64) << 8 | length as u64
}

pub(super) type Fast = BuildHasherDefault<Multiply>;

/// Multiplies; the keys are not an adversary's.
#[derive(Debug, Default)]
pub(super) struct Multiply(u64);

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

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = super::mark::mix(self.0, value);
    }

    fn write_u128(&mut self, value: u128) {
        self.write_u64((value >> 64) as u64);
        self.write_u64(value as u64);
    }
}
