//! One connection: a task that reads for the driver, a task that writes for it, and how both end.
//!
//! Closing means: write what is left, shut down the write side, read and forget what the peer still
//! sends for up to a second, close. Closing at once while octets lie unread would make the kernel
//! answer with RST, and the peer would lose the NOTIFICATION that told it why.

use std::io::{self, IoSlice};
use std::time::Duration;

use bgp_core::speaker::{ConnId, Input};
use bytes::{Bytes, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::driver::Inbox;

/// Messages that may wait for a writer: its credit.
const WINDOW: usize = 16;

/// Most octets read at once.
const CHUNK: usize = 32 * 1024;

/// Reads shorter than this are copied, so that a KEEPALIVE does not keep a whole chunk alive.
const SHORT: usize = 4096;

/// How long writing what is left, and then reading what still comes, may each take.
const LINGER: Duration = Duration::from_secs(1);

/// The driver's end of a connection.
#[derive(Debug)]
pub struct Link {
    messages: mpsc::Sender<Bytes>,
    farewell: oneshot::Sender<Vec<Bytes>>,
    closing: CancellationToken,
}

impl Link {
    /// The driver's end of `stream`, and the carrier that makes it work. The carrier starts after the
    /// driver has been told of the connection, or its first octets would overtake the news.
    pub(super) fn new(conn: ConnId, stream: TcpStream, inbox: Inbox) -> (Self, Carrier) {
        let (messages, queue) = mpsc::channel(WINDOW);
        let (farewell, last) = oneshot::channel();
        let closing = CancellationToken::new();
        let queue = Queue { messages: queue, last };
        let carrier = Carrier { conn, stream, inbox, queue, closing: closing.clone() };
        (Self { messages, farewell, closing }, carrier)
    }

    /// Leave to hand over a message now; `None` while the window is full.
    ///
    /// A connection whose tasks have ended gives leave for ever: what is handed over is dropped, and
    /// the speaker is about to hear `Closed`.
    pub fn credit(&self) -> Option<Slot> {
        match self.messages.clone().try_reserve_owned() {
            Ok(permit) => Some(Slot(Some(permit))),
            Err(TrySendError::Full(_)) => None,
            Err(TrySendError::Closed(_)) => Some(Slot(None)),
        }
    }

    /// Resolves once there is leave again.
    pub fn wait(&self) -> impl Future<Output = Slot> + Send + 'static {
        let messages = self.messages.clone();
        async move { Slot(messages.reserve_owned().await.ok()) }
    }

    /// Closes in good order after `last`; returns at once.
    pub fn close(self, last: Vec<Bytes>) {
        // The receiver is gone only where the connection already is.
        let _ = self.farewell.send(last);
        self.closing.cancel();
    }
}

/// Leave to hand over one message.
#[derive(Debug)]
pub struct Slot(Option<mpsc::OwnedPermit<Bytes>>);

impl Slot {
    /// Hands it over.
    pub fn fill(self, message: Bytes) {
        if let Some(permit) = self.0 {
            permit.send(message);
        }
    }
}

/// The tasks of one connection, before they run.
pub(super) struct Carrier {
    conn: ConnId,
    stream: TcpStream,
    inbox: Inbox,
    queue: Queue,
    closing: CancellationToken,
}

struct Queue {
    messages: mpsc::Receiver<Bytes>,
    last: oneshot::Receiver<Vec<Bytes>>,
}

impl Carrier {
    /// Runs them to the end of the connection.
    pub(super) async fn run(self) {
        let Self { conn, stream, inbox, queue, closing } = self;
        let (read, write) = stream.into_split();
        let reading = tokio::spawn(receive(conn, read, inbox.clone(), closing.clone()));
        let overdue = async {
            closing.cancelled().await;
            sleep(LINGER).await;
        };
        let outcome = tokio::select! {
            outcome = transmit(write, queue) => outcome,
            () = overdue => Ok(()),
        };
        if outcome.is_err() {
            inbox.tell(Input::Closed { conn }).await;
            closing.cancelled().await;
        }
        if let Ok(read) = reading.await {
            // Either the peer has closed or its second is over; both end here.
            let _ = timeout(LINGER, discard(read)).await;
        }
    }
}

async fn receive(
    conn: ConnId,
    read: OwnedReadHalf,
    inbox: Inbox,
    closing: CancellationToken,
) -> OwnedReadHalf {
    let forward = async {
        loop {
            // Leave to speak comes before reading, so that time is stamped in the order of arrival and
            // a full inbox stops us here, which stops the peer.
            let Ok(()) = read.readable().await else { break };
            let Some(permit) = inbox.reserve().await else { return };
            match chunk(&read) {
                Ok(None) => {}
                Ok(Some(bytes)) if bytes.is_empty() => break,
                Ok(Some(bytes)) => permit.tell(Input::Received { conn, bytes }),
                Err(_) => break,
            }
        }
        inbox.tell(Input::Closed { conn }).await;
        closing.cancelled().await;
    };
    tokio::select! {
        () = closing.cancelled() => {}
        () = forward => {}
    }
    read
}

/// What is there to read; `None` where readiness was a false alarm, empty at the end.
fn chunk(read: &OwnedReadHalf) -> io::Result<Option<Bytes>> {
    let mut buffer = BytesMut::with_capacity(CHUNK);
    match read.try_read_buf(&mut buffer) {
        Ok(length) if length < SHORT => Ok(Some(Bytes::copy_from_slice(&buffer))),
        Ok(_) => Ok(Some(buffer.freeze())),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

async fn transmit(mut write: OwnedWriteHalf, mut queue: Queue) -> io::Result<()> {
    let mut messages = Vec::with_capacity(WINDOW);
    while queue.messages.recv_many(&mut messages, WINDOW).await > 0 {
        write_all(&mut write, &messages).await?;
        messages.clear();
    }
    if let Ok(last) = queue.last.await {
        write_all(&mut write, &last).await?;
    }
    write.shutdown().await
}

async fn write_all(write: &mut OwnedWriteHalf, messages: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = messages.iter().map(|message| IoSlice::new(message)).collect();
    let mut rest = slices.as_mut_slice();
    while !rest.is_empty() {
        let written = write.write_vectored(rest).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut rest, written);
    }
    Ok(())
}

async fn discard(read: OwnedReadHalf) {
    let mut buffer = [0; 4096];
    loop {
        if read.readable().await.is_err() {
            return;
        }
        match read.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}
