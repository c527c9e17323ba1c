//! The one netlink socket: requests, answers, readings and events all travel through it, so they arrive in the
//! order in which the kernel acted.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::libc::{EINVAL, ENOBUFS};
use nix::sys::socket::{setsockopt, sockopt};
use rtnetlink::sys::protocols::NETLINK_ROUTE;
use rtnetlink::sys::{AsyncSocket, Socket, SocketAddr, TokioSocket};

use super::filter;

/// A netlink route socket in the network namespace of the thread that opened it.
pub(crate) struct NetlinkSocket {
    socket: TokioSocket,
    port: u32,
    receive_buffer: usize,
}

/// What one read gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A datagram from the kernel is in the buffer.
    Datagram,
    /// The kernel had to throw datagrams away.
    Overrun,
    /// Nothing is waiting.
    Nothing,
}

impl NetlinkSocket {
    /// Opens, sets up and subscribes: from here on no event is missed.
    pub(crate) fn open() -> io::Result<Self> {
        let mut asynchronous = TokioSocket::new(NETLINK_ROUTE)?;
        let socket = asynchronous.socket_mut();
        let port = socket.bind_auto()?.port_number();
        socket.connect(&SocketAddr::new(0, 0))?;
        // Failing is harmless: what comes all the same is passed over.
        let _ = filter::attach(socket, port);
        set_up(socket)?;
        let receive_buffer = socket.get_rx_buf_sz()?;
        Ok(Self { socket: asynchronous, port, receive_buffer })
    }

    /// Our name on the netlink bus.
    pub(crate) const fn port(&self) -> u32 {
        self.port
    }

    /// How many answers and echoes fit into the receive buffer: each is accounted with all its memory.
    pub(crate) const fn room(&self) -> usize {
        self.receive_buffer / 2 / DATAGRAM_COST
    }

    /// The same socket, for a thread that sends.
    pub(crate) fn sending_half(&self) -> io::Result<OwnedFd> {
        self.socket.socket_ref().as_fd().try_clone_to_owned()
    }

    /// Waits for a datagram. Safe to cancel.
    pub(crate) async fn receive(&self, buffer: &mut Vec<u8>) -> io::Result<Received> {
        buffer.clear();
        let received = poll_fn(|context| self.socket.poll_recv_from(context, buffer)).await;
        meaning(received, buffer)
    }

    /// Reads a datagram that is there already.
    pub(crate) fn receive_more(&self, buffer: &mut Vec<u8>) -> io::Result<Received> {
        buffer.clear();
        let received = self.socket.socket_ref().recv_from(buffer, 0);
        meaning(received.map(|(_, sender)| sender), buffer)
    }
}

/// Only the kernel is listened to.
fn meaning(received: io::Result<SocketAddr>, buffer: &mut Vec<u8>) -> io::Result<Received> {
    match received {
        Ok(sender) => {
            if sender.port_number() != 0 {
                buffer.clear();
            }
            Ok(Received::Datagram)
        }
        Err(error) if error.raw_os_error() == Some(ENOBUFS) => Ok(Received::Overrun),
        // Whoever reads while another thread's request of a list is being answered may find it just done, and leaves
        // that behind as an error of the next to read (`netlink_dump`, `!cb_running`). Nothing is lost.
        Err(error) if error.raw_os_error() == Some(EINVAL) => Ok(Received::Nothing),
        Err(error) => match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(Received::Nothing),
            _ => Err(error),
        },
    }
}

/// Answers in full, strict readings, room for a burst, and every event.
pub(super) fn set_up(socket: &Socket) -> io::Result<()> {
    socket.set_ext_ack(true)?;
    // A refusal brings the request along, and with it the attribute that it points at.
    socket.set_cap_ack(false)?;
    socket.set_netlink_get_strict_chk(true)?;
    enlarge(socket);
    for group in GROUPS {
        socket.add_membership(group)?;
    }
    // A kernel before Linux 5.3 has no next-hop objects and nothing to say about them.
    let _ = socket.add_membership(NEXT_HOP_GROUP);
    Ok(())
}

/// By force where we may, else as much as everybody may. Failing is harmless: overruns are healed.
fn enlarge(socket: &Socket) {
    if setsockopt(socket, sockopt::RcvBufForce, &RECEIVE_BUFFER).is_err() {
        // The kernel cuts this at net.core.rmem_max.
        let _ = setsockopt(socket, sockopt::RcvBuf, &RECEIVE_BUFFER);
    }
}

/// Some 10,000 events of a burst.
const RECEIVE_BUFFER: usize = 8 << 20;
/// A small datagram with the kernel's bookkeeping, rounded up.
const DATAGRAM_COST: usize = 1280;
/// RTNLGRP_LINK, IPV4_IFADDR, IPV4_ROUTE, IPV6_IFADDR, IPV6_ROUTE.
const GROUPS: [u32; 5] = [1, 5, 7, 9, 11];
/// RTNLGRP_NEXTHOP.
const NEXT_HOP_GROUP: u32 = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_leaves_behind_of_a_list_that_is_done_ends_nothing() {
        let left = |errno| meaning(Err(io::Error::from_raw_os_error(errno)), &mut Vec::new());
        assert_eq!(left(EINVAL).unwrap(), Received::Nothing);
        assert_eq!(left(ENOBUFS).unwrap(), Received::Overrun);
        assert!(left(nix::libc::EBADF).is_err());
    }
}
