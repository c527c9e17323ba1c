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
