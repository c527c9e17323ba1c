//! What a decoded message says, in the words of the corpus: `key=value`, one a fact.

use std::net::Ipv4Addr;

use bgp_core::wire::{
    Attributes, Capability, Dialect, Message, Nlri, Notification, Open, Reach, RefreshKind, RouteRefresh,
    Routes, Unreach, Update, encode,
};
use bytes::BytesMut;

pub(crate) fn facts(message: &Message) -> Vec<String> {
    match message {
        Message::Open(open) => open_facts(open),
        Message::Update(update) => update_facts(update),
        Message::Notification(notification) => notification_facts(notification),
        Message::Keepalive => vec!["type=KEEPALIVE".to_owned()],
        Message::RouteRefresh(refresh) => refresh_facts(refresh),
    }
}

fn open_facts(open: &Open) -> Vec<String> {
    let capabilities: Vec<String> = open.capabilities.iter().map(capability).collect();
    vec![
        "type=OPEN".to_owned(),
        format!("as={}", open.asn),
        format!("hold_time={}", open.hold_time),
        format!("router_id={}", open.router_id),
        format!("capabilities={}", capabilities.join(",")),
    ]
}

/// A capability's octets, found at the end of an OPEN that has no other.
fn capability(capability: &Capability) -> String {
    let open = Open {
        asn: bgp_core::Asn(1),
        hold_time: 0,
        router_id: 1.into(),
        capabilities: vec![capability.clone()],
    };
    let dialect = Dialect::unnegotiated(bgp_core::wire::PeerKind::External, bgp_core::Asn(1));
    let mut out = BytesMut::new();
    encode(&Message::Open(open), &dialect, &mut out);
    format!("{}:{}", out[31], hex(&out[33..]))
}

fn update_facts(update: &Update) -> Vec<String> {
    let mut facts = vec!["type=UPDATE".to_owned()];
    if !update.withdrawn.is_empty() {
        facts.push(format!("withdrawn={}", prefixes(&update.withdrawn)));
    }
    if !update.announced.is_empty() {
        facts.push(format!("nlri={}", prefixes(&update.announced)));
    }
    facts.extend(update.next_hop.map(|address| format!("next_hop={address}")));
    facts.extend(update.attributes.iter().flat_map(attribute_facts));
    facts.extend(update.reach.as_ref().map(reach_fact));
    facts.extend(update.unreach.iter().map(unreach_fact));
    facts.extend(update.end_of_rib().map(|family| format!("end_of_rib={}/{}", family.afi, family.safi)));
    facts
}

fn attribute_facts(attributes: &Attributes) -> Vec<String> {
    let mut facts = vec![
        format!("origin={}", attributes.origin as u8),
        format!("as_path={}", attributes.as_path.to_string().replace(' ', "_")),
    ];
    let mut fact =
        |key: &str, value: Option<String>| facts.extend(value.map(|value| format!("{key}={value}")));
    fact("med", attributes.med.map(|med| med.to_string()));
    fact("local_pref", attributes.local_preference.map(|value| value.to_string()));
    fact("atomic_aggregate", attributes.atomic_aggregate.then(|| "yes".to_owned()));
    fact("aggregator", attributes.aggregator.map(|aggregator| aggregator.to_string().replace(' ', "@")));
    fact("originator_id", attributes.originator_id.map(|id| id.to_string()));
    fact("otc", attributes.otc.map(|asn| asn.to_string()));
    fact("aigp", attributes.aigp.as_ref().and_then(|aigp| aigp.metric).map(|metric| metric.to_string()));
    fact("cluster_list", list(&attributes.cluster_list, |id| id.to_string()));
    fact("communities", list(&attributes.communities, |c| format!("{}:{}", c.high(), c.low())));
    fact("large_communities", list(&attributes.large_communities, |c| c.to_string()));
    fact("ext_communities", list(&attributes.extended_communities, |c| hex(&c.0)));
    facts.extend(attributes.unknown.iter().map(|u| format!("carried={}:{}", u.code, hex(&u.value))));
    facts
}

fn reach_fact(reach: &Reach) -> String {
    let family = format!("mp_reach={}/{}", reach.family.afi, reach.family.safi);
    match &reach.routes {
        Routes::Unicast(nlri) => {
            let next_hop = match reach.next_hop.expect("a unicast family has a next hop") {
                bgp_core::wire::NextHop::V4(address) => hex(&address.octets()),
                bgp_core::wire::NextHop::V6 { global, link_local } => {
                    hex(&global.octets())
                        + &link_local.map(|address| hex(&address.octets())).unwrap_or_default()
                }
            };
            format!("{family}/{next_hop}/{}", prefixes(nlri))
        }
        Routes::Opaque { next_hop, .. } => format!("{family}/{}", hex(next_hop)),
    }
}

fn unreach_fact(unreach: &Unreach) -> String {
    let family = format!("mp_unreach={}/{}", unreach.family.afi, unreach.family.safi);
    match &unreach.routes {
        Routes::Unicast(nlri) => format!("{family}/{}", prefixes(nlri)),
        Routes::Opaque { .. } => family,
    }
}

fn notification_facts(notification: &Notification) -> Vec<String> {
    vec![
        "type=NOTIFICATION".to_owned(),
        format!("code={}", notification.code.octet()),
        format!("subcode={}", notification.subcode),
        format!("data={}", hex(&notification.data)),
    ]
}

fn refresh_facts(refresh: &RouteRefresh) -> Vec<String> {
    let subtype = match refresh.kind {
        RefreshKind::Request => 0,
        RefreshKind::Begin => 1,
        RefreshKind::End => 2,
        RefreshKind::Unknown(subtype) => subtype,
    };
    vec![
        "type=ROUTE-REFRESH".to_owned(),
        format!("afi={}", refresh.family.afi),
        format!("safi={}", refresh.family.safi),
        format!("subtype={subtype}"),
    ]
}

fn prefixes(nlri: &[Nlri]) -> String {
    let text: Vec<String> = nlri
        .iter()
        .map(|nlri| match nlri.path_id.0 {
            0 => nlri.prefix.to_string(),
            id => format!("{id}@{}", nlri.prefix),
        })
        .collect();
    text.join(",")
}

fn list<T>(values: &[T], text: impl Fn(&T) -> String) -> Option<String> {
    (!values.is_empty()).then(|| values.iter().map(text).collect::<Vec<_>>().join(","))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Eight hex digits as an IPv4 address.
pub(crate) fn dotted(hex: &str) -> String {
    Ipv4Addr::from(u32::from_str_radix(hex, 16).expect("eight hex digits")).to_string()
}
