//! A reply on its way: lines leave in pieces, each when the client has room for it.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::protocol::{Complaint, Lines};
use crate::api::{Refusal, RefusalCode};
use crate::bird::protocol::Code;
use crate::driver::Stopped;

/// How long a client may take to read one piece before it is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes one reply.
#[derive(Debug)]
pub(super) struct Reply<'a, W> {
    out: &'a mut W,
    pub(super) lines: Lines,
}

/// Why a reply ended early.
#[derive(Debug)]
pub(super) enum Failure {
    /// The client is told.
    Complaint(Complaint),
    /// There is no client to tell.
    Gone(io::Error),
}

impl<'a, W: AsyncWrite + Unpin> Reply<'a, W> {
    /// A reply to `out`.
    pub(super) const fn new(out: &'a mut W, lines: Lines) -> Self {
        Self { out, lines }
    }

    /// Writes what there is; returns when the client has room for it.
    pub(super) async fn send(&mut self) -> io::Result<()> {
        let text = self.lines.take();
        timeout(PATIENCE, self.out.write_all(text.as_bytes())).await?
    }

    /// Writes how the reply ended; a success has said its last line itself.
    pub(super) async fn conclude(mut self, outcome: Result<(), Failure>) -> io::Result<()> {
        match outcome {
            Ok(()) => {}
            Err(Failure::Complaint(Complaint { code, text })) => self.lines.end(code, format_args!("{text}")),
            Err(Failure::Gone(error)) => return Err(error),
        }
        self.send().await
    }
}

impl From<Complaint> for Failure {
    fn from(complaint: Complaint) -> Self {
        Self::Complaint(complaint)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        Complaint::new(Code::DENIED, stopped.to_string()).into()
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.code {
            RefusalCode::Config => Code::INVALID_CONFIGURATION,
            RefusalCode::NotFound => Code::NO_PROTOCOL,
            RefusalCode::Usage => Code::NOT_UNDERSTOOD,
            RefusalCode::Refused | RefusalCode::Effect => Code::DENIED,
        };
        Complaint::new(code, in_one_line(&refusal.message)).into()
    }
}

/// The first error of a text with carets, and its place: one line is all there is room for.
pub(super) fn in_one_line(text: &str) -> String {
    let from = text.lines().position(|line| line.starts_with("error")).unwrap_or_default();
    text.lines().skip(from).take(2).map(str::trim).collect::<Vec<_>>().join(" ")
}
