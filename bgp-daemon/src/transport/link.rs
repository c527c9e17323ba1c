//! One connection: a task that reads for the driver, a task that writes what the socket had no room for, and
//! how both end.
//!
//! What is short is written by the driver itself, for a flap told to a hundred peers would else wake a task for
//! each of them, and the last waited for all. Once a socket is full, or for what is long, the writer takes over
//! until everything it was handed is out, so that octets keep their order.
//!
//! Closing means: write what is left, shut down the write side, read and forget what the peer still
//! sends for up to a second, close. Closing at once while octets lie unread would make the kernel
//! answer with RST, and the peer would lose the NOTIFICATION that told it why.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use bgp_core::speaker::{ConnId, Input};
use bytes::{Buf, Bytes, BytesMut};
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::driver::Inbox;

/// Messages that may be in a writer's hands: its credit.
const WINDOW: usize = 16;

/// Most octets the driver writes itself. Copying more than that is worth a thread of its own.
const SHORT_WRITE: usize = 16 * 1024;

/// Most octets read at once.
const CHUNK: usize = 32 * 1024;

/// Reads shorter than this are copied, so that a KEEPALIVE does not keep a whole chunk alive.
const SHORT: usize = 4096;

/// How long writing what is left, and then reading what still comes, may each take.
const LINGER: Duration = Duration::from_secs(1);

/// The driver's end of a connection.
#[derive(Debug)]
pub struct Link {
    stream: Arc<TcpStream>,
    window: Arc<Semaphore>,
    /// The writer may have something in its hands.
    lent: bool,
    batches: mpsc::UnboundedSender<Batch>,
    farewell: oneshot::Sender<Vec<Bytes>>,
    closing: CancellationToken,
}

/// Messages in a writer's hands, and the credit that they take until they are written.
#[derive(Debug)]
struct Batch {
    messages: Vec<Bytes>,
    _credit: Option<OwnedSemaphorePermit>,
}

impl Link {
    /// The driver's end of `stream`, and the carrier that makes it work. The carrier starts after the
    /// driver has been told of the connection, or its first octets would overtake the news.
    pub(super) fn new(conn: ConnId, stream: TcpStream, inbox: Inbox) -> (Self, Carrier) {
        let stream = Arc::new(stream);
        let (batches, queue) = mpsc::unbounded_channel();
        let (farewell, last) = oneshot::channel();
        let closing = CancellationToken::new();
        let queue = Queue { batches: queue, last };
        let window = Arc::new(Semaphore::new(WINDOW));
        let carrier = Carrier { conn, stream: Arc::clone(&stream), inbox, queue, closing: closing.clone() };
        (Self { stream, window, lent: false, batches, farewell, closing }, carrier)
    }

    /// How many messages may be handed over now.
    ///
    /// A connection whose tasks have ended has room for ever: what is handed over is dropped, and
    /// the speaker is about to hear `Closed`.
    pub fn room(&mut self) -> usize {
        if !self.lent {
            return WINDOW;
        }
        let room = self.window.available_permits();
        self.lent = room < WINDOW;
        room
    }

    /// Resolves once there is room again.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + 'static {
        let window = Arc::clone(&self.window);
        async move { drop(window.acquire_owned().await) }
    }

    /// Hands messages over, no more than there is [`room`](Self::room) for; returns at once.
    pub fn send(&mut self, mut messages: Vec<Bytes>) {
        // With all credit at home, nothing is left that would have to be written before.
        let straight = self.room() == WINDOW && length(&messages) <= SHORT_WRITE;
        if straight && self.try_write(&mut messages) {
            return;
        }
        let credit = u32::try_from(messages.len()).unwrap_or(u32::MAX);
        let credit = Arc::clone(&self.window).try_acquire_many_owned(credit).ok();
        debug_assert!(credit.is_some(), "no more is handed over than there is room for");
        self.lent = true;
        // The receiver is gone only where the connection already is.
        let _ = self.batches.send(Batch { messages, _credit: credit });
    }

    /// Whether the socket took everything; what it did not take stays. What is wrong with a socket, the writer
    /// will find out.
    fn try_write(&self, messages: &mut Vec<Bytes>) -> bool {
        while !messages.is_empty() {
            match self.stream.try_write_vectored(&slices(messages)) {
                Ok(written) if written > 0 => advance(messages, written),
                Ok(_) | Err(_) => return false,
            }
        }
        true
    }

    /// Closes in good order after `last`; returns at once.
    pub fn close(self, last: Vec<Bytes>) {
        // The receiver is gone only where the connection already is.
        let _ = self.farewell.send(last);
        self.closing.cancel();
    }
}

/// The tasks of one connection, before they run.
pub(super) struct Carrier {
    conn: ConnId,
    stream: Arc<TcpStream>,
    inbox: Inbox,
    queue: Queue,
    closing: CancellationToken,
}

struct Queue {
    batches: mpsc::UnboundedReceiver<Batch>,
    last: oneshot::Receiver<Vec<Bytes>>,
}

impl Carrier {
    /// Runs them to the end of the connection.
    pub(super) async fn run(self) {
        let Self { conn, stream, inbox, queue, closing } = self;
        let reading = tokio::spawn(receive(conn, Arc::clone(&stream), inbox.clone(), closing.clone()));
        let overdue = async {
            closing.cancelled().await;
            sleep(LINGER).await;
        };
        let outcome = tokio::select! {
            outcome = transmit(&stream, queue) => outcome,
            () = overdue => Ok(()),
        };
        if outcome.is_err() {
            inbox.tell(Input::Closed { conn }).await;
            closing.cancelled().await;
        }
        // Either the peer has closed or its second is over; both end here.
        if reading.await.is_ok() {
            let _ = timeout(LINGER, discard(&stream)).await;
        }
    }
}

async fn receive(conn: ConnId, stream: Arc<TcpStream>, inbox: Inbox, closing: CancellationToken) {
    let forward = async {
        loop {
            // Leave to speak comes before reading, so that time is stamped in the order of arrival and
            // a full inbox stops us here, which stops the peer.
            let Ok(()) = stream.readable().await else { break };
            let Some(permit) = inbox.reserve().await else { return };
            match chunk(&stream) {
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
}

/// What is there to read; `None` where readiness was a false alarm, empty at the end.
fn chunk(stream: &TcpStream) -> io::Result<Option<Bytes>> {
    let mut buffer = BytesMut::with_capacity(CHUNK);
    match stream.try_read_buf(&mut buffer) {
        Ok(length) if length < SHORT => Ok(Some(Bytes::copy_from_slice(&buffer))),
        Ok(_) => Ok(Some(buffer.freeze())),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

async fn transmit(stream: &TcpStream, mut queue: Queue) -> io::Result<()> {
    while let Some(mut batch) = queue.batches.recv().await {
        write_all(stream, &mut batch.messages).await?;
    }
    if let Ok(mut last) = queue.last.await {
        write_all(stream, &mut last).await?;
    }
    SockRef::from(stream).shutdown(Shutdown::Write)
}

async fn write_all(stream: &TcpStream, messages: &mut Vec<Bytes>) -> io::Result<()> {
    while !messages.is_empty() {
        stream.writable().await?;
        match stream.try_write_vectored(&slices(messages)) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => advance(messages, written),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn length(messages: &[Bytes]) -> usize {
    messages.iter().map(Bytes::len).sum()
}

fn slices(messages: &[Bytes]) -> Vec<IoSlice<'_>> {
    messages.iter().map(|message| IoSlice::new(message)).collect()
}

/// Takes so many octets, and messages that are empty, off the front.
fn advance(messages: &mut Vec<Bytes>, mut written: usize) {
    let whole = messages.iter().take_while(|message| {
        let fits = message.len() <= written;
        written -= if fits { message.len() } else { 0 };
        fits
    });
    let whole = whole.count();
    messages.drain(..whole);
    if let Some(first) = messages.first_mut() {
        first.advance(written);
    }
}

async fn discard(stream: &TcpStream) {
    let mut buffer = [0; 4096];
    loop {
        if stream.readable().await.is_err() {
            return;
        }
        match stream.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests;
