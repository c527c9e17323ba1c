//! What the tests of this module are made of.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::export::{OwnAddresses, Target};
use crate::peer::{AddPathSend, NextHopRule};
use crate::policy::Policy;
use crate::rib::{Forwarding, KernelHint, PeerSource, Route, Source};
use crate::speaker::PeerId;
use crate::wire::{AsPath, Attributes, Dialect, NextHop, PeerKind};
use crate::{Asn, Family, RouterId};

pub(super) const OUR_ASN: Asn = Asn(64512);
pub(super) const OUR_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// A session with a non-client of ours.
pub(super) fn internal() -> Target {
    target(PeerKind::Internal, OUR_ASN)
}

/// A session with a client of ours.
pub(super) fn client() -> Target {
    Target { client: true, ..internal() }
}

/// A session with another AS, to which everything may go.
pub(super) fn external() -> Target {
    Target { export: Some(vec![Arc::new(Policy::accept_all())]), ..target(PeerKind::External, Asn(65001)) }
}

fn target(kind: PeerKind, asn: Asn) -> Target {
    Target {
        name: Arc::from("somebody"),
        dialect: Dialect {
            four_octet_as: true,
            families: Family::UNICAST.to_vec(),
            ..Dialect::unnegotiated(kind, asn)
        },
        local_asn: OUR_ASN,
        cluster_id: RouterId(Ipv4Addr::new(9, 9, 9, 9)),
        client: false,
        client_to_client: true,
        role: None,
        next_hop: NextHopRule::Auto,
        own: OwnAddresses { v4: Some(OUR_V4), v6: None, link_local: None },
        shared_subnets: Vec::new(),
        export: None,
        add_path_send: AddPathSend::All,
        long_lived: false,
        leaving: false,
    }
}

/// What the RIB knows about the peer of this number, which is also the last octet of its address.
pub(super) fn peer(number: u8, kind: PeerKind) -> PeerSource {
    let asn = if kind == PeerKind::External { Asn(65000 + u32::from(number)) } else { OUR_ASN };
    PeerSource {
        peer: PeerId(u32::from(number)),
        kind,
        asn,
        router_id: RouterId(Ipv4Addr::new(1, 1, 1, number)),
        address: IpAddr::V4(address(number)),
        client: false,
        cluster_id: RouterId(Ipv4Addr::new(9, 9, 9, 9)),
    }
}

pub(super) fn source(number: u8, kind: PeerKind) -> Source {
    Source::Bgp(peer(number, kind))
}

pub(super) fn address(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(198, 51, 100, number)
}

/// A route by way of the peer of this number.
pub(super) fn route(number: u8, path: &[u32]) -> Route {
    let path: Vec<Asn> = path.iter().copied().map(Asn).collect();
    Route {
        attributes: Attributes { as_path: AsPath::default().prepend(&path), ..Attributes::default() },
        forwarding: Forwarding::Via(NextHop::V4(address(number))),
        interface: None,
        kernel: KernelHint::default(),
    }
}
