//! What the page is looked at with: a node with a kernel, a neighbour with two speakers, and names that mean no good.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rtnetlink::packet_route::route::RouteProtocol;
use tests::browser::Browser;
use tests::caracal::{ask, start};
use tests::failure::Failure;
use tests::kernel::{Route, Way};
use tests::netns::Netns;
use tests::process::Daemon;
use tests::programs::program;
use tests::wait;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the page is.
pub(crate) const PAGE: &str = "http://10.0.0.1:9470";

/// What would happen if a description became markup.
pub(crate) const MARKUP: &str = r#""><img src=x onerror="document.title='pwned'">"#;
/// The same by another way.
pub(crate) const SCRIPT: &str = "<script>document.title='pwned'</script>";
/// What a neighbour says when it ends a session.
pub(crate) const LAST_WORDS: &str = "<b>maintenance</b> until 06:00 <img src=x onerror=alert(1)>";

/// The node.
const NODE: &str = r#"
asn = 64512
router_id = "10.0.0.1"
hold_time = "9s"
[http]
listen = "10.0.0.1:9470"
[graceful_restart]
first_contact = "0s"
[[group]]
name = "tor"
asn = 65001
connect_retry = "2s"
import = "from-tor"
export = "accept-all"
[[peer]]
name = "tor-a"
address = "10.0.0.2"
inherit = "tor"
description = "rack 7, upper switch"
[[peer]]
name = "tor-b"
address = "10.0.0.3"
inherit = "tor"
passive = true
description = '''MARKUP'''
[[peer]]
name = "spine-1"
address = "10.0.0.4"
inherit = "tor"
description = '''SCRIPT'''
[[peer]]
name = "node-23"
address = "10.0.0.23"
asn = 64512
enabled = false
description = "in the workshop"
[[policy]]
name = "from-tor"
default = "accept"
rules = [{ name = "no-private", match = { prefix = ["192.168.0.0/16+"] }, action = "reject" }]
[[originate]]
prefix = "10.244.196.128/26"
[[originate]]
prefix = "fd00:10:244:c480::/122"
"#;

/// The prefixes that the upper switch tells.
const TOLD: [&str; 8] = [
    "0.0.0.0/0",
    "10.9.9.0/24",
    "10.20.0.0/16",
    "10.20.30.0/24",
    "172.16.0.0/12",
    "192.168.17.0/24",
    "203.0.113.0/24",
    "198.51.100.0/24",
];

/// The prefix that somebody else's route keeps from the kernel.
pub(crate) const TAKEN: &str = "10.9.9.0/24";

/// All of it, with a browser beside the node's daemon.
pub(crate) struct Scene {
    pub(crate) browser: Browser,
    node: Option<Daemon>,
    place: Arc<Netns>,
    _switches: [Daemon; 2],
}

impl Scene {
    /// Sessions are as they will stay: one up, one ended by its peer, one refused, one disabled.
    pub(crate) fn set() -> Result<Self, Failure> {
        let (place, tor) = (Arc::new(Netns::create("node")?), Arc::new(Netns::create("tor")?));
        wire(&place, &tor)?;
        let upper: String = TOLD
            .iter()
            .map(|prefix| format!("[[originate]]\nprefix = \"{prefix}\"\nkind = \"announce\"\n"))
            .collect();
        let switches =
            [start("tor-a", Some(&tor), &switch(2, &upper))?, start("tor-b", Some(&tor), &switch(3, ""))?];
        let node = start_node(&place)?;
        for peer in ["tor-a", "tor-b"] {
            until_peer(peer, "\"state\": \"Established\"")?;
        }
        ask("tor-b", &["peer", "node", "disable", "--text", LAST_WORDS])?;
        until_peer("tor-b", "maintenance")?;
        until_peer("spine-1", "refused")?;
        let browser = Browser::open(&place)?;
        Ok(Self { browser, node: Some(node), place, _switches: switches })
    }

    /// The node's daemon begins anew.
    pub(crate) fn start_node(&mut self) -> Result<(), Failure> {
        self.node = Some(start_node(&self.place)?);
        Ok(())
    }

    /// The node's daemon ends.
    pub(crate) fn end_node(&mut self) -> Result<(), Failure> {
        self.node.take().map_or(Ok(()), |node| node.terminate(PATIENCE))
    }

    /// Shows a view and waits until it shows what was asked for it.
    pub(crate) fn show(&self, view: &str) -> Result<(), Failure> {
        self.browser.visit(&format!("{PAGE}/{view}"))?;
        self.browser.until("document.getElementById('fresh').textContent.startsWith('live')")
    }

    /// Puts a picture where people find it.
    pub(crate) fn keep_picture(&self, name: &str) -> Result<(), Failure> {
        let folder = pictures();
        fs::create_dir_all(&folder).expect("a folder for pictures");
        fs::write(folder.join(format!("{name}.png")), self.browser.picture()?).expect("a picture");
        Ok(())
    }

    /// Fails if the page became what it was told, the console complained, or somebody else was asked.
    pub(crate) fn is_clean(&self) -> Result<(), Failure> {
        let title = self.browser.run("return document.title")?;
        assert_eq!(title, "10.0.0.1 · Caracal", "something that was told has run");
        assert_eq!(self.browser.complaints()?, Vec::<String>::new());
        let requests = self.browser.requests()?;
        assert!(!requests.is_empty());
        for url in requests {
            assert!(url.starts_with(&format!("{PAGE}/")), "somebody else was asked: {url}");
        }
        Ok(())
    }
}

fn start_node(place: &Netns) -> Result<Daemon, Failure> {
    start("node", Some(place), &NODE.replace("MARKUP", MARKUP).replace("SCRIPT", SCRIPT))
}

/// `target/page`, whatever the profile.
fn pictures() -> PathBuf {
    program("").join("../page")
}

fn wire(place: &Arc<Netns>, tor: &Arc<Netns>) -> Result<(), Failure> {
    place.kernel(|kernel| kernel.add_pair("eth0", "eth0", &**tor))?;
    for (end, hosts) in [(place, 1..2), (tor, 2..5)] {
        end.kernel(|kernel| {
            kernel.up("eth0")?;
            let address = |host| format!("10.0.0.{host}/24").parse().expect("an address");
            hosts.clone().try_for_each(|host| kernel.add_address("eth0", address(host), 0))
        })?;
    }
    let (to, protocol) = (TAKEN.parse().expect("a prefix"), RouteProtocol::Static);
    place.kernel(|kernel| kernel.add_route(&Route { to, way: Way::Blackhole, protocol, metric: 0 }))
}

/// The configuration of a switch.
fn switch(host: u8, routes: &str) -> String {
    format!(
        "asn = 65001\nrouter_id = \"10.0.0.{host}\"\n[listen]\naddresses = [\"10.0.0.{host}\"]\n\
         [kernel]\nenabled = false\n[[peer]]\nname = \"node\"\naddress = \"10.0.0.1\"\nasn = 64512\n\
         local_address = \"10.0.0.{host}\"\nimport = \"accept-all\"\nexport = \"accept-all\"\nconnect_retry = \"1s\"\n{routes}"
    )
}

/// Waits until the node says `what` of a peer.
fn until_peer(name: &str, what: &str) -> Result<(), Failure> {
    wait::until(&format!("{what} of {name}"), PATIENCE, || {
        let told = ask("node", &["peer", name, "-o", "json"]).map_err(|failure| failure.to_string())?;
        let spaced = told.replace("\":\"", "\": \"");
        if spaced.contains(what) { Ok(()) } else { Err(told) }
    })
}
