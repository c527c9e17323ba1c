//! An examination of the host and of the daemon on it, for people: what was seen, why it matters, what repairs it.
//!
//! Nothing is changed and no program is started; what is read are files below a [`Root`], and what the daemon says.

mod capabilities;
mod clock;
mod drop_ins;
mod environment;
mod forwarding;
mod limits;
mod needs;
mod network;
mod network_manager;
mod networkd;
mod port;
mod process;
mod rival;
mod root;
mod running;
mod socket;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub use self::environment::Environment;
pub use self::root::Root;
use crate::api::{self, Finding};
use crate::config::{Diagnostic, Loaded, Role};
use needs::Needs;

/// Everything that is known before the host is looked at.
#[derive(Debug)]
pub struct Case {
    /// The files of the host.
    pub root: Root,
    /// What the program is called, and its service.
    pub program: &'static str,
    /// What it is for.
    pub role: Role,
    /// The configuration: its file, and what it says or what is wrong with it; `None` where there is no file.
    pub config: Option<(PathBuf, Result<Loaded, Vec<Diagnostic>>)>,
    /// The control socket.
    pub socket: PathBuf,
    /// The daemon, or why it cannot be reached.
    pub daemon: Result<Running, (ErrorKind, String)>,
}

/// What a running daemon says.
#[derive(Clone, Debug)]
pub struct Running {
    /// Its process, where it is one of this host.
    pub id: Option<u32>,
    /// The whole.
    pub status: api::Status,
    /// All peers.
    pub peers: Vec<api::Peer>,
    /// The kernel's table, where it is programmed.
    pub kernel: Option<api::KernelSummary>,
}

/// What the single looks are given.
#[derive(Clone, Debug)]
struct Scene<'a> {
    root: &'a Root,
    needs: Needs,
    program: &'static str,
    /// The daemon's process, where it is one of those that can be seen here.
    daemon: Option<u32>,
    /// Where a daemon that answers says that it listens; `None`: none answers.
    listening: Option<Vec<SocketAddr>>,
    /// This process.
    this: u32,
}

/// Looks at everything.
#[must_use]
pub fn examine(case: &Case) -> Vec<Finding> {
    let Case { root, program, role, config, socket, daemon } = case;
    let loaded = config.as_ref().and_then(|(_, loaded)| loaded.as_ref().ok());
    let needs = loaded.map_or_else(|| Needs::of_role(*role), |loaded| Needs::of(&loaded.settings));
    let running = daemon.as_ref().ok();
    let id = running.and_then(|running| running.id);
    let listening = running.map(|running| {
        let addresses = running.status.listening.iter();
        addresses.filter_map(|address| address.parse().ok()).collect()
    });
    let scene = Scene { root, needs, program, daemon: id, listening, this: std::process::id() };
    let mut found = vec![configuration(config.as_ref(), program)];
    found.push(socket::look(socket, daemon.as_ref().err(), program));
    // Another configuration than the daemon's has a port of its own, which the daemon may be in the way of.
    let same = running.is_some_and(|running| {
        config.as_ref().is_none_or(|(path, _)| path == Path::new(&running.status.config))
    });
    found.extend(port::look(&if same {
        scene.clone()
    } else {
        Scene { daemon: None, listening: None, ..scene.clone() }
    }));
    found.extend(capabilities::look(&scene));
    match network::look(&scene) {
        Some(elsewhere) => found.push(elsewhere),
        None => {
            found.extend(forwarding::look(&scene));
            found.extend(limits::of_network(&scene));
        }
    }
    found.push(limits::files(&scene));
    found.extend(networkd::look(&scene));
    found.extend(network_manager::look(&scene));
    found.extend(rival::look(&scene));
    let started = running.and_then(|running| running.status.started.parse::<jiff::Timestamp>().ok());
    let touched = config.as_ref().and_then(|(path, _)| std::fs::metadata(path).ok()?.modified().ok());
    found.push(clock::look(&scene, started.map(SystemTime::from), touched, SystemTime::now()));
    if let Some(running) = running {
        // Another file says nothing about what is in force.
        let digest = loaded.filter(|_| same).map(|loaded| loaded.digest.to_string());
        found.extend(running::look(running, digest.as_deref(), program));
    }
    found
}

fn configuration(config: Option<&(PathBuf, Result<Loaded, Vec<Diagnostic>>)>, program: &str) -> Finding {
    const CHECK: &str = "configuration";
    const WHY: &str =
        "a daemon does not start with a configuration that has an error, and refuses to reload it";
    let Some((path, loaded)) = config else {
        let seen = "there is none at the usual place, and no daemon to ask for its own";
        return Finding::unknown(CHECK, seen, "what the host needs follows from it")
            .repair(format!("{program} doctor --config FILE"));
    };
    let file = path.display();
    let check = format!("{program} check {file}");
    let (said, is_error) = match loaded {
        Ok(loaded) => (&loaded.warnings, false),
        Err(diagnostics) => (diagnostics, true),
    };
    let errors = said.iter().filter(|diagnostic| diagnostic.is_error() == is_error);
    match errors.clone().next() {
        None => Finding::ok(CHECK, format!("{file} is valid")),
        Some(first) => {
            let seen = format!("{file}: {}", first.message)
                + &match errors.count() {
                    1 => String::new(),
                    many => format!(", and {} more", many - 1),
                };
            let finding = if is_error {
                Finding::error(CHECK, seen, WHY)
            } else {
                Finding::warning(CHECK, seen, "it may not do what its author thinks")
            };
            finding.repair(check)
        }
    }
}

#[cfg(test)]
impl<'a> Scene<'a> {
    /// A node without a configuration; this process is number 1.
    fn bare(root: &'a Root) -> Self {
        Self {
            root,
            needs: Needs::of_role(Role::Node),
            program: "caracal",
            daemon: None,
            listening: None,
            this: 1,
        }
    }
}
