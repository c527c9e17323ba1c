//! Keeps the kernel from telling us what its answers tell anyway.
//!
//! Everybody who listens hears of every route written, the writer too: a datagram for each of our own requests, which
//! costs the kernel about as much as a tenth to a third of carrying it out, and us a system call. A filter on the socket
//! drops those whose request said that nobody needs to hear: its sequence number has the mark.

use std::io;

use nix::libc::{BPF_ABS, BPF_H, BPF_JEQ, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_RET, BPF_W};
use rtnetlink::sys::Socket;
use socket2::{SockFilter, SockRef};

use super::decode::{Header, RTM_DELROUTE, RTM_NEWROUTE};

/// In the sequence number of a request: its event is not to be told to us.
pub(super) const QUIET: u32 = 1 << 31;

/// Whether a message is the event of a quiet request of `port`.
pub(super) const fn is_hushed(header: &Header, port: u32) -> bool {
    header.port == port && header.sequence & QUIET != 0 && matches!(header.kind, RTM_NEWROUTE | RTM_DELROUTE)
}

/// Drops what [`is_hushed`] in the kernel. An event carries number and port of its request (`rtmsg_fib`,
/// `inet6_rt_notify`); every datagram of an event is one message.
pub(super) fn attach(socket: &Socket, port: u32) -> io::Result<()> {
    const KIND_AT: u32 = 4;
    const SEQUENCE_AT: u32 = 8;
    const PORT_AT: u32 = 12;
    // The filter reads in network order what was written in the host's.
    let program = [
        load(BPF_W, PORT_AT),
        jump(BPF_JEQ, port.to_be(), 0, 5),
        load(BPF_W, SEQUENCE_AT),
        jump(BPF_JSET, QUIET.to_be(), 0, 3),
        load(BPF_H, KIND_AT),
        jump(BPF_JEQ, RTM_NEWROUTE.to_be().into(), 2, 0),
        jump(BPF_JEQ, RTM_DELROUTE.to_be().into(), 1, 0),
        give(u32::MAX),
        give(0),
    ];
    SockRef::from(socket).attach_filter(&program)
}

fn load(size: u32, at: u32) -> SockFilter {
    instruction(BPF_LD | size | BPF_ABS, 0, 0, at)
}

fn jump(test: u32, value: u32, yes: u8, no: u8) -> SockFilter {
    instruction(BPF_JMP | test | BPF_K, yes, no, value)
}

fn give(octets: u32) -> SockFilter {
    instruction(BPF_RET | BPF_K, 0, 0, octets)
}

/// Codes have eight bits.
fn instruction(code: u32, yes: u8, no: u8, value: u32) -> SockFilter {
    SockFilter::new(u16::from(code.to_le_bytes()[0]), yes, no, value)
}

#[cfg(test)]
mod tests {
    use nix::sched::{CloneFlags, unshare};
    use rtnetlink::packet_core::NLM_F_ACK;
    use rtnetlink::sys::SocketAddr;
    use rtnetlink::sys::protocols::NETLINK_ROUTE;

    use super::*;
    use crate::netlink::decode::{self, NLMSG_DONE, NLMSG_ERROR};
    use crate::netlink::encode::{self, List};
    use crate::netlink::socket::set_up;
    use crate::seen::{KernelForwarding, KernelRoute, Operation};

    const MAIN: u32 = 254;

    /// A socket that is told of everything, with the filter or without, in the namespace of this thread.
    fn open(filtered: bool) -> (Socket, u32) {
        let mut socket = Socket::new(NETLINK_ROUTE).unwrap();
        let port = socket.bind_auto().unwrap().port_number();
        socket.connect(&SocketAddr::new(0, 0)).unwrap();
        if filtered {
            attach(&socket, port).unwrap();
        }
        set_up(&socket).unwrap();
        (socket, port)
    }

    fn blackhole(prefix: &str) -> KernelRoute {
        KernelRoute {
            prefix: prefix.parse().unwrap(),
            metric: 50,
            protocol: 12,
            scope: 0,
            forwarding: KernelForwarding::Blackhole,
            source: None,
            object: None,
        }
    }

    /// Sends one operation, asking for an acknowledgement.
    fn request(socket: &Socket, operation: &Operation, sequence: u32) {
        let mut octets = Vec::new();
        encode::operation(&mut octets, operation, MAIN, sequence);
        let flags = u16::from_ne_bytes([octets[6], octets[7]]) | NLM_F_ACK;
        octets[6..8].copy_from_slice(&flags.to_ne_bytes());
        socket.send(&octets, 0).unwrap();
    }

    /// What is told until the answer to `last`, by kind, sequence number and port.
    fn told(socket: &Socket, port: u32, last: u32) -> Vec<(u16, u32, u32)> {
        let mut told = Vec::new();
        loop {
            let mut buffer = Vec::with_capacity(1 << 16);
            socket.recv_from(&mut buffer, 0).unwrap();
            for (header, _) in decode::messages(&buffer) {
                if !is_hushed(&header, port) {
                    told.push((header.kind, header.sequence, header.port));
                }
                if matches!(header.kind, NLMSG_ERROR | NLMSG_DONE) && header.sequence == last {
                    return told;
                }
            }
        }
    }

    /// Nothing else happens in a fresh namespace.
    fn alone(test: impl FnOnce() + Send + 'static) {
        std::thread::spawn(move || {
            unshare(CloneFlags::CLONE_NEWNET).expect("needs the right to make network namespaces");
            test();
        })
        .join()
        .unwrap();
    }

    /// With the filter and with what stands in for it: only the echoes of our own quiet writes are missing.
    #[test]
    fn only_the_echoes_of_our_own_quiet_writes_are_dropped() {
        for filtered in [true, false] {
            alone(move || {
                let ((socket, port), (stranger, other)) = (open(filtered), open(false));
                for (n, prefix) in ["192.0.2.0/24", "2001:db8::/32"].into_iter().enumerate() {
                    let sequence = 10 * u32::try_from(n).unwrap();
                    let quiet = QUIET | sequence;
                    let write = Operation::Replace(blackhole(prefix));
                    let remove = Operation::Remove(blackhole(prefix));
                    request(&socket, &write, quiet + 1);
                    assert_eq!(told(&socket, port, quiet + 1), [(NLMSG_ERROR, quiet + 1, port)]);
                    request(&socket, &remove, quiet + 2);
                    assert_eq!(told(&socket, port, quiet + 2), [(NLMSG_ERROR, quiet + 2, port)]);
                    // A refusal is an answer too.
                    request(&socket, &remove, quiet + 3);
                    assert_eq!(told(&socket, port, quiet + 3), [(NLMSG_ERROR, quiet + 3, port)]);
                    // Without the mark, the event comes.
                    request(&socket, &write, sequence + 4);
                    let event = (RTM_NEWROUTE, sequence + 4, port);
                    assert_eq!(told(&socket, port, sequence + 4), [event, (NLMSG_ERROR, sequence + 4, port)]);
                    // Of somebody else's, marked or not, everything comes.
                    for marked in [QUIET | 5, 6] {
                        let operation = if marked == 6 { &write } else { &remove };
                        request(&stranger, operation, marked);
                        told(&stranger, other, marked);
                        let kind = if marked == 6 { RTM_NEWROUTE } else { RTM_DELROUTE };
                        request(&socket, &Operation::Remove(blackhole("198.51.100.0/24")), quiet + 7);
                        let nothing = (NLMSG_ERROR, quiet + 7, port);
                        assert_eq!(told(&socket, port, quiet + 7), [(kind, marked, other), nothing]);
                    }
                }
            });
        }
    }

    /// A list may have any number.
    #[test]
    fn the_parts_of_a_list_pass() {
        alone(|| {
            let (socket, port) = open(true);
            request(&socket, &Operation::Create(blackhole("192.0.2.0/24")), QUIET | 1);
            told(&socket, port, QUIET | 1);
            socket.send(&encode::list(List::Ipv4Routes, MAIN, 2), 0).unwrap();
            assert_eq!(told(&socket, port, 2), [(RTM_NEWROUTE, 2, port), (NLMSG_DONE, 2, port)]);
        });
    }
}
