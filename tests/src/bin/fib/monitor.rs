//! A witness of every change: it hears what the kernel says of routes and counts.

use std::io;

use nix::sys::socket::{setsockopt, sockopt};
use rtnetlink::sys::Socket;
use rtnetlink::sys::protocols::NETLINK_ROUTE;
use tests::failure::{Doing, Failure};

use crate::bare::{RTM_DELROUTE, RTM_NEWROUTE, messages};

/// Subscribed from its making on. Nothing is read before the end, so that it disturbs nobody.
pub(crate) struct Monitor {
    socket: Socket,
}

/// How many messages of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) new: u64,
    pub(crate) deleted: u64,
}

impl Monitor {
    pub(crate) fn start() -> Result<Self, Failure> {
        let open = || -> io::Result<Socket> {
            let mut socket = Socket::new(NETLINK_ROUTE)?;
            socket.bind_auto()?;
            setsockopt(&socket, sockopt::RcvBufForce, &BUFFER)?;
            for group in [RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE] {
                socket.add_membership(group)?;
            }
            socket.set_non_blocking(true)?;
            Ok(socket)
        };
        open().doing("listen to the kernel").map(|socket| Self { socket })
    }

    /// Everything said so far. The kernel tells a change before it answers for it, so all is there.
    pub(crate) fn heard(self) -> Result<Heard, Failure> {
        let mut heard = Heard::default();
        let mut buffer = Vec::with_capacity(1 << 16);
        loop {
            buffer.clear();
            match self.socket.recv_from(&mut buffer, 0) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(heard),
                // An overrun too: a count with gaps is none.
                Err(error) => return Err(Failure::new("hear every change", error)),
            }
            for (kind, _) in messages(&buffer) {
                heard.new += u64::from(kind == RTM_NEWROUTE);
                heard.deleted += u64::from(kind == RTM_DELROUTE);
            }
        }
    }
}

const RTNLGRP_IPV4_ROUTE: u32 = 7;
const RTNLGRP_IPV6_ROUTE: u32 = 11;
const BUFFER: usize = 1 << 30;
