//! Everything a configuration says, read and judged. Whoever holds these values need not ask again.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use bgp_core::policy::Glob;
use bgp_core::rib::Route;
use bgp_core::speaker;
use ipnet::IpNet;

/// A whole configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What the protocol needs to know; peers, policies and restart are in here.
    pub core: speaker::Config,
    /// What the process is for.
    pub role: Role,
    /// Where to listen.
    pub listen: Listen,
    /// Socket options of every peer and range, under the name it has in `core`.
    pub sockets: Vec<PeerSocket>,
    /// Routes of our own, prefixes unique.
    pub originate: Vec<Originated>,
    /// The kernel's routing table.
    pub kernel: Kernel,
    /// The control socket.
    pub control: Control,
    /// BIRD's control protocol; `None`: not answered.
    pub bird: Option<Bird>,
    /// The web server; `None`: off.
    pub http: Option<Http>,
    /// Logging.
    pub log: Log,
}

impl Settings {
    /// Where each route of our own stands.
    #[must_use]
    pub fn origins(&self) -> Arc<Origins> {
        Arc::new(self.originate.iter().map(|route| (route.prefix, Arc::clone(&route.place))).collect())
    }
}

/// Where routes of our own stand, file and line, by prefix.
pub type Origins = BTreeMap<IpNet, Arc<str>>;

/// A route of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Originated {
    /// Its prefix.
    pub prefix: IpNet,
    /// What it says.
    pub route: Route,
    /// Where it stands: file and line, for explanations.
    pub place: Arc<str>,
}

/// What the process is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A host that forwards packets.
    Node,
    /// A route reflector that leaves the kernel alone.
    Reflector,
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Local addresses; none: do not listen.
    pub addresses: Vec<IpAddr>,
    /// The port.
    pub port: u16,
}

/// What the sockets of a peer need, and those of every connection from a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerSocket {
    /// The peer's name, or that of the range's template.
    pub name: Arc<str>,
    /// The peer's address as a host prefix, or the range.
    pub remote: IpNet,
    /// The interface of a link-local address.
    pub zone: Option<Arc<str>>,
    /// TCP MD5 key ([RFC 2385](https://www.rfc-editor.org/rfc/rfc2385)).
    pub password: Option<Secret>,
    /// How far packets may travel.
    pub hops: Hops,
}

/// How far a peer's packets may travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hops {
    /// Ours leave with this TTL.
    Reach(u8),
    /// Ours leave with 255, theirs are dropped where they crossed more than this many links
    /// ([RFC 5082 §3](https://www.rfc-editor.org/rfc/rfc5082#section-3)).
    Within(u8),
}

/// The octets of a key. Printing it prints no octet of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Keeps `octets`.
    #[must_use]
    pub fn new(octets: &[u8]) -> Self {
        Self(octets.into())
    }

    /// The octets, for the kernel alone.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What we do with the kernel's routing table. Which policies stand between the Loc-RIB and it, and how
/// many next hops a route may have, is in [`speaker::Config`].
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    /// Routes are installed and learned at all.
    pub enabled: bool,
    /// The table.
    pub table: u32,
    /// The protocol number that marks routes as ours.
    pub protocol: u8,
    /// Metric of what we install.
    pub metric: u32,
    /// Foreign routes of the table become local routes.
    pub learn: bool,
    /// Routes of these interfaces are not learned.
    pub learn_exclude_interfaces: Vec<Glob>,
    /// Connected prefixes become local routes.
    pub direct: bool,
    /// Prefixes of these interfaces do not.
    pub direct_exclude_interfaces: Vec<Glob>,
    /// Next-hop objects of the kernel carry the hops that routes share.
    pub next_hop_objects: bool,
    /// What happens to our routes when we stop.
    pub on_exit: OnExit,
    /// Share of our routes, 0 to 1, that one sweep after a restart may remove.
    pub sweep_limit: f64,
}

/// What happens to our kernel routes when we stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExit {
    /// They stay, so that traffic flows until we are back.
    Keep,
    /// They go.
    Remove,
}

/// The control socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Its path.
    pub socket: PathBuf,
    /// Its permissions.
    pub mode: u32,
}

/// BIRD's control protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bird {
    /// Whose words to use.
    pub dialect: BirdDialect,
    /// Where to answer.
    pub sockets: BirdSockets,
    /// Permissions of the sockets.
    pub mode: u32,
    /// The group that they belong to; `None`: ours.
    pub group: Option<u32>,
}

/// Whose words to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BirdDialect {
    /// BIRD 1.6, one process for each family.
    One,
    /// BIRD 2.
    Two,
}

/// Where BIRD's protocol is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BirdSockets {
    /// One socket for both families.
    Both(PathBuf),
    /// A socket for each.
    Each {
        /// For IPv4.
        v4: Option<PathBuf>,
        /// For IPv6.
        v6: Option<PathBuf>,
    },
}

/// The web server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What its metrics tell.
    pub metrics: Metrics,
}

/// What metrics tell besides what they always do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// Who is told one by one.
    pub per_peer: PerPeer,
    /// Everybody is told once more under the names of prometheus-bird-exporter.
    pub bird_aliases: bool,
}

/// Which peers have metrics of their own; all are counted by kind in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerPeer {
    /// Those of other ASes that are configured one by one: they are few.
    External,
    /// All.
    All,
    /// None.
    None,
}

/// Logging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// How much.
    pub level: LogLevel,
    /// In which form.
    pub format: LogFormat,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What failed.
    Error,
    /// What may be wrong.
    Warn,
    /// What happened.
    Info,
    /// What was seen.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The level as filters write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// In which form the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Text.
    Text,
    /// JSON, one object a line.
    Json,
}
