//! The daemons that can be measured, with equivalent configurations.

use std::env;
use std::fmt;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use bgp_core::Asn;
use clap::ValueEnum;

/// The AS of the daemon under test.
pub(crate) const ASN: Asn = Asn(64512);

/// A daemon.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Which {
    /// This project's, from the same target folder.
    Caracal,
    /// Debian's bird2.
    Bird,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caracal => "caracal",
            Self::Bird => "bird",
        })
    }
}

/// A running daemon; dropping it kills it and removes its folder.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    folder: PathBuf,
    /// The port it listens on.
    pub(crate) port: u16,
}

impl Running {
    /// Starts a daemon on a free port of loopback.
    pub(crate) fn start(which: Which) -> io::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = env::temp_dir().join(format!("relay-{}-{which}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let child = match which {
            Which::Caracal => caracal(&folder, port)?,
            Which::Bird => bird(&folder, port)?,
        };
        Ok(Self { child, folder, port })
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only where there is nothing left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn caracal(folder: &Path, port: u16) -> io::Result<Child> {
    let program = env::current_exe()?.with_file_name("caracal");
    let peer = |name: &str, address: &str, asn: u32| {
        format!(
            "[[peer]]\nname = \"{name}\"\naddress = \"{address}\"\nasn = {asn}\npassive = true\nmultihop = 64\n\
             next_hop = \"keep\"\n\
             import = \"accept-all\"\nexport = \"accept-all\"\n"
        )
    };
    let text = format!(
        "asn = {ASN}\nrouter_id = \"127.0.0.1\"\n[listen]\naddresses = [\"127.0.0.1\"]\nport = {port}\n\
         [kernel]\nenabled = false\n[control]\nsocket = \"{}\"\n{}{}",
        folder.join("control.sock").display(),
        peer("feeder", "127.0.0.2", 65001),
        peer("sink", "127.0.0.3", 65002),
    );
    let file = folder.join("caracal.toml");
    fs::write(&file, text)?;
    spawn(Command::new(&program).args(["run", "--config"]).arg(&file), &program)
}

fn bird(folder: &Path, port: u16) -> io::Result<Child> {
    let peer = |name: &str, address: &str, asn: u32| {
        format!(
            "protocol bgp {name} {{\n  local 127.0.0.1 port {port} as {ASN};\n  neighbor {address} as {asn};\n  \
             multihop; passive on;\n  ipv4 {{ import all; export all; next hop keep; }};\n}}\n"
        )
    };
    let text = format!(
        "router id 127.0.0.1;\nprotocol device {{ }}\n{}{}",
        peer("feeder", "127.0.0.2", 65001),
        peer("sink", "127.0.0.3", 65002),
    );
    let file = folder.join("bird.conf");
    fs::write(&file, text)?;
    let program = PathBuf::from("/usr/sbin/bird");
    let socket = folder.join("bird.ctl");
    spawn(Command::new(&program).args(["-f", "-c"]).arg(&file).arg("-s").arg(&socket), &program)
}

fn spawn(command: &mut Command, program: &Path) -> io::Result<Child> {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("start {}: {error}", program.display())))
}
