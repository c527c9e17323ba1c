//! What a configuration asks of the host it is read on.

use std::net::IpAddr;

/// The host, as far as a configuration can refer to it.
pub trait Host {
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;
    /// Addresses with the interfaces they are on.
    fn addresses(&self) -> Vec<(String, IpAddr)>;
    /// The index of an interface, which IPv6 calls a zone.
    fn interface_index(&self, name: &str) -> Option<u32>;
}

/// The host this process runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThisHost;

impl Host for ThisHost {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn addresses(&self) -> Vec<(String, IpAddr)> {
        let Ok(interfaces) = nix::ifaddrs::getifaddrs() else { return Vec::new() };
        interfaces
            .filter_map(|interface| {
                let address = interface.address?;
                let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
                let v6 = address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip()));
                Some((interface.interface_name, v4.or(v6)?))
            })
            .collect()
    }

    fn interface_index(&self, name: &str) -> Option<u32> {
        nix::net::if_::if_nametoindex(name).ok()
    }
}
