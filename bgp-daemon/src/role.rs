//! What the program's name decides, whatever the file says.

use std::net::SocketAddr;

use crate::config::{Listen, Role, Settings};

impl Settings {
    /// The same settings for `role`: a reflector never touches the kernel.
    #[must_use]
    pub fn forced(mut self, role: Role) -> Self {
        if role == Role::Reflector {
            self.role = role;
            self.kernel.enabled = false;
            self.core.kernel_export = None;
        }
        self
    }
}

impl Listen {
    /// Every address with the port.
    #[must_use]
    pub fn socket_addresses(&self) -> Vec<SocketAddr> {
        self.addresses.iter().map(|address| SocketAddr::new(*address, self.port)).collect()
    }
}
