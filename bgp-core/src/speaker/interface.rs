//! The interface that has our end of a connection, as far as the driver knows it.

use std::sync::Arc;

use ipnet::IpNet;

/// The interface of a connection. The default one is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its name. Without one, link-local next hops cannot be used: they mean nothing but on their link.
    pub name: Option<Arc<str>>,
    /// Its addresses, with their subnets.
    pub addresses: Vec<IpNet>,
}

impl From<Vec<IpNet>> for Interface {
    /// An interface of which only the addresses are known.
    fn from(addresses: Vec<IpNet>) -> Self {
        Self { name: None, addresses }
    }
}
