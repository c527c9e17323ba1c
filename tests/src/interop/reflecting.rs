//! Foreign daemons as clients of our reflector, each on a cable of its own, and an observer that reads what they hear.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant as Wall};

use bgp_core::peer::PeerAsn;
use bgp_core::session::{Local, Session as Ours, Signal};
use bgp_core::wire::{Routes, Update};
use bgp_core::{Asn, Instant, RouterId};
use ipnet::IpNet;

use super::exchange::{LIMIT, holds, said};
use super::route::{Table, rich};
use super::{Dial, End, Session, Speaker};
use crate::failure::{Doing, Failure};
use crate::kernel::Ip;
use crate::netns::Netns;
use crate::process::Daemon;
use crate::programs::program;
use crate::sandbox::SCRATCH;
use crate::wait;

/// A client, its session and what it says.
struct Client<'a> {
    speaker: &'a mut dyn Speaker,
    session: Session,
    place: Netns,
    routes: Table,
}

/// Clients tell the reflector routes of both families, change and withdraw some. Each has to hold those of all others
/// and none of its own, and the observer has to see who each is from and that our cluster was passed once.
pub fn between(speakers: Vec<(&'static str, &mut dyn Speaker)>) -> Result<(), Failure> {
    let hub = Netns::create("hub")?;
    let mut clients = Vec::new();
    for (number, (name, speaker)) in (1..).zip(speakers) {
        let session = session(name, number);
        let place = cable(&hub, &session)?;
        let routes = table(&session, number, 0);
        clients.push(Client { speaker, session, place, routes });
    }
    let watch = session("observer", OBSERVER);
    let place = cable(&hub, &watch)?;
    let mut reflector = start(&hub)?;
    for client in &mut clients {
        client.speaker.start(&client.place, &client.session, &client.routes)?;
    }
    let mut observer = place.run(|| Observer::connect(&watch))??;
    let logs = |reflector: &Daemon, failure: Failure| {
        Failure::new(format!("reflect: {failure}"), reflector.last_words())
    };
    reflector.check()?;
    converge(&clients, &mut observer).map_err(|failure| logs(&reflector, failure))?;
    for (number, client) in (1..).zip(&mut clients) {
        client.routes = changed(&client.session, number);
        client.speaker.replace(&client.session, &client.routes)?;
    }
    converge(&clients, &mut observer).map_err(|failure| logs(&reflector, failure))
}

/// Until everybody holds what it should.
fn converge(clients: &[Client<'_>], observer: &mut Observer) -> Result<(), Failure> {
    for (number, client) in clients.iter().enumerate() {
        let others = clients.iter().enumerate().filter(|(other, _)| *other != number);
        let wanted: Table =
            others.flat_map(|(_, other)| said(&*other.speaker, &other.session, &other.routes)).collect();
        wait::until(&format!("others' routes at {}", client.speaker.name()), LIMIT, || {
            holds(&*client.speaker, &client.session, &wanted)
        })?;
    }
    let stamped = |client: &Client<'_>| {
        let stamp = Stamp { originator: Some(RouterId(client.session.local.v4)), clusters: vec![CLUSTER] };
        client.routes.keys().map(move |prefix| (*prefix, stamp.clone())).collect::<Vec<_>>()
    };
    let wanted: BTreeMap<IpNet, Stamp> = clients.iter().flat_map(stamped).collect();
    wait::until("everybody's routes at the observer", LIMIT, || observer.sees(&wanted))
}

/// The end of a session of the `number`-th client, which dials.
fn session(name: &'static str, number: u8) -> Session {
    let end = |name, host: u8| End {
        name,
        asn: ASN,
        v4: Ipv4Addr::new(10, 9, number, host),
        v6: Ipv6Addr::new(0x2001, 0xdb8, 9, number.into(), 0, 0, 0, host.into()),
    };
    Session::plain(end(name, 2), end("hub", 1), Dial::Out, Ip::V4, &Ip::BOTH)
}

/// A cable from the reflector to a client.
fn cable(hub: &Netns, session: &Session) -> Result<Netns, Failure> {
    let place = Netns::create(session.local.name)?;
    let device = session.local.name;
    for place in [hub, &place] {
        place.set("ipv6/conf/default/accept_dad", "0")?;
    }
    hub.kernel(|kernel| kernel.add_pair(device, "eth0", &place))?;
    for (place, device, end) in [(hub, device, &session.remote), (&place, "eth0", &session.local)] {
        place.kernel(|kernel| {
            kernel.up(device)?;
            kernel.add_address(device, IpNet::new_assert(end.v4.into(), 24), 0)?;
            kernel.add_address(device, IpNet::new_assert(end.v6.into(), 64), 0)
        })?;
    }
    Ok(place)
}

fn start(hub: &Netns) -> Result<Daemon, Failure> {
    let file = format!("{SCRATCH}/hub.toml");
    let text = format!(
        "asn = {ASN}\nrouter_id = \"10.9.0.1\"\ncluster_id = \"{CLUSTER}\"\nrole = \"reflector\"\n\
         families = [\"ipv4\", \"ipv6\"]\n[listen]\naddresses = [\"0.0.0.0\"]\n[control]\nsocket = \"{SCRATCH}/hub.sock\"\n\
         [[dynamic_peers]]\nprefix = \"10.9.0.0/16\"\nasn = {ASN}\nclient = true\n"
    );
    fs::write(&file, text).doing("write a configuration")?;
    let mut command = Command::new(program("caracal-rr"));
    command.args(["run", "--config", &file]);
    Daemon::start("caracal-rr", &mut command, hub, format!("{SCRATCH}/hub.log").as_ref())
}

fn table(session: &Session, block: u8, edition: u32) -> Table {
    let families = session.families.iter();
    families.flat_map(|ip| rich(*ip, ROUTES, block, edition, session.local.address(*ip))).collect()
}

/// A third of the routes is gone, a third has other attributes.
fn changed(session: &Session, block: u8) -> Table {
    let all = table(session, block, 0).into_iter().zip(table(session, block, 1)).enumerate();
    all.filter_map(|(number, (old, new))| [None, Some(new), Some(old)].into_iter().nth(number % 3)?).collect()
}

/// Who a route is from and which clusters it passed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    originator: Option<RouterId>,
    clusters: Vec<RouterId>,
}

/// A client that says nothing and reads every octet.
struct Observer {
    stream: TcpStream,
    session: Ours,
    start: Wall,
    held: BTreeMap<IpNet, Stamp>,
}

impl Observer {
    fn connect(session: &Session) -> Result<Self, Failure> {
        let to = SocketAddr::new(session.remote.v4.into(), 179);
        let stream = wait::until("the reflector to listen", LIMIT, || TcpStream::connect(to))?;
        stream.set_read_timeout(Some(Duration::from_millis(100))).doing("set a limit")?;
        let local = Local::new(Asn(ASN), RouterId(session.local.v4), PeerAsn::Internal);
        Ok(Self {
            stream,
            session: Ours::new(local, Instant::ZERO),
            start: Wall::now(),
            held: BTreeMap::new(),
        })
    }

    fn sees(&mut self, wanted: &BTreeMap<IpNet, Stamp>) -> Result<(), Failure> {
        self.read()?;
        let wrong = wanted.iter().find(|(prefix, stamp)| self.held.get(prefix) != Some(stamp));
        let strange = self.held.keys().find(|prefix| !wanted.contains_key(prefix));
        match (wrong, strange) {
            (None, None) => Ok(()),
            (Some((prefix, stamp)), _) => {
                Err(Failure::new(format!("see {prefix} {stamp:?}"), format!("{:?}", self.held.get(prefix))))
            }
            (None, Some(prefix)) => {
                Err(Failure::new("see all routes and no others", format!("{prefix} too")))
            }
        }
    }

    /// Reads until nothing comes for a moment.
    fn read(&mut self) -> Result<(), Failure> {
        let mut buffer = [0; 65536];
        loop {
            let now = Instant::from_micros(self.start.elapsed().as_micros() as u64);
            self.session.handle_timeout(now);
            while let Some(octets) = self.session.poll_transmit() {
                self.stream.write_all(&octets).doing("answer the reflector")?;
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(Failure::new("hear the reflector", "it hung up")),
                Ok(length) => self.session.receive(&buffer[..length], now),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(());
                }
                Err(error) => return Err(Failure::new("hear the reflector", error)),
            }
            while let Some(signal) = self.session.poll_signal() {
                match signal {
                    Signal::Update(update) => self.note(&update),
                    Signal::Down(down) => return Err(Failure::new("hear the reflector", down.to_string())),
                    Signal::Opened(_) | Signal::Established(_) | Signal::Refresh(_) => {}
                }
            }
        }
    }

    fn note(&mut self, update: &Update) {
        let stamp = update.attributes.as_ref().map(|attributes| Stamp {
            originator: attributes.originator_id,
            clusters: attributes.cluster_list.to_vec(),
        });
        let unreach = update.unreach.iter().flat_map(|unreach| unicast(&unreach.routes));
        for prefix in update.withdrawn.iter().map(|nlri| nlri.prefix).chain(unreach) {
            self.held.remove(&prefix);
        }
        let reach = update.reach.iter().flat_map(|reach| unicast(&reach.routes));
        for prefix in update.announced.iter().map(|nlri| nlri.prefix).chain(reach) {
            self.held.extend(stamp.clone().map(|stamp| (prefix, stamp)));
        }
    }
}

fn unicast(routes: &Routes) -> impl Iterator<Item = IpNet> {
    let nlri = match routes {
        Routes::Unicast(nlri) => nlri.as_slice(),
        Routes::Opaque { .. } => &[],
    };
    nlri.iter().map(|nlri| nlri.prefix)
}

const ASN: u32 = 64512;
const CLUSTER: RouterId = RouterId(Ipv4Addr::new(10, 9, 0, 99));
/// Routes of each family that each client originates.
const ROUTES: u16 = 60;
/// The observer's cable.
const OBSERVER: u8 = 99;
