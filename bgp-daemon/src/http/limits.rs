//! One connection, and what it may cost: short headers, in time, and a reader that reads.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep, timeout};

/// What a connection may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How long a request's head may take to arrive, counted from when the connection was idle.
    request: Duration,
    /// Whether another request may follow.
    keep_alive: bool,
    /// How long all of it may take; `None` for as long as somebody reads at a fair pace.
    whole: Option<Duration>,
}

/// At an ordinary place. Whoever asks says so in one packet; who is slower than this holds a place for nothing.
pub(super) const ORDINARY: Limits = Limits { request: Duration::from_secs(5), keep_alive: true, whole: None };

/// At a place of the reserve: a probe asks at once, and once, and does not take its answer by the octet.
pub(super) const RESERVED: Limits =
    Limits { request: Duration::from_secs(1), keep_alive: false, whole: Some(Duration::from_secs(10)) };

/// How long a reader may keep us waiting in all; what it takes makes up for that.
const PATIENCE: Duration = Duration::from_secs(30);

/// Octets that make up for a second. Whoever takes more than these a second is never given up, and no answer keeps a
/// place for longer than it takes to read at this pace.
const PACE: u32 = 64 * 1024;

/// Most octets of a request's head.
const HEAD: usize = 16 * 1024;

/// Most headers of a request.
const HEADERS: usize = 64;

/// Serves one connection until it ends; under `pressure` it ends when it has nothing under way.
pub(super) async fn serve(
    stream: TcpStream,
    routes: Router,
    limits: Limits,
    pressure: &Notify,
) -> hyper::Result<()> {
    // Answers leave whole; Nagle's algorithm would hold back their ends.
    let _ = stream.set_nodelay(true);
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(limits.request).keep_alive(limits.keep_alive);
    server.max_buf_size(HEAD).max_headers(HEADERS);
    let stream = TokioIo::new(Patient::new(stream, PATIENCE));
    let mut connection = pin!(server.serve_connection(stream, TowerToHyperService::new(routes)));
    let served = async {
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = pressure.notified() => connection.as_mut().graceful_shutdown(),
        }
        connection.await
    };
    match limits.whole {
        Some(whole) => timeout(whole, served).await.unwrap_or(Ok(())),
        None => served.await,
    }
}

/// What is left of the patience with a reader.
#[derive(Debug)]
struct Patience {
    left: Duration,
    most: Duration,
}

impl Patience {
    const fn new(most: Duration) -> Self {
        Self { left: most, most }
    }

    /// A reader took so many octets, and we waited so long for that.
    fn note(&mut self, waited: Duration, taken: usize) {
        let worth = Duration::from_secs(1) * u32::try_from(taken).unwrap_or(u32::MAX) / PACE;
        self.left = self.most.min(self.left.saturating_sub(waited) + worth);
    }
}

/// A stream whose reader is given up when it takes nothing for a while, or crumbs for ever.
#[derive(Debug)]
struct Patient<S> {
    stream: S,
    patience: Patience,
    /// Since when something waits for it, and when it is given up.
    stalled: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<S> Patient<S> {
    const fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience: Patience::new(patience), stalled: None }
    }

    /// Passes on how a write of so many octets went, or that the reader is given up.
    fn judge<T>(
        &mut self,
        went: Poll<io::Result<T>>,
        taken: usize,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if went.is_ready() {
            let waited = self.stalled.take().map_or(Duration::ZERO, |(since, _)| since.elapsed());
            self.patience.note(waited, taken);
            return went;
        }
        let left = self.patience.left;
        let (_, end) = self.stalled.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
        if end.deadline() <= Instant::now() || end.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let went = Pin::new(&mut self.stream).poll_write(context, octets);
        let taken = if let Poll::Ready(Ok(taken)) = went { taken } else { 0 };
        self.judge(went, taken, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let went = Pin::new(&mut self.stream).poll_flush(context);
        self.judge(went, 0, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let went = Pin::new(&mut self.stream).poll_shutdown(context);
        self.judge(went, 0, context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::net::TcpListener;

    use super::*;

    /// The server's end of a connection, and that of a client who says nothing.
    async fn silent() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let client = TcpStream::connect(address).await.expect("it listens");
        (listener.accept().await.expect("a connection").0, client)
    }

    #[tokio::test]
    async fn who_asks_nothing_makes_room() {
        let ((calm, _one), (pressed, _other)) = (silent().await, silent().await);
        let (peace, pressure) = (Notify::new(), Notify::new());
        let press = async {
            let served = serve(pressed, Router::new(), ORDINARY, &pressure);
            tokio::join!(served, async { pressure.notify_waiters() }).0
        };
        tokio::select! {
            biased;
            _ = serve(calm, Router::new(), ORDINARY, &peace) => panic!("it left because its time was over"),
            ended = press => ended.expect("in good order"),
        }
    }

    #[tokio::test]
    async fn a_request_that_does_not_arrive_is_given_up() {
        let (ours, mut theirs) = silent().await;
        theirs.write_all(b"GET / HTTP/1.1\r\nHost: loc").await.expect("it is heard");
        let hasty = Limits { request: Duration::from_millis(10), ..ORDINARY };
        let pressure = Notify::new();
        let served = serve(ours, Router::new(), hasty, &pressure);
        let served = timeout(Duration::from_secs(60), served).await.expect("it is not waited for");
        let error = served.expect_err("it is too late");
        assert!(error.is_timeout(), "{error}");
    }

    #[tokio::test]
    async fn a_place_of_the_reserve_is_for_one_question() {
        let (ours, mut theirs) = silent().await;
        theirs.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("it is heard");
        let patient = Limits { request: Duration::from_secs(600), ..RESERVED };
        let pressure = Notify::new();
        let served = serve(ours, Router::new(), patient, &pressure);
        let served = timeout(Duration::from_secs(60), served).await.expect("nobody else is waited for");
        served.expect("in good order");
    }

    #[tokio::test]
    async fn an_answer_that_never_ends_makes_room_in_the_reserve() {
        let (ours, mut theirs) = silent().await;
        theirs.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("it is heard");
        let endless = Router::new().fallback(async || pending::<()>().await);
        let short = Limits { whole: Some(Duration::from_millis(10)), ..RESERVED };
        let pressure = Notify::new();
        let served = serve(ours, endless, short, &pressure);
        timeout(Duration::from_secs(60), served).await.expect("it is not waited for").expect("in good order");
    }

    #[tokio::test]
    async fn a_reader_that_stalls_is_given_up() {
        let (ours, mut theirs) = duplex(16);
        let mut patient = Patient::new(ours, Duration::from_millis(10));
        patient.write_all(&[1; 16]).await.expect("there is room");
        let error = patient.write_all(&[2]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        theirs.read_exact(&mut [0; 16]).await.expect("what was written before");
    }

    #[tokio::test]
    async fn a_reader_that_is_slow_is_not() {
        let (ours, mut theirs) = duplex(1);
        // Longer than the whole test may take.
        let mut patient = Patient::new(ours, Duration::from_secs(600));
        let reader = tokio::spawn(async move {
            let mut taken = Vec::new();
            theirs.read_to_end(&mut taken).await.map(|_| taken)
        });
        patient.write_all(&[7; 100]).await.expect("somebody reads");
        assert!(patient.stalled.is_none());
        drop(patient);
        assert_eq!(reader.await.expect("it ends").expect("it read"), [7; 100]);
    }

    /// Each octet used to be a new beginning: one in half a minute kept a place for good.
    #[tokio::test]
    async fn a_reader_that_takes_crumbs_is_given_up() {
        let (ours, mut theirs) = duplex(1);
        let reader = tokio::spawn(async move {
            while theirs.read_exact(&mut [0]).await.is_ok() {
                sleep(Duration::from_millis(2)).await;
            }
        });
        let mut patient = Patient::new(ours, Duration::from_millis(100));
        let error = patient.write_all(&[7; 10_000]).await.expect_err("it reads too slowly");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(patient);
        reader.await.expect("it ends");
    }

    #[test]
    fn what_is_taken_makes_up_for_waiting() {
        let second = Duration::from_secs(1);
        let mut patience = Patience::new(PATIENCE);
        for _ in 0..1000 {
            patience.note(second, PACE as usize);
        }
        assert_eq!(patience.left, PATIENCE, "at this pace for as long as there is something to read");
        for _ in 0..10 {
            patience.note(second, 0);
        }
        assert_eq!(patience.left, PATIENCE - 10 * second);
        patience.note(Duration::ZERO, 5 * PACE as usize);
        assert_eq!(patience.left, PATIENCE - 5 * second);
        patience.note(Duration::ZERO, usize::MAX);
        assert_eq!(patience.left, PATIENCE, "and never more than that");
        for _ in 0..2 {
            patience.note(PATIENCE - second, 1);
        }
        assert_eq!(patience.left.as_secs(), 0, "one octet in a while is nothing");
    }
}
