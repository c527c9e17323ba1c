//! Words of a request as the speaker understands them.

use std::net::IpAddr;

use bgp_core::policy::{CommunityError, CommunityPattern};
use bgp_core::speaker::{PathFilter, PeerId, PeerView, PrefixMatch, RouteQuery, RoutesOf, View};
use bgp_core::{Asn, Family, Instant};
use ipnet::IpNet;

use crate::api::{Of, Refusal, Scope, Selection};

/// What a selection means to this speaker, asked `now`.
pub(super) fn query(selection: &Selection, view: &View<'_>, now: Instant) -> Result<RouteQuery, Refusal> {
    let peer = selection.peer.as_deref().map(|name| peer_id(name, view)).transpose()?;
    let named = || peer.ok_or_else(|| Refusal::usage("name a peer"));
    let (of, from) = match selection.of {
        Of::All => (RoutesOf::All, peer),
        Of::Best => (RoutesOf::Best, peer),
        Of::Rejected => (RoutesOf::Rejected, peer),
        Of::In => (RoutesOf::In(named()?), None),
        Of::Out => (RoutesOf::Out(named()?), None),
    };
    let prefixes = match &selection.prefix {
        None => PrefixMatch::Any,
        Some(text) => match (prefix(text)?, selection.scope) {
            (Asked::Prefix(prefix), Scope::Exact) => PrefixMatch::Exactly(prefix),
            (Asked::Prefix(prefix) | Asked::Address(prefix), Scope::Longer) => PrefixMatch::Longer(prefix),
            (Asked::Prefix(prefix), Scope::Covering) | (Asked::Address(prefix), _) => {
                PrefixMatch::Covering(prefix)
            }
        },
    };
    let family = selection.family.as_deref().map(family).transpose()?;
    let community = selection.community.as_deref().map(community).transpose()?;
    let origin_asn = selection.origin_as.map(Asn);
    let since = selection.since.map(|seconds| ago(now, seconds));
    Ok(RouteQuery { of, prefixes, family, filter: PathFilter { from, community, origin_asn, since } })
}

/// So many seconds before `now`; not before the clock began.
fn ago(now: Instant, seconds: u64) -> Instant {
    Instant::from_micros(now.as_micros().saturating_sub(seconds.saturating_mul(1_000_000)))
}

fn community(text: &str) -> Result<CommunityPattern, Refusal> {
    text.parse().map_err(|error: CommunityError| Refusal::usage(error.to_string()))
}

/// A prefix in words, or an address.
pub(super) enum Asked {
    Prefix(IpNet),
    Address(IpNet),
}

impl Asked {
    /// Either way.
    pub(super) const fn net(self) -> IpNet {
        match self {
            Self::Prefix(net) | Self::Address(net) => net,
        }
    }
}

/// Reads a prefix or an address.
pub(super) fn prefix(text: &str) -> Result<Asked, Refusal> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Asked::Address(address.into()));
    }
    let prefix: IpNet = text.parse().map_err(|_| {
        Refusal::usage(format!(
            "{text:?} is neither a prefix nor an address, as in 10.244.0.0/16 or 2001:db8::1"
        ))
    })?;
    if prefix != prefix.trunc() {
        return Err(Refusal::usage(format!(
            "{prefix} has bits set behind its length: {} is meant?",
            prefix.trunc()
        )));
    }
    Ok(Asked::Prefix(prefix))
}

/// The peer of a name, or of an address.
pub(super) fn find(name: &str, view: &View<'_>) -> Result<PeerView, Refusal> {
    among(name, &view.peers()).cloned()
}

/// The one of `peers` that has a name, or an address.
pub(super) fn among<'a>(name: &str, peers: &'a [PeerView]) -> Result<&'a PeerView, Refusal> {
    let address: Option<IpAddr> = name.parse().ok();
    let named = peers.iter().find(|peer| &*peer.name == name);
    let found = named.or_else(|| peers.iter().find(|peer| Some(peer.address) == address));
    found.ok_or_else(|| Refusal::not_found(format!("there is no peer {name:?}{}", nearest(name, peers))))
}

/// The id of a peer.
pub(super) fn peer_id(name: &str, view: &View<'_>) -> Result<PeerId, Refusal> {
    find(name, view).map(|peer| peer.id)
}

fn nearest(name: &str, peers: &[PeerView]) -> String {
    let similar = |peer: &&PeerView| peer.name.contains(name) || name.contains(&*peer.name);
    match peers.iter().find(similar) {
        Some(peer) => format!(": {:?} is meant?", peer.name),
        None => String::new(),
    }
}

fn family(text: &str) -> Result<Family, Refusal> {
    let known = Family::UNICAST.into_iter().find(|family| family.to_string() == text);
    known.ok_or_else(|| Refusal::usage(format!("{text:?} is no family: ipv4 or ipv6")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_a_prefix() {
        assert!(matches!(prefix("10.0.0.1"), Ok(Asked::Address(_))));
        assert!(matches!(prefix("10.0.0.1/32"), Ok(Asked::Prefix(_))));
        assert!(matches!(prefix("2001:db8::/32"), Ok(Asked::Prefix(_))));
    }

    #[test]
    fn host_bits_are_refused_with_what_was_meant() {
        let refusal = prefix("10.0.0.1/24").err().expect("host bits");
        assert!(refusal.message.contains("10.0.0.0/24"), "{}", refusal.message);
    }

    #[test]
    fn families_have_two_names() {
        assert_eq!(family("ipv6"), Ok(Family::IPV6));
        assert!(family("vpnv4").is_err());
    }
}
