//! Dialing: one attempt to connect to a peer, with its key, hop limit and source address in place.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::socket;
use crate::config::PeerSocket;

/// How long an attempt may take. The kernel alone would try for two minutes; the speaker's own retry
/// timer abandons an attempt earlier where the operator wants that.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connects to `remote`, from `local` where given.
///
/// # Errors
///
/// The system's, or [`io::ErrorKind::TimedOut`].
pub async fn dial(
    remote: SocketAddr,
    local: Option<IpAddr>,
    options: Option<&PeerSocket>,
) -> io::Result<TcpStream> {
    let remote = match options.and_then(|options| options.zone.as_deref()) {
        Some(zone) => socket::with_scope(remote, interface_index(zone)?),
        None => remote,
    };
    let socket = socket::dialing(remote, local)?;
    if let Some(options) = options {
        socket::set_hops(&socket, options.hops, remote.is_ipv4())?;
        if let Some(key) = &options.password {
            socket::set_key(&socket, remote.ip().into(), Some(key))?;
        }
    }
    let connecting = TcpSocket::from_std_stream(socket.into()).connect(remote);
    timeout(PATIENCE, connecting).await.map_err(|_elapsed| io::Error::from(io::ErrorKind::TimedOut))?
}

fn interface_index(name: &str) -> io::Result<u32> {
    nix::net::if_::if_nametoindex(name).map_err(|errno| {
        io::Error::new(io::Error::from(errno).kind(), format!("interface {name}: {}", errno.desc()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_interface_is_named() {
        let error = interface_index("no-such-if0").expect_err("there is no such interface");
        assert!(error.to_string().contains("no-such-if0"), "{error}");
    }

    #[tokio::test]
    async fn the_source_address_is_the_one_asked_for() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let remote = listener.local_addr().expect("an address");
        let source = "127.0.0.9".parse().expect("an address");
        let stream = dial(remote, Some(source), None).await.expect("a connection");
        assert_eq!(stream.local_addr().expect("an address").ip(), source);
    }
}
