//! The dialer: at most one attempt to connect per peer, begun and abandoned as the speaker says.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bgp_core::speaker::PeerId;
use nix::errno::Errno;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::connect::dial;
use super::{Arrivals, SocketTable};

/// Begins and abandons attempts to connect.
#[derive(Debug)]
pub struct Dialer {
    runtime: Handle,
    arrivals: Arrivals,
    table: watch::Receiver<Arc<SocketTable>>,
    attempts: HashMap<PeerId, AbortHandle>,
}

impl Dialer {
    /// A dialer whose attempts run on `runtime` with the options in `table`.
    #[must_use]
    pub fn new(runtime: Handle, arrivals: Arrivals, table: watch::Receiver<Arc<SocketTable>>) -> Self {
        Self { runtime, arrivals, table, attempts: HashMap::new() }
    }

    /// Dials `remote`; an earlier attempt for the same peer ends.
    pub fn connect(&mut self, peer: PeerId, name: Arc<str>, remote: SocketAddr, local: Option<IpAddr>) {
        let table = Arc::clone(&self.table.borrow());
        let arrivals = self.arrivals.clone();
        let attempt = self.runtime.spawn(async move {
            let options = table.named(&name);
            let outcome = dial(remote, local, options).await;
            let signed = options.is_some_and(|options| options.password.is_some());
            arrivals.dialed(peer, outcome.map_err(|error| explain(error, signed))).await;
        });
        if let Some(earlier) = self.attempts.insert(peer, attempt.abort_handle()) {
            earlier.abort();
        }
    }

    /// Ends the attempt for `peer`, if there is one.
    pub fn abandon(&mut self, peer: PeerId) {
        if let Some(attempt) = self.attempts.remove(&peer) {
            attempt.abort();
        }
    }
}

/// An error in words for people, without the number of the system's. A wrong key looks like an unreachable host, because
/// the kernel drops such segments silently.
fn explain(error: io::Error, signed: bool) -> io::Error {
    match error.kind() {
        io::ErrorKind::TimedOut if signed => {
            io::Error::new(error.kind(), "timed out: unreachable, or the peer has no or another MD5 key")
        }
        io::ErrorKind::TimedOut => io::Error::new(error.kind(), "timed out"),
        kind => match error.raw_os_error() {
            Some(number) => io::Error::new(kind, Errno::from_raw(number).desc()),
            None => error,
        },
    }
}

impl Drop for Dialer {
    fn drop(&mut self) {
        self.attempts.values().for_each(AbortHandle::abort);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_words_and_no_numbers_of_the_system() {
        let unreachable = || io::Error::from_raw_os_error(Errno::EHOSTUNREACH as i32);
        let told = explain(unreachable(), true);
        assert_eq!((told.kind(), told.to_string().as_str()), (unreachable().kind(), "No route to host"));
        let words = "interface eth7: No such device";
        let named = explain(io::Error::new(io::ErrorKind::NotFound, words), false);
        assert_eq!(named.to_string(), words, "what has words of its own keeps them");
    }
}
