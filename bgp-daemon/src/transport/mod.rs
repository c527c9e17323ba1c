//! TCP: listening, dialing, and the two tasks that carry a connection's octets to and from the driver.

mod connect;
mod dialer;
mod interface;
mod link;
mod listen;
mod socket;
mod table;

pub use connect::dial;
pub use dialer::Dialer;
pub(crate) use interface::network;
pub use link::Link;
pub use listen::{BindError, Listeners};
pub(crate) use socket::BACKLOG;
#[cfg(test)]
pub(crate) use socket::keys_that_fit;
pub use table::SocketTable;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bgp_core::speaker::{ConnId, ConnectError, Input, Interface, PeerId};
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;

use crate::driver::Inbox;

/// Where new connections go: gives each its name and its tasks, and tells the driver.
#[derive(Clone, Debug)]
pub struct Arrivals {
    inbox: Inbox,
    next: Arc<AtomicU64>,
    carriers: TaskTracker,
}

impl Arrivals {
    /// Connections go to the driver behind `inbox`; names begin at 1.
    #[must_use]
    pub fn new(inbox: Inbox) -> Self {
        Self { inbox, next: Arc::new(AtomicU64::new(1)), carriers: TaskTracker::new() }
    }

    /// Somebody connected to us. For a stranger, of whom the configuration knows nothing, nobody looks
    /// at the interface.
    pub async fn accepted(&self, stream: TcpStream, remote: SocketAddr, stranger: bool) {
        // An error means that the connection is gone already: nobody has to hear of it.
        let Ok(local) = stream.local_addr() else { return };
        let conn = self.name();
        let interface = if stranger { Interface::default() } else { interface::around(local) };
        self.open(conn, stream, Input::Accepted { conn, local, remote, interface }).await;
    }

    /// We connected to `peer`, or could not.
    pub async fn dialed(&self, peer: PeerId, outcome: io::Result<TcpStream>) {
        let connected = outcome.and_then(|stream| Ok((stream.local_addr()?, stream.peer_addr()?, stream)));
        match connected {
            Ok((local, remote, stream)) => {
                let conn = self.name();
                let interface = interface::around(local);
                self.open(conn, stream, Input::Connected { conn, peer, local, remote, interface }).await;
            }
            Err(error) => {
                let error = match error.kind() {
                    io::ErrorKind::ConnectionRefused => ConnectError::Refused,
                    io::ErrorKind::ConnectionReset => ConnectError::Reset,
                    io::ErrorKind::TimedOut => ConnectError::TimedOut(error.to_string()),
                    _ => ConnectError::Other(error.to_string()),
                };
                self.inbox.tell(Input::ConnectFailed { peer, error }).await;
            }
        }
    }

    /// Resolves once every connection has ended; for when no new ones come any more.
    pub async fn drained(&self) {
        self.carriers.close();
        self.carriers.wait().await;
    }

    async fn open(&self, conn: ConnId, stream: TcpStream, input: Input) {
        let (link, carrier) = Link::new(conn, stream, self.inbox.clone());
        self.inbox.open(input, conn, link).await;
        self.carriers.spawn(carrier.run());
    }

    fn name(&self) -> ConnId {
        ConnId(self.next.fetch_add(1, Ordering::Relaxed))
    }
}
