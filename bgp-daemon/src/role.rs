//! What the program's name decides, whatever the file says.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::config::{Bird, BirdDialect, BirdSockets, Listen, Role, Settings};

/// What a program's name and arguments decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// What it is for.
    pub role: Role,
    /// Where BIRD's protocol is answered, IPv4's where each family has its own socket; `None`: where the file says.
    pub bird: Option<PathBuf>,
}

impl Role {
    /// What its program is called, and its service.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Node => "caracal",
            Self::Reflector => "caracal-rr",
        }
    }
}

impl From<Role> for Program {
    /// A program that decides nothing else.
    fn from(role: Role) -> Self {
        Self { role, bird: None }
    }
}

impl Settings {
    /// The same settings for `program`: a reflector never touches the kernel.
    #[must_use]
    pub fn forced(mut self, program: &Program) -> Self {
        if program.role == Role::Reflector {
            self.role = program.role;
            self.kernel.enabled = false;
            self.core.kernel_export = None;
        }
        if let Some(path) = &program.bird {
            self.bird = Some(answering(self.bird, path));
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

/// What the file says, but at `path`. Where it says nothing, Calico is taken to ask, for IPv6 beside it.
fn answering(said: Option<Bird>, path: &Path) -> Bird {
    let path = path.to_owned();
    let Some(bird) = said else {
        let sockets = BirdSockets::Each { v6: Some(path.with_file_name("bird6.ctl")), v4: Some(path) };
        return Bird { dialect: BirdDialect::One, sockets, mode: 0o660, group: None };
    };
    let sockets = match bird.sockets {
        BirdSockets::Both(_) => BirdSockets::Both(path),
        BirdSockets::Each { v6, .. } => BirdSockets::Each { v4: Some(path), v6 },
    };
    Bird { sockets, ..bird }
}
