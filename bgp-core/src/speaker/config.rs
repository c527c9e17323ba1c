//! The speaker's configuration, validated: a driver builds it, the core trusts it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use crate::peer::PeerConfig;
use crate::policy::Policy;
use crate::{Asn, RouterId};

/// Graceful restart, [RFC 4724](https://www.rfc-editor.org/rfc/rfc4724).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GracefulRestart {
    /// Offered at all.
    pub enabled: bool,
    /// Restart time advertised, at most 4095 s.
    pub restart_time: Duration,
    /// A peer not Established this long after start is no longer waited for.
    pub first_contact: Duration,
    /// Upper bound for deferring route selection.
    pub max_wait: Duration,
    /// Long-lived stale time advertised; zero for none.
    pub long_lived: Duration,
    /// [RFC 8538](https://www.rfc-editor.org/rfc/rfc8538) is offered.
    pub notification: bool,
    /// At start: packets of the routes our predecessor announced are still forwarded, because its kernel
    /// routes are there or because this speaker forwards nothing. Peers are told so in the F bit.
    pub forwarding_preserved: bool,
}

impl Default for GracefulRestart {
    /// Offered with two minutes, short-lived, nothing preserved.
    fn default() -> Self {
        Self {
            enabled: true,
            restart_time: Duration::from_secs(120),
            first_contact: Duration::from_secs(10),
            max_wait: Duration::from_secs(120),
            long_lived: Duration::ZERO,
            notification: true,
            forwarding_preserved: false,
        }
    }
}

/// Connections accepted from a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DynamicPeers {
    /// The range.
    pub prefix: IpNet,
    /// Most at once.
    pub limit: u32,
    /// What each becomes; name and address are filled in from the connection.
    pub template: PeerConfig,
}

impl DynamicPeers {
    /// What the neighbour at `address` becomes.
    pub(super) fn peer(&self, address: IpAddr) -> PeerConfig {
        PeerConfig {
            name: Arc::from(address.to_string()),
            remote: SocketAddr::new(address, self.template.remote.port()),
            passive: true,
            ..self.template.clone()
        }
    }
}

/// Everything a speaker has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Our AS.
    pub asn: Asn,
    /// Our BGP Identifier.
    pub router_id: RouterId,
    /// Graceful restart.
    pub graceful_restart: GracefulRestart,
    /// Peers, names unique.
    pub peers: Vec<PeerConfig>,
    /// Ranges to accept from, most specific wins.
    pub dynamic_peers: Vec<DynamicPeers>,
    /// Policies between Loc-RIB and kernel, in order; `None`: the kernel is not programmed and
    /// next hops count as reachable.
    pub kernel_export: Option<Vec<Arc<Policy>>>,
    /// Kernel routes through next hops name a set of hops, told apart ([`Output::FibSet`]), so that what happens to a
    /// next hop is told once and not once per route. Read when the kernel is first programmed.
    ///
    /// [`Output::FibSet`]: crate::speaker::Output::FibSet
    pub kernel_sets: bool,
    /// Most next hops of one route; 1 turns multipath off.
    pub multipath: u16,
}

impl Config {
    /// The most specific range that contains `address`.
    pub(super) fn range_of(&self, address: IpAddr) -> Option<&DynamicPeers> {
        let ranges = self.dynamic_peers.iter().filter(|range| range.prefix.contains(&address));
        ranges.max_by_key(|range| range.prefix.prefix_len())
    }

    /// No peers, no kernel, no multipath, and graceful restart as usual.
    #[must_use]
    pub fn new(asn: Asn, router_id: RouterId) -> Self {
        Self {
            asn,
            router_id,
            graceful_restart: GracefulRestart::default(),
            peers: Vec::new(),
            dynamic_peers: Vec::new(),
            kernel_export: None,
            kernel_sets: false,
            multipath: 1,
        }
    }

    /// Every reflection cluster of ours, each once. A route that went through any of them is a loop,
    /// whichever of them the peer belongs to ([RFC 4456 §8]).
    ///
    /// [RFC 4456 §8]: https://www.rfc-editor.org/rfc/rfc4456#section-8
    pub(super) fn clusters(&self) -> Vec<RouterId> {
        let ranges = self.dynamic_peers.iter().map(|range| &range.template);
        let mut clusters: Vec<RouterId> =
            self.peers.iter().chain(ranges).map(|peer| peer.cluster_id).collect();
        clusters.sort_unstable();
        clusters.dedup();
        clusters
    }
}
