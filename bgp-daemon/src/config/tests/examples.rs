//! The examples of the documentation are read without a warning and do what their comments say.

use std::net::IpAddr;
use std::sync::Arc;

use bgp_core::policy::{Neighbour, Policy, SourceKind, Subject, Verdict, evaluate};
use bgp_core::rib::{Forwarding, KernelHint, Route};
use bgp_core::wire::{Attributes, NextHop};

use super::super::Settings;
use super::read;

const CALICO: &str = include_str!("../../../../docs/examples/calico-node.toml");
const MESH: &str = include_str!("../../../../docs/examples/mesh-node.toml");
const REFLECTOR: &str = include_str!("../../../../docs/examples/reflector.toml");
const TOR: &str = include_str!("../../../../docs/examples/tor.toml");

pub(super) const TEXTS: [&str; 4] = [CALICO, MESH, REFLECTOR, TOR];

fn example(text: &str) -> Settings {
    let loaded = read(text).unwrap_or_else(|wrong| panic!("{}", super::super::render(&wrong)));
    assert_eq!(super::super::render(&loaded.warnings), "");
    loaded.settings
}

/// A route from `source`, out of `interface` or via a next hop.
struct Case<'a> {
    prefix: &'a str,
    source: SourceKind,
    via: Option<&'a str>,
    interface: Option<&'a str>,
}

const LOCAL: Case<'_> = Case { prefix: "", source: SourceKind::Static, via: None, interface: None };
const POD: Case<'_> = Case { source: SourceKind::Kernel, interface: Some("cali92466c287a9"), ..LOCAL };
const BGP: Case<'_> = Case { source: SourceKind::Bgp, via: Some("192.168.56.102"), ..LOCAL };

impl<'a> Case<'a> {
    const fn to(self, prefix: &'a str) -> Self {
        Self { prefix, ..self }
    }

    /// The route after the policies, if they let it through to a peer of ours, or to the kernel.
    fn after(&self, policies: &[Arc<Policy>], peer: Option<Neighbour<'_>>) -> Option<Route> {
        let via = self.via.map(|via| match via.parse().expect("an address") {
            IpAddr::V4(address) => Forwarding::Via(NextHop::V4(address)),
            IpAddr::V6(global) => Forwarding::Via(NextHop::V6 { global, link_local: None }),
        });
        let route = Route {
            attributes: Attributes::default(),
            forwarding: via.unwrap_or(Forwarding::Blackhole),
            interface: self.interface.map(Into::into),
            kernel: KernelHint::default(),
        };
        let subject = Subject {
            prefix: self.prefix.parse().expect("a prefix"),
            route: &route,
            source: self.source,
            peer,
            learned_from: None,
        };
        match evaluate(policies, &subject) {
            Verdict::Accept { route, .. } => Some(route.into_owned()),
            Verdict::Reject { .. } => None,
        }
    }
}

#[test]
fn a_calico_node_exports_blocks_and_keeps_pods_to_itself() {
    let settings = example(CALICO);
    let export = settings.core.peers[0].export.as_deref().expect("policies");
    let peer = Neighbour { name: "Mesh_192_168_56_100", internal: true };
    let passes = |case: Case<'_>| case.after(export, Some(peer));
    let block = passes(LOCAL.to("10.244.196.128/26")).expect("the block is exported");
    assert_eq!(block.attributes.local_preference, Some(2_147_482_623));
    assert!(passes(LOCAL.to("fd00:10:244:c480::/122")).is_some());
    assert!(passes(POD.to("10.244.196.129/32")).is_none(), "a pod of the block");
    assert!(passes(POD.to("10.244.7.1/32")).is_some(), "an address borrowed from another block");
    assert!(passes(LOCAL.to("192.168.56.0/24")).is_none(), "the node's own network");
    assert!(passes(LOCAL.to("0.0.0.0/0")).is_none(), "the default route");
    let overlay = Case { interface: Some("vxlan.calico"), ..LOCAL };
    assert!(passes(overlay.to("10.245.3.0/26")).is_none(), "a route of the overlay");
}

#[test]
fn a_calico_node_programs_each_pool_in_its_own_way() {
    let settings = example(CALICO);
    let kernel = settings.core.kernel_export.expect("policies");
    let tunnel = |case: Case<'_>| case.after(&kernel, None).map(|route| route.kernel.tunnel);
    let far = Case { via: Some("192.168.77.4"), ..BGP };
    assert_eq!(tunnel(BGP.to("10.244.140.64/26")), Some(None));
    assert_eq!(tunnel(far.to("10.244.9.0/26")), Some(Some("tunl0".into())));
    assert_eq!(tunnel(LOCAL.to("10.244.196.128/26")), Some(None), "the block is a plain blackhole");
    assert_eq!(tunnel(BGP.to("10.245.3.0/26")), None, "Felix programs VXLAN");
    assert_eq!(tunnel(BGP.to("10.96.0.10/32")), None, "services belong to the proxy");
    assert_eq!(tunnel(BGP.to("172.16.0.0/12")), Some(None));
}

#[test]
fn a_mesh_node_announces_its_blocks_only() {
    let settings = example(MESH);
    let export = settings.core.peers[0].export.as_deref().expect("policies");
    let peer = Neighbour { name: "master", internal: true };
    assert!(LOCAL.to("10.244.196.128/26").after(export, Some(peer)).is_some());
    assert!(POD.to("10.244.196.129/32").after(export, Some(peer)).is_none());
    assert_eq!(settings.originate.len(), 2);
}

#[test]
fn a_reflector_takes_every_node_and_no_kernel() {
    let settings = example(REFLECTOR);
    assert_eq!(settings.core.kernel_export, None);
    assert!(settings.core.dynamic_peers[0].template.client);
    assert!(!settings.core.peers[0].client);
}

#[test]
fn a_server_below_two_switches_is_no_transit() {
    let settings = example(TOR);
    let tor = &settings.core.peers[0];
    let peer = Some(Neighbour { name: "tor-a", internal: false });
    let (import, export) =
        (tor.import.as_deref().expect("policies"), tor.export.as_deref().expect("policies"));
    assert!(BGP.to("0.0.0.0/0").after(import, peer).is_some());
    assert!(BGP.to("10.0.0.0/8").after(import, peer).is_none());
    assert!(LOCAL.to("10.244.3.0/24").after(export, peer).is_some());
    assert!(BGP.to("0.0.0.0/0").after(export, peer).is_none());
}
