//! The thread that sends. The kernel carries out requests inside of the call that sends them: hundreds of microseconds
//! for a batch, half a second where the tree of routes grows. Meanwhile the task decides the next batch.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::mpsc;
use std::thread;

use nix::sys::socket::{MsgFlags, send};
use tokio::sync::mpsc as channel;

/// Requests that are sent as one, named by the sequence number of the last.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) sequence: u32,
    pub(super) octets: Vec<u8>,
}

/// A batch the kernel did not take at all.
#[derive(Debug)]
pub(super) struct Unsent {
    pub(super) sequence: u32,
    pub(super) error: io::Error,
}

/// The way to the thread. No bound of its own: operations in flight are bounded, and all are in flight here.
#[derive(Debug)]
pub(super) struct Sender {
    batches: mpsc::Sender<Batch>,
    unsent: channel::UnboundedReceiver<Unsent>,
}

impl Sender {
    /// Starts the thread. It ends with the last batch after this value is dropped.
    pub(super) fn start(socket: OwnedFd) -> io::Result<Self> {
        let (batches, waiting) = mpsc::channel::<Batch>();
        let (report, unsent) = channel::unbounded_channel();
        thread::Builder::new().name("fib-sync".into()).spawn(move || {
            for Batch { sequence, octets } in waiting {
                if let Err(error) = transmit(&socket, &octets) {
                    // Nobody asks any more: the task has ended.
                    let _ = report.send(Unsent { sequence, error });
                }
            }
        })?;
        Ok(Self { batches, unsent })
    }

    /// Sends after everything handed in before.
    pub(super) fn send(&self, batch: Batch) -> io::Result<()> {
        self.batches.send(batch).map_err(|_| io::Error::other("the sending thread has ended"))
    }

    /// The next batch that could not be sent. Safe to cancel.
    pub(super) async fn unsent(&mut self) -> Unsent {
        match self.unsent.recv().await {
            Some(unsent) => unsent,
            // The next send says that the thread has ended.
            None => std::future::pending().await,
        }
    }
}

fn transmit(socket: &OwnedFd, octets: &[u8]) -> io::Result<()> {
    loop {
        match send(socket.as_raw_fd(), octets, MsgFlags::empty()) {
            Err(nix::errno::Errno::EINTR) => {}
            sent => return Ok(sent.map(|_| ())?),
        }
    }
}
