//! The host as a running daemon sees it, whose environment need not be ours.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::root::Root;
use crate::config::{Host, ThisHost};

/// This host with the environment of another process: a configuration may refer to variables.
#[derive(Clone, Debug)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// That of process `id`; `None` where we may not see it.
    #[must_use]
    pub fn of(root: &Root, id: u32) -> Option<Self> {
        let text = root.text(&format!("/proc/{id}/environ")).ok()?;
        let variables = text.split('\0').filter_map(|variable| variable.split_once('='));
        Some(Self(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }
}

impl Host for Environment {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn addresses(&self) -> Vec<(String, IpAddr)> {
        ThisHost.addresses()
    }

    fn interface_index(&self, name: &str) -> Option<u32> {
        ThisHost.interface_index(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::root::fixture::Fixture;

    #[test]
    fn variables_are_those_of_the_process() {
        let host = Fixture::new(&[("/proc/9/environ", "POD_IP=10.0.0.7\0EMPTY=\0")]);
        let environment = Environment::of(&host.root(), 9).expect("it can be read");
        assert_eq!(environment.variable("POD_IP").as_deref(), Some("10.0.0.7"));
        assert_eq!(environment.variable("EMPTY").as_deref(), Some(""));
        assert_eq!(environment.variable("HOME"), None);
        assert!(Environment::of(&host.root(), 10).is_none());
    }
}
