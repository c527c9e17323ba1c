//! The daemon that is measured.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use serde_json::Value;
use tests::failure::{Doing, Failure};
use tests::interop::ask;
use tests::process::Daemon;
use tests::programs::program;
use tests::upheaval::Make;

use crate::rack::{ALIVE, Dead, Rack, ours, theirs};

/// A daemon with fifty peers.
pub(crate) struct Subject {
    make: Make,
    daemon: Option<Daemon>,
    starts: usize,
}

impl Subject {
    /// Writes its configuration.
    pub(crate) fn new(make: Make, dead: Dead, rack: &Rack) -> Result<Self, Failure> {
        let peers: Vec<(String, String)> = (1..=ALIVE)
            .map(|n| (theirs(n), ours(n)))
            .chain(dead.address().map(|address| (address, ours(ALIVE + 1))))
            .collect();
        let text = match make {
            Make::Caracal => caracal_toml(rack, &peers),
            Make::Bird => bird_conf(&peers),
            Make::Frr => return Err(Failure::new("measure frr", "nobody has told it how")),
        };
        fs::write(rack.file("conf"), text).doing("write a configuration")?;
        Ok(Self { make, daemon: None, starts: 0 })
    }

    /// Starts it, as a restart from the second time on.
    pub(crate) fn start(&mut self, rack: &Rack) -> Result<(), Failure> {
        let mut command = match self.make {
            Make::Caracal => {
                let mut command = Command::new(program("caracal"));
                command.args(["run", "--config"]).arg(rack.file("conf")).env_remove("RUST_LOG");
                command
            }
            Make::Bird | Make::Frr => {
                let mut command = Command::new("/usr/sbin/bird");
                command.arg("-f").args((self.starts > 0).then_some("-R"));
                command.arg("-c").arg(rack.file("conf")).arg("-s").arg(rack.file("ctl"));
                command
            }
        };
        self.starts += 1;
        let log = rack.file("log");
        self.daemon = Some(Daemon::start(&self.make.to_string(), &mut command, rack.subject(), &log)?);
        Ok(())
    }

    /// Ends it without a word.
    pub(crate) fn kill(&mut self) {
        self.daemon = None;
    }

    /// Whether it says that it waits for nobody any more.
    pub(crate) fn is_ready(&self, rack: &Rack) -> bool {
        match self.make {
            Make::Caracal => {
                let mut command = Command::new(program("caracal"));
                let text = ask(command.args(["status", "-o", "json", "--socket"]).arg(rack.file("sock")));
                let status = text.ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
                status.is_some_and(|status| status["settled"] == true)
            }
            Make::Bird | Make::Frr => {
                let mut command = Command::new("/usr/sbin/birdc");
                let text = ask(command.arg("-s").arg(rack.file("ctl")).args(["show", "status"]));
                text.is_ok_and(|text| text.contains("up and running") && !text.contains("recovery"))
            }
        }
    }

    /// The end of its log.
    pub(crate) fn last_words(&self) -> String {
        self.daemon.as_ref().map(Daemon::last_words).unwrap_or_default()
    }
}

/// Everything at its default but where it is asked and how often it dials.
fn caracal_toml(rack: &Rack, peers: &[(String, String)]) -> String {
    let mut text = format!(
        "asn = 64512\nrouter_id = \"10.0.2.1\"\n[control]\nsocket = \"{}\"\n\
         [[originate]]\nprefix = \"10.200.0.0/24\"\n",
        rack.file("sock").display()
    );
    for (theirs, ours) in peers {
        write!(
            text,
            "[[peer]]\naddress = \"{theirs}\"\nlocal_address = \"{ours}\"\nasn = 64512\nconnect_retry = \"1s\"\n"
        )
        .expect(WRITABLE);
    }
    text
}

/// As Calico's templates have it, but dialing as soon as it can.
fn bird_conf(peers: &[(String, String)]) -> String {
    let mut text = "\
log stderr all;
router id 10.0.2.1;
protocol device {}
protocol direct { ipv4; }
protocol kernel {
  learn; persist; graceful restart; scan time 2;
  ipv4 { import all; export where source != RTS_DEVICE; };
}
protocol static { ipv4; route 10.200.0.0/24 blackhole; }
"
    .to_owned();
    for (n, (theirs, ours)) in peers.iter().enumerate() {
        writeln!(
            text,
            "protocol bgp peer{n} {{ local {ours} as 64512; neighbor {theirs} as 64512; multihop; \
             connect retry time 1; connect delay time 1; error wait time 1, 2; graceful restart on; \
             ipv4 {{ import all; export where source = RTS_STATIC; gateway recursive; }}; }}"
        )
        .expect(WRITABLE);
    }
    text
}

const WRITABLE: &str = "writing to a string cannot fail";
