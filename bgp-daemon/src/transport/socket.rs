//! Socket options, including the three the standard library and socket2 do not know: MD5 keys and the
//! two minimum hop limits. The only unsafe code of the workspace.
#![expect(unsafe_code, reason = "TCP_MD5SIG, IP_MINTTL and IPV6_MINHOPCOUNT have no safe wrapper")]

use std::io;
use std::mem::size_of;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;

use ipnet::IpNet;
use socket2::{Domain, Protocol, SockAddr, SockAddrStorage, SockRef, Socket, Type};

use super::table::{least_incoming, outgoing};
use crate::config::{Hops, Secret};

/// Octets a key may have (`TCP_MD5SIG_MAXKEYLEN` of `linux/tcp.h`).
const KEY_MAX: usize = 80;

/// Class selector 6, internetwork control, which [RFC 4271 appendix E] asks of routing traffic.
///
/// [RFC 4271 appendix E]: https://www.rfc-editor.org/rfc/rfc4271#appendix-E
const INTERNETWORK_CONTROL: u32 = 6 << 5;

/// Connections that may wait to be accepted, unless `net.core.somaxconn` says fewer. Where thousands dial at once,
/// who finds no room is told nothing, and its kernel tries again after a second, then two, then four.
pub(crate) const BACKLOG: u16 = 4096;

/// A listening socket of exactly one family, not blocking.
pub(super) fn listening(address: SocketAddr) -> io::Result<Socket> {
    let socket = stream(address)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG.into())?;
    Ok(socket)
}

/// A socket ready to connect to `remote`, from `local` where given, not blocking.
pub(super) fn dialing(remote: SocketAddr, local: Option<IpAddr>) -> io::Result<Socket> {
    let socket = stream(remote)?;
    if let Some(local) = local {
        let scope = match remote {
            SocketAddr::V6(remote) if is_link_local(local) => remote.scope_id(),
            SocketAddr::V4(_) | SocketAddr::V6(_) => 0,
        };
        socket.bind(&with_scope(SocketAddr::new(local, 0), scope).into())?;
    }
    Ok(socket)
}

fn stream(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
    mark(&SockRef::from(&socket), address.is_ipv4())?;
    Ok(socket)
}

/// What every BGP socket has: no Nagle, network control class.
pub(super) fn mark(socket: &Socket, ipv4: bool) -> io::Result<()> {
    socket.set_tcp_nodelay(true)?;
    if ipv4 { socket.set_tos_v4(INTERNETWORK_CONTROL) } else { socket.set_tclass_v6(INTERNETWORK_CONTROL) }
}

/// Sets the TTL of what is sent and the least TTL of what is taken.
pub(super) fn set_hops(socket: &Socket, hops: Hops, ipv4: bool) -> io::Result<()> {
    let outgoing = u32::from(outgoing(hops));
    if ipv4 {
        socket.set_ttl_v4(outgoing)?;
    } else {
        socket.set_unicast_hops_v6(outgoing)?;
    }
    set_least_incoming(socket, least_incoming(hops), ipv4)
}

/// Sets the least TTL of what is taken; the kernel drops the rest before anybody sees it.
pub(super) fn set_least_incoming(socket: &Socket, least: u8, ipv4: bool) -> io::Result<()> {
    let (level, name) =
        if ipv4 { (libc::IPPROTO_IP, libc::IP_MINTTL) } else { (libc::IPPROTO_IPV6, libc::IPV6_MINHOPCOUNT) };
    set(socket, level, name, &libc::c_int::from(least))
}

/// Signs and demands signatures for segments to and from `remote`; `None` ends that.
pub(super) fn set_key(socket: &Socket, remote: IpNet, key: Option<&Secret>) -> io::Result<()> {
    let mut request = Md5Signature::about(remote);
    if let Some(key) = key {
        let octets = key.reveal();
        let place = request.key.get_mut(..octets.len()).ok_or(io::ErrorKind::InvalidInput)?;
        place.copy_from_slice(octets);
        request.key_length = octets.len() as u16;
    }
    let host = remote.prefix_len() == remote.max_prefix_len();
    let name = if host { libc::TCP_MD5SIG } else { libc::TCP_MD5SIG_EXT };
    set(socket, libc::IPPROTO_TCP, name, &request)
}

/// `struct tcp_md5sig` of `linux/tcp.h`.
#[repr(C)]
struct Md5Signature {
    address: SockAddrStorage,
    flags: u8,
    prefix_length: u8,
    key_length: u16,
    interface: libc::c_int,
    key: [u8; KEY_MAX],
}

/// `TCP_MD5SIG_FLAG_PREFIX` of `linux/tcp.h`: the prefix length counts.
const FLAG_PREFIX: u8 = 1;

impl Md5Signature {
    fn about(remote: IpNet) -> Self {
        let address = SockAddr::from(SocketAddr::new(remote.network(), 0));
        Self {
            address: address.as_storage(),
            flags: if remote.prefix_len() == remote.max_prefix_len() { 0 } else { FLAG_PREFIX },
            prefix_length: remote.prefix_len(),
            key_length: 0,
            interface: 0,
            key: [0; KEY_MAX],
        }
    }
}

fn set<T>(socket: &Socket, level: libc::c_int, name: libc::c_int, value: &T) -> io::Result<()> {
    let length = size_of::<T>() as libc::socklen_t;
    // SAFETY: the descriptor is open for as long as `socket` is borrowed, and the kernel reads exactly
    // `length` octets of `value`, which is a plain C integer or a `repr(C)` structure.
    let answer =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const *value).cast(), length) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// `address` with the interface index of a link-local address.
pub(super) fn with_scope(address: SocketAddr, scope: u32) -> SocketAddr {
    match address {
        SocketAddr::V4(_) => address,
        SocketAddr::V6(mut v6) => {
            v6.set_scope_id(scope);
            SocketAddr::V6(v6)
        }
    }
}

/// Whether `address` means nothing without an interface.
pub(super) const fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// How many keys the kernel takes on one socket; `None` where it knows no keys.
#[cfg(test)]
pub(crate) fn keys_that_fit() -> Option<u64> {
    let socket =
        listening("127.0.0.1:0".parse().expect("an address")).expect("a listening socket on loopback");
    for number in 0..u16::MAX {
        let [high, low] = number.to_be_bytes();
        let remote = IpNet::from(IpAddr::from([10, 0, high, low]));
        match set_key(&socket, remote, Some(&Secret::new(b"secret"))) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(libc::ENOPROTOOPT) => return None,
            Err(_) => return Some(number.into()),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: &str = "127.0.0.1:0";

    fn listener() -> Socket {
        listening(ANY.parse().expect("an address")).expect("a listening socket on loopback")
    }

    #[test]
    fn the_structure_has_the_kernels_size() {
        assert_eq!(size_of::<Md5Signature>(), 128 + 8 + 80);
    }

    #[test]
    fn bgp_sockets_are_marked_as_network_control() {
        assert_eq!(listener().tos_v4().expect("a readable option"), INTERNETWORK_CONTROL);
    }

    #[test]
    fn a_key_can_be_set_and_taken_away_for_a_host_and_for_a_range() {
        let socket = listener();
        let key = Secret::new(b"secret");
        for remote in ["192.0.2.1/32", "198.51.100.0/24"] {
            let remote = remote.parse().expect("a prefix");
            match set_key(&socket, remote, Some(&key)) {
                // A kernel built without CONFIG_TCP_MD5SIG, or a sandbox that hides it.
                Err(error) if error.raw_os_error() == Some(libc::ENOPROTOOPT) => return,
                outcome => outcome.expect("the kernel takes the key"),
            }
            set_key(&socket, remote, None).expect("the kernel forgets the key");
        }
    }

    #[test]
    fn a_key_longer_than_the_kernels_is_refused() {
        let remote = "192.0.2.1/32".parse().expect("a prefix");
        let error = set_key(&listener(), remote, Some(&Secret::new(&[b'x'; 81]))).expect_err("too long");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn hop_limits_are_set_in_both_directions() {
        let socket = listener();
        set_hops(&socket, Hops::Within(1), true).expect("a settable option");
        assert_eq!(socket.ttl_v4().expect("a readable option"), 255);
        set_hops(&socket, Hops::Reach(64), true).expect("a settable option");
        assert_eq!(socket.ttl_v4().expect("a readable option"), 64);
    }

    #[test]
    fn a_scope_is_for_link_local_addresses() {
        assert!(is_link_local("fe80::1".parse().expect("an address")));
        assert!(!is_link_local("2001:db8::1".parse().expect("an address")));
        assert!(!is_link_local("169.254.1.1".parse().expect("an address")));
    }
}
