//! What a configuration asks of its host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bgp_core::peer::PeerAsn;
use bgp_core::policy::Glob;
use bgp_core::rib::Forwarding;
use ipnet::IpNet;

use crate::config::{Role, Settings};
use crate::files;

/// What a configuration asks of its host, or what is asked where there is none.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Needs {
    /// The port that is listened on; `None`: none is.
    pub(super) port: Option<u16>,
    /// The addresses that it is listened on.
    pub(super) addresses: Vec<IpAddr>,
    /// Routes are written to the kernel, with this protocol.
    pub(super) kernel: Option<u8>,
    /// It forwards packets of others: it announces blocks of addresses of its own.
    pub(super) blocks: bool,
    /// Most next hops of a route.
    pub(super) multipath: u16,
    /// External peers.
    pub(super) external: usize,
    /// IPv6 routes are exchanged.
    pub(super) ipv6: bool,
    /// The most sessions there may be.
    pub(super) sessions: u64,
    /// Open files for these.
    pub(super) files: u64,
    /// TCP MD5 keys of IPv4 and of IPv6: a listening socket holds those of its family.
    pub(super) keys: [u64; 2],
    /// Interfaces of workloads, whose sysctls somebody else sets.
    pub(super) workloads: Vec<Glob>,
}

impl Needs {
    /// What is asked where nobody knows a configuration.
    pub(super) fn of_role(role: Role) -> Self {
        Self {
            port: Some(179),
            addresses: vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()],
            kernel: (role == Role::Node).then_some(12),
            blocks: false,
            multipath: 1,
            external: 0,
            ipv6: false,
            sessions: 0,
            files: 0,
            keys: [0, 0],
            workloads: Vec::new(),
        }
    }

    /// What `settings` ask.
    pub(super) fn of(settings: &Settings) -> Self {
        let (core, kernel) = (&settings.core, &settings.kernel);
        let ranges = core.dynamic_peers.iter();
        let templates = core.peers.iter().chain(ranges.clone().map(|range| &range.template));
        let is_block = |prefix: &IpNet| prefix.prefix_len() < prefix.max_prefix_len();
        let keys = |v4: bool| {
            let of_family = |remote: &IpNet| matches!(remote, IpNet::V4(_)) == v4;
            let sockets = settings.sockets.iter();
            sockets.filter(|it| it.password.is_some() && of_family(&it.remote)).count() as u64
        };
        Self {
            port: (!settings.listen.addresses.is_empty()).then_some(settings.listen.port),
            addresses: settings.listen.addresses.clone(),
            kernel: kernel.enabled.then_some(kernel.protocol),
            blocks: settings.originate.iter().any(|ours| {
                let forwarding = &ours.route.forwarding;
                is_block(&ours.prefix)
                    && matches!(forwarding, Forwarding::Blackhole | Forwarding::Unreachable)
            }),
            multipath: core.multipath,
            external: core.peers.iter().filter(|peer| is_external(peer.asn, peer.local_asn)).count(),
            ipv6: templates.flat_map(|peer| &peer.families).any(|family| *family == bgp_core::Family::IPV6),
            sessions: ranges.map(|range| u64::from(range.limit)).sum::<u64>() + core.peers.len() as u64,
            files: files::wanted(core),
            keys: [keys(true), keys(false)],
            workloads: kernel.direct_exclude_interfaces.clone(),
        }
    }
}

fn is_external(asn: PeerAsn, ours: bgp_core::Asn) -> bool {
    match asn {
        PeerAsn::Exactly(asn) => asn != ours,
        PeerAsn::External => true,
        PeerAsn::Internal => false,
    }
}
