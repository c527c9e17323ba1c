//! Answers as lines: pages of items, then an end or a refusal.

use std::io;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::api::{EventId, Refusal, VERSION};
use crate::driver::Stopped;

/// How long a client may take to read one line before it is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whoever is given an answer.
pub(crate) trait Reader: Send {
    /// Hands over a part; returns when there is room for it.
    fn items<T: Serialize + Sync>(&mut self, items: &[T])
    -> impl Future<Output = Result<(), Failure>> + Send;

    /// Shows that there will be more, and that whoever reads has seen everything up to `read_until`.
    fn beat(&mut self, _read_until: EventId) -> impl Future<Output = Result<(), Failure>> + Send {
        async { Ok(()) }
    }

    /// Resolves once there is nobody any more, where that shows without a word.
    fn gone(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

/// Writes the lines of answers.
#[derive(Debug)]
pub(super) struct Replies<W> {
    out: W,
}

/// Why an answer could not be given.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The client is told.
    Refused(Refusal),
    /// There is no client to tell.
    Gone(io::Error),
}

#[derive(Serialize)]
struct Items<'a, T> {
    v: u32,
    items: &'a [T],
}

#[derive(Serialize)]
struct Beat {
    v: u32,
    read_until: String,
}

#[derive(Serialize)]
struct Done {
    v: u32,
    done: bool,
}

#[derive(Serialize)]
struct Refused<'a> {
    v: u32,
    error: &'a Refusal,
}

impl<W: AsyncWrite + Unpin> Replies<W> {
    /// Answers go to `out`.
    pub(super) const fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes how the answer ended.
    pub(super) async fn conclude(&mut self, outcome: Result<(), Failure>) -> io::Result<()> {
        match outcome {
            Ok(()) => self.line(&Done { v: VERSION, done: true }).await,
            Err(Failure::Refused(refusal)) => self.line(&Refused { v: VERSION, error: &refusal }).await,
            Err(Failure::Gone(error)) => Err(error),
        }
    }

    async fn line<T: Serialize + Sync>(&mut self, value: &T) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        timeout(PATIENCE, self.out.write_all(&line)).await?
    }
}

impl<W: AsyncWrite + Unpin + Send> Reader for Replies<W> {
    async fn items<T: Serialize + Sync>(&mut self, items: &[T]) -> Result<(), Failure> {
        if items.is_empty() {
            return Ok(());
        }
        Ok(self.line(&Items { v: VERSION, items }).await?)
    }

    async fn beat(&mut self, read_until: EventId) -> Result<(), Failure> {
        Ok(self.line(&Beat { v: VERSION, read_until: read_until.to_string() }).await?)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        Self::Refused(Refusal::refused(stopped.to_string()))
    }
}

impl From<fib_sync::Stopped> for Failure {
    fn from(stopped: fib_sync::Stopped) -> Self {
        Self::Refused(Refusal::refused(stopped.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_is_pages_and_an_end() {
        let mut written = Vec::new();
        let mut replies = Replies::new(&mut written);
        replies.items(&[1, 2]).await.expect("memory takes everything");
        replies.items::<u32>(&[]).await.expect("nothing is written");
        let read_until = "1-7".parse().expect("an id");
        replies.beat(read_until).await.expect("memory takes everything");
        replies.conclude(Ok(())).await.expect("memory takes everything");
        replies.conclude(Err(Refusal::usage("no").into())).await.expect("memory takes everything");
        let expected = concat!(
            "{\"v\":1,\"items\":[1,2]}\n",
            "{\"v\":1,\"read_until\":\"1-7\"}\n",
            "{\"v\":1,\"done\":true}\n",
            "{\"v\":1,\"error\":{\"code\":\"usage\",\"message\":\"no\"}}\n",
        );
        assert_eq!(String::from_utf8(written).expect("text"), expected);
    }
}
