//! The control socket: accepts clients, reads requests, streams answers.
//!
//! A client that does not read costs one task and one page: pages are asked of the speaker one at a
//! time, each after the one before it has been written.

mod answer;
mod event;
mod explain;
mod hint;
mod kernel;
mod loudness;
mod picture;
mod query;
mod recall;
mod rehearsal;
mod reply;
mod trouble;

pub use answer::{Command, Context, Draining, Facts};
pub(crate) use answer::{answer, some_routes};
pub use loudness::Loudness;
pub(crate) use recall::{some_events, watch};
pub use rehearsal::Prospect;
pub(crate) use reply::{Failure, Reader};

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, SockAddr, Type};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::unix::OwnedReadHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::api::{Refusal, Request, VERSION};
use reply::Replies;

/// Clients served at once; more wait.
const CLIENTS: usize = 64;

/// Clients that may watch what happens: whoever only asks finds a place beside them.
pub(crate) const WATCHERS: usize = 16;

/// Clients that the kernel may hold for us.
const BACKLOG: i32 = 1024;

/// Longest request line: a configuration of ten thousand peers fits.
const LINE: u64 = 4 * 1024 * 1024;

/// How long a client may be silent before it is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pause after an `accept` that failed.
const BREATH: Duration = Duration::from_millis(100);

/// A bound control socket; its file goes when it is dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Another daemon answers there.
    #[error("another daemon answers at {}", .0.display())]
    Taken(PathBuf),
    /// The system refused.
    #[error("cannot make the control socket {}: {source}", path.display())]
    System {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Socket {
    /// Binds `path`, whose folder is made if it is missing. A socket that a dead daemon left behind is
    /// replaced. One that answers is not, nor is anything else that is there: no link is followed. With a `group`
    /// the socket belongs to it.
    ///
    /// # Errors
    ///
    /// See [`SocketError`].
    pub fn bind(path: &Path, mode: u32, group: Option<u32>) -> Result<Self, SocketError> {
        let failed = |source| SocketError::System { path: path.to_owned(), source };
        prepare(path).map_err(failed)?;
        if is_there(path).map_err(failed)? {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(SocketError::Taken(path.to_owned()));
            }
            std::fs::remove_file(path).map_err(failed)?;
        }
        let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None).map_err(failed)?;
        socket.bind(&SockAddr::unix(path).map_err(failed)?).map_err(failed)?;
        match admit(socket, path, mode, group) {
            Ok(listener) => Ok(Self { listener, path: path.to_owned() }),
            Err(source) => {
                // The file is ours; it may be gone already.
                let _ = std::fs::remove_file(path);
                Err(failed(source))
            }
        }
    }

    /// The next client.
    pub(crate) async fn accept(&self) -> UnixStream {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(error) => {
                    warn!(event = "control.accept", reason = %error);
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }

    /// Serves clients until dropped.
    pub async fn serve(self, context: Context) {
        let places = Arc::new(Semaphore::new(CLIENTS));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let stream = self.accept().await;
            let context = context.clone();
            tokio::spawn(async move {
                if let Err(error) = client(stream, context).await {
                    debug!(event = "control.client", reason = %error);
                }
                drop(place);
            });
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Somebody may have removed it, or its folder, already.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Listens, but not before the file says who may connect.
fn admit(socket: socket2::Socket, path: &Path, mode: u32, group: Option<u32>) -> io::Result<UnixListener> {
    lchown(path, None, group)?;
    std::fs::set_permissions(path, Permissions::from_mode(mode))?;
    socket.set_nonblocking(true)?;
    socket.listen(BACKLOG)?;
    UnixListener::from_std(socket.into())
}

fn prepare(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)
}

/// Whether a socket is at `path`; an error where something else is.
fn is_there(path: &Path) -> io::Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => Ok(true),
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "something that is no socket is there")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

async fn client(stream: UnixStream, context: Context) -> io::Result<()> {
    let (read, write) = stream.into_split();
    let mut requests = BufReader::new(read);
    let mut replies = Replies::new(write);
    while let Some(line) = next_line(&mut requests).await? {
        let outcome = match request(&line) {
            Ok(request) => answer(request.verb, &context, &mut replies).await,
            Err(refusal) => Err(refusal.into()),
        };
        replies.conclude(outcome).await?;
    }
    Ok(())
}

async fn next_line(requests: &mut BufReader<OwnedReadHalf>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = timeout(PATIENCE, requests.take(LINE).read_until(b'\n', &mut line)).await??;
    Ok((read > 0).then_some(line))
}

fn request(line: &[u8]) -> Result<Request, Refusal> {
    let request: Request = serde_json::from_slice(line)
        .map_err(|error| Refusal::usage(format!("this is not a request: {error}")))?;
    if request.v != VERSION {
        let message = format!("version {} is not spoken here, {VERSION} is", request.v);
        return Err(Refusal::usage(message));
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_left_behind_is_replaced_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/c.sock");
        std::fs::create_dir_all(folder.path().join("deep")).expect("a folder");
        drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket that nobody serves"));
        let socket = Socket::bind(&path, 0o600, None).expect("the old one is replaced");
        assert!(matches!(Socket::bind(&path, 0o600, None), Err(SocketError::Taken(_))));
        let mode = std::fs::metadata(&path).expect("it exists").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, other) = (folder.path().join("c.sock"), folder.path().join("other"));
        std::fs::write(&other, "precious").expect("a file");
        std::os::unix::fs::symlink(&other, &path).expect("a link");
        let refused = Socket::bind(&path, 0o600, None).expect_err("a link is not followed");
        assert!(refused.to_string().contains("no socket is there"), "{refused}");
        assert!(matches!(Socket::bind(&other, 0o600, None), Err(SocketError::System { .. })));
        assert_eq!(std::fs::read_to_string(&other).expect("it is still there"), "precious");
        assert!(path.is_symlink(), "so is the link");
    }

    #[test]
    fn what_is_no_request_is_refused_with_a_reason() {
        assert!(request(b"hello\n").expect_err("not JSON").message.contains("not a request"));
        assert!(
            request(br#"{"v":9,"verb":"status"}"#).expect_err("the future").message.contains("version 9")
        );
        assert!(request(br#"{"v":1,"verb":"status"}"#).is_ok());
    }
}
