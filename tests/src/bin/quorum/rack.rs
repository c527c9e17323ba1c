//! Forty-nine peers that are alive, in one process of ours with as many addresses, and one that is not.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use ipnet::IpNet;
use rtnetlink::packet_route::route::RouteProtocol;
use tests::failure::{Doing, Failure};
use tests::interop::ask;
use tests::kernel::{Route, Way};
use tests::netns::Netns;
use tests::process::Daemon;
use tests::programs::program;
use tests::sandbox::SCRATCH;
use tests::wait;

/// How many peers are there.
pub(crate) const ALIVE: usize = 49;

/// What the fiftieth is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dead {
    /// Not configured.
    Nobody,
    /// A host without a daemon.
    Refusing,
    /// An address that does not answer at all.
    Silent,
}

impl Dead {
    /// For people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Nobody => "is not configured",
            Self::Refusing => "refuses connections",
            Self::Silent => "is switched off",
        }
    }

    /// For names.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Refusing => "refusing",
            Self::Silent => "silent",
        }
    }

    /// Its address, if it has one.
    pub(crate) fn address(self) -> Option<String> {
        match self {
            Self::Nobody => None,
            Self::Refusing => Some(theirs(ALIVE + 1)),
            Self::Silent => Some(BEYOND.to_owned()),
        }
    }
}

/// The peers' host and that of the daemon that is measured.
pub(crate) struct Rack {
    name: String,
    place: Netns,
    subject: Netns,
    daemon: Option<Daemon>,
}

impl Rack {
    /// Both hosts on one cable. What goes beyond the peers' host is dropped there without a word.
    pub(crate) fn build(name: &str) -> Result<Self, Failure> {
        let (place, subject) = (Netns::create(&format!("rack-{name}"))?, Netns::create(name)?);
        subject.kernel(|kernel| kernel.add_pair("eth0", "eth0", &place))?;
        for (place, address) in [(&place, theirs as fn(usize) -> String), (&subject, ours)] {
            place.kernel(|kernel| {
                kernel.up("eth0")?;
                (1..=ALIVE + 1).try_for_each(|n| kernel.add_address("eth0", network(&address(n))?, 0))
            })?;
        }
        let way = Way::Via(theirs(1).parse().doing("read an address")?, "eth0");
        let to = format!("{BEYOND}/32").parse().doing("read a prefix")?;
        let route = Route { to, way, protocol: RouteProtocol::Static, metric: 0 };
        subject.kernel(|kernel| kernel.add_route(&route))?;
        Ok(Self { name: name.to_owned(), place, subject, daemon: None })
    }

    /// Where the measured daemon lives.
    pub(crate) fn subject(&self) -> &Netns {
        &self.subject
    }

    /// A file of the measured daemon.
    pub(crate) fn file(&self, extension: &str) -> PathBuf {
        PathBuf::from(format!("{SCRATCH}/{}.{extension}", self.name))
    }

    /// Starts the peers, with nothing to announce, and waits until they answer.
    pub(crate) fn start(&mut self) -> Result<(), Failure> {
        let file = self.own_file("toml");
        fs::write(&file, self.configuration(0)).doing("write a configuration")?;
        let mut command = Command::new(program("caracal"));
        command.args(["run", "--config"]).arg(&file).env_remove("RUST_LOG");
        self.daemon = Some(Daemon::start("the peers", &mut command, &self.place, &self.own_file("log"))?);
        wait::until("the peers", Duration::from_secs(60), || self.ask("status"))
    }

    /// From now on every peer announces its blocks up to this generation.
    pub(crate) fn announce(&self, generation: usize) -> Result<(), Failure> {
        fs::write(self.own_file("toml"), self.configuration(generation + 1))
            .doing("write a configuration")?;
        self.ask("reload")
    }

    fn ask(&self, verb: &str) -> Result<(), Failure> {
        ask(Command::new(program("caracal")).args([verb, "--socket"]).arg(self.own_file("sock"))).map(drop)
    }

    fn own_file(&self, extension: &str) -> PathBuf {
        PathBuf::from(format!("{SCRATCH}/rack-{}.{extension}", self.name))
    }

    fn configuration(&self, generations: usize) -> String {
        let listen: Vec<String> = (1..=ALIVE).map(|n| format!("\"{}\"", theirs(n))).collect();
        let mut text = format!(
            "asn = 64512\nrouter_id = \"10.0.1.1\"\n[listen]\naddresses = [{}]\n\
             [control]\nsocket = \"{}\"\n[kernel]\nenabled = false\n",
            listen.join(", "),
            self.own_file("sock").display()
        );
        for n in 1..=ALIVE {
            let blocks: Vec<String> = (0..generations).map(|generation| block(generation, n)).collect();
            for block in &blocks {
                write!(text, "[[originate]]\nprefix = \"{block}\"\nkind = \"announce\"\n").expect(WRITABLE);
            }
            let rule = match blocks[..] {
                [] => String::new(),
                _ => format!(
                    "{{ match = {{ prefix = [\"{}\"] }}, action = \"accept\" }}",
                    blocks.join("\", \"")
                ),
            };
            write!(
                text,
                "[[policy]]\nname = \"only{n}\"\ndefault = \"reject\"\nrules = [{rule}]\n\
                 [[peer]]\naddress = \"{}\"\nlocal_address = \"{}\"\nasn = 64512\n\
                 connect_retry = \"1s\"\nexport = \"only{n}\"\n",
                ours(n),
                theirs(n)
            )
            .expect(WRITABLE);
        }
        text
    }
}

/// What a peer announces in a generation.
pub(crate) fn block(generation: usize, n: usize) -> String {
    format!("10.{}.{n}.0/24", 100 + generation)
}

/// A peer's address.
pub(crate) fn theirs(n: usize) -> String {
    format!("10.0.1.{n}")
}

/// Our address towards it.
pub(crate) fn ours(n: usize) -> String {
    format!("10.0.2.{n}")
}

fn network(address: &str) -> Result<IpNet, Failure> {
    format!("{address}/16").parse().doing("read an address")
}

/// An address behind the peers' host, which forwards nothing.
const BEYOND: &str = "10.99.0.1";
const WRITABLE: &str = "writing to a string cannot fail";
