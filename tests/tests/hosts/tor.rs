//! A top-of-rack switch: FRR's bgpd alone, asked for its JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tests::process::Daemon;
use tests::sandbox::SCRATCH;

use crate::host::Host;

/// What a switch was told of a prefix: the MED and the AS path.
pub(crate) type Heard = (Option<u64>, String);

/// A switch.
pub(crate) struct Tor {
    pub(crate) host: Host,
    daemon: Option<Daemon>,
}

impl Tor {
    /// A switch whose bgpd does not run yet.
    pub(crate) fn new(name: &str) -> Self {
        Self { host: Host::new(name), daemon: None }
    }

    /// Starts bgpd with this configuration.
    pub(crate) fn start(&mut self, text: &str) {
        let (folder, file) = (self.path("frr"), self.path("conf"));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(&file, format!("hostname {}\n{text}", self.host.place.name())).expect("a writable file");
        let mut command = Command::new("/usr/lib/frr/bgpd");
        command.args(["-S", "-Z", "-P", "0", "--log", "stdout", "--log-level", "info", "-f"]).arg(file);
        command.arg("-i").arg(self.path("pid")).arg("--vty_socket").arg(folder);
        let daemon = Daemon::start("bgpd", &mut command, &self.host.place, &self.path("log"));
        self.daemon = Some(daemon.expect("FRR is installed (tests/peers)"));
    }

    /// What a neighbour has told it.
    pub(crate) fn heard_from(&self, neighbour: &str) -> BTreeMap<String, Heard> {
        let mut command = Command::new("/usr/bin/vtysh");
        command.arg("--vty_socket").arg(self.path("frr")).args(["-c", "show bgp ipv4 unicast json detail"]);
        let answer = command.output().expect("vtysh starts");
        let seen: Value = serde_json::from_slice(&answer.stdout).unwrap_or_default();
        let mut heard = BTreeMap::new();
        for (prefix, paths) in seen["routes"].as_object().into_iter().flatten() {
            let paths = paths.as_array().into_iter().flatten();
            for path in paths.filter(|path| path["peer"]["peerId"] == neighbour) {
                let as_path = path["aspath"]["string"].as_str().unwrap_or_default().to_owned();
                heard.insert(prefix.clone(), (path["metric"].as_u64(), as_path));
            }
        }
        heard
    }

    fn path(&self, kind: &str) -> PathBuf {
        PathBuf::from(format!("{SCRATCH}/{}.{kind}", self.host.place.name()))
    }
}
