//! Listening: sockets that accept peers' connections, and the keys and hop limits that guard them.

use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, Socket};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::{Arrivals, SocketTable, socket};
use crate::config::{Hops, PeerSocket};

/// Pause after an `accept` that failed for want of descriptors or memory, which would fail again at once.
const BREATH: Duration = Duration::from_millis(100);

/// The listening sockets of a speaker.
pub struct Listeners {
    arrivals: Arrivals,
    table: watch::Sender<Arc<SocketTable>>,
    open: BTreeMap<SocketAddr, Open>,
}

struct Open {
    listener: Arc<TcpListener>,
    task: JoinHandle<()>,
}

impl Open {
    /// Frees the address at once: the task lets go of the socket only when it next has its turn.
    fn close(&self) {
        self.task.abort();
        // A socket that cannot be shut down does not listen.
        let _ = SockRef::from(&self.listener).shutdown(Shutdown::Both);
    }
}

impl Listeners {
    /// No socket yet; connections accepted later go to `arrivals`.
    #[must_use]
    pub fn new(arrivals: Arrivals, table: Arc<SocketTable>) -> Self {
        Self { arrivals, table: watch::Sender::new(table), open: BTreeMap::new() }
    }

    /// Listens on exactly `addresses`: opens what is missing, closes what is not wanted, leaves the rest.
    ///
    /// # Errors
    ///
    /// The first address that cannot be had; it is listened where it was before then. A host without IPv6
    /// is no error as long as something else can be listened on.
    pub fn bind(&mut self, addresses: &[SocketAddr]) -> Result<(), BindError> {
        let before: Vec<SocketAddr> = self.open.keys().copied().collect();
        let outcome = self.change_to(addresses);
        if outcome.is_err()
            && let Err(error) = self.change_to(&before)
        {
            warn!(event = "listen.lost", reason = %error);
        }
        outcome
    }

    /// The same, but what failed half-way stays so. One address may be a part of another: what is not wanted goes
    /// first.
    fn change_to(&mut self, addresses: &[SocketAddr]) -> Result<(), BindError> {
        self.open.retain(|address, open| {
            let wanted = addresses.contains(address);
            if !wanted {
                open.close();
                info!(event = "listen.closed", %address);
            }
            wanted
        });
        for &address in addresses {
            if self.open.contains_key(&address) {
                continue;
            }
            match self.open_one(address) {
                Ok(open) => drop(self.open.insert(address, open)),
                Err(error)
                    if address.ip().is_unspecified() && addresses.len() > 1 && lacks_family(&error) =>
                {
                    warn!(event = "listen.unavailable", %address, reason = %error);
                }
                Err(source) => return Err(BindError { address, source }),
            }
        }
        Ok(())
    }

    /// Where the sockets really are, the port filled in where it was left to the system.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.open.values().filter_map(|open| open.listener.local_addr().ok())
    }

    /// The table in force, and every one that replaces it.
    #[must_use]
    pub fn table(&self) -> watch::Receiver<Arc<SocketTable>> {
        self.table.subscribe()
    }

    /// Puts another table in force: keys that went are taken away, those that are new or changed are set.
    pub fn replace(&mut self, table: Arc<SocketTable>) {
        let old = self.table.send_replace(Arc::clone(&table));
        for (address, open) in &self.open {
            let gone = old.iter().filter(|entry| entry.password.is_some() && !has_key(&table, entry));
            for entry in gone.filter(|entry| same_family(entry, *address)) {
                note(entry, socket::set_key(&SockRef::from(&open.listener), entry.remote, None));
            }
            guard(&open.listener, *address, &table);
        }
    }

    fn open_one(&self, address: SocketAddr) -> io::Result<Open> {
        let listener = TcpListener::from_std(socket::listening(address)?.into())?;
        guard(&listener, address, &self.table.borrow());
        let listener = Arc::new(listener);
        let accepting = accept(Arc::clone(&listener), self.arrivals.clone(), self.table.subscribe());
        info!(event = "listen.open", address = %listener.local_addr()?);
        Ok(Open { listener, task: tokio::spawn(accepting) })
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        self.open.values().for_each(|open| open.task.abort());
    }
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// The system's reason.
    pub source: io::Error,
}

async fn accept(listener: Arc<TcpListener>, arrivals: Arrivals, table: watch::Receiver<Arc<SocketTable>>) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                let table = Arc::clone(&table.borrow());
                match prepare(&stream, remote, &table) {
                    Ok(()) => {
                        let stranger = table.covering(remote.ip()).is_none();
                        arrivals.accepted(stream, remote, stranger).await;
                    }
                    Err(error) => warn!(event = "accept.failed", %remote, reason = %error),
                }
            }
            Err(error) => {
                warn!(event = "accept.failed", reason = %error);
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// Gives an accepted connection its peer's hop limits; the key it has from the listener.
fn prepare(stream: &TcpStream, remote: SocketAddr, table: &SocketTable) -> io::Result<()> {
    let socket = SockRef::from(stream);
    socket::mark(&socket, remote.is_ipv4())?;
    match table.covering(remote.ip()) {
        Some(options) => socket::set_hops(&socket, options.hops, remote.is_ipv4()),
        None => Ok(()),
    }
}

fn guard(listener: &TcpListener, address: SocketAddr, table: &SocketTable) {
    let socket = SockRef::from(listener);
    for entry in table.iter().filter(|entry| entry.password.is_some() && same_family(entry, address)) {
        note(entry, socket::set_key(&socket, entry.remote, entry.password.as_ref()));
    }
    if let Err(error) = set_hops(&socket, address.is_ipv4(), table) {
        warn!(event = "listen.hops", %address, reason = %error);
    }
}

/// The SYN-ACK is sent before we know to whom: it must reach those who take only the full TTL.
fn set_hops(socket: &Socket, ipv4: bool, table: &SocketTable) -> io::Result<()> {
    if table.needs_full_ttl(ipv4) {
        socket::set_hops(socket, Hops::Within(1), ipv4)?;
    }
    socket::set_least_incoming(socket, table.least_incoming(ipv4), ipv4)
}

fn note(entry: &PeerSocket, outcome: io::Result<()>) {
    let Err(error) = outcome else { return };
    let hint = if error.raw_os_error() == Some(libc::ENOMEM) {
        "raise net.core.optmem_max, or give the peers one [[dynamic_peers]] range with one key"
    } else {
        ""
    };
    warn!(event = "listen.key", peer = %entry.name, remote = %entry.remote, reason = %error, hint);
}

fn same_family(entry: &PeerSocket, address: SocketAddr) -> bool {
    entry.remote.addr().is_ipv4() == address.is_ipv4()
}

fn has_key(table: &SocketTable, wanted: &PeerSocket) -> bool {
    table.iter().any(|entry| entry.remote == wanted.remote && entry.password.is_some())
}

fn lacks_family(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL | libc::EPROTONOSUPPORT))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::*;
    use crate::clock::Clock;
    use crate::driver::Driver;

    fn listeners() -> (Listeners, Driver) {
        let (inbox, driver) = Driver::new(Clock::start());
        (Listeners::new(Arrivals::new(inbox), Arc::new(SocketTable::new(Vec::new()))), driver)
    }

    /// A port that nobody listens on.
    fn port() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.local_addr().expect("it is bound").port()
    }

    #[tokio::test]
    async fn where_an_address_cannot_be_had_it_is_listened_as_before() {
        let (mut listeners, _driver) = listeners();
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, port()));
        let nobodys = SocketAddr::from(([192, 0, 2, 1], here.port()));
        listeners.bind(&[here]).expect("nobody else listens there");
        let refused = listeners.bind(&[nobodys]).expect_err("it is not of this host");
        assert_eq!(refused.address, nobodys);
        assert_eq!(listeners.addresses().collect::<Vec<_>>(), [here]);
        TcpStream::connect(here).expect("somebody listens");
    }

    #[tokio::test]
    async fn an_address_makes_room_for_all_addresses() {
        let (mut listeners, _driver) = listeners();
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, port()));
        let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, here.port()));
        listeners.bind(&[here]).expect("nobody else listens there");
        listeners.bind(&[everywhere]).expect("it is free at once");
        TcpStream::connect(here).expect("somebody listens");
        listeners.bind(&[here]).expect("and back");
    }
}
