//! MRT files as `bgpdump -m` prints them: one line for each path, withdrawal and change of state.

use std::fmt::{Display, Write};
use std::net::IpAddr;

use bgp_core::Asn;
use bgp_core::mrt::{Body, Exchange, PeerIndex, Record, Records, Rib, StateChange, Stored};
use bgp_core::wire::{Attributes, Message, NextHop, Nlri, Origin, Routes, SegmentKind, Update};

use crate::failure::{Doing, Failure};

/// The lines of a file with these octets.
///
/// # Errors
/// The first part of the file that makes no sense.
pub fn lines(file: &[u8]) -> Result<Vec<String>, Failure> {
    let (mut lines, mut index) = (Vec::new(), None);
    for record in Records::new(file) {
        let record = record.doing("read a record")?;
        match &record.body {
            Body::PeerIndex(peers) => index = Some(peers.clone()),
            Body::Rib(rib) => table(&record, rib, index.as_ref(), &mut lines)?,
            Body::Message(stored) => message(&record, stored, &mut lines)?,
            Body::StateChange(change) => lines.push(state(&record, change)),
            Body::Other { .. } => {}
        }
    }
    Ok(lines)
}

fn table(
    record: &Record<'_>,
    rib: &Rib<'_>,
    index: Option<&PeerIndex>,
    lines: &mut Vec<String>,
) -> Result<(), Failure> {
    for entry in &rib.entries {
        let peer = index.and_then(|index| index.peers.get(usize::from(entry.peer)));
        let place = || format!("read the record at octet {}", record.offset);
        let peer = peer.ok_or("no such peer").doing_with(place)?;
        let update = entry.update(rib).doing_with(place)?;
        let kind = if entry.path_id.is_some() { "TABLE_DUMP2_AP" } else { "TABLE_DUMP2" };
        let head = format!("{kind}|{}|B|{}|{}|", record.seconds, peer.address, peer.asn);
        announced(&head, &update, entry.path_id.is_some(), lines);
    }
    Ok(())
}

fn message(record: &Record<'_>, stored: &Stored<'_>, lines: &mut Vec<String>) -> Result<(), Failure> {
    let decoded = stored.decode().doing_with(|| format!("read the message at octet {}", record.offset))?;
    let Message::Update(update) = decoded else { return Ok(()) };
    let Exchange { peer, peer_asn, .. } = stored.exchange;
    let kind = kind(record, if stored.path_ids { "_AP" } else { "" });
    let unreachable = update.unreach.iter().flat_map(|unreach| unicast(&unreach.routes));
    for nlri in update.withdrawn.iter().chain(unreachable) {
        let line = format!("{kind}W|{peer}|{peer_asn}|{}", nlri.prefix);
        lines.push(if stored.path_ids { format!("{line}|{}", nlri.path_id.0) } else { line });
    }
    announced(&format!("{kind}A|{peer}|{peer_asn}|"), &update, stored.path_ids, lines);
    Ok(())
}

fn state(record: &Record<'_>, change: &StateChange) -> String {
    let Exchange { peer, peer_asn, .. } = change.exchange;
    format!("{}STATE|{peer}|{peer_asn}|{}|{}", kind(record, ""), change.old, change.new)
}

/// Both kinds of time have the same name; microseconds show which it is.
fn kind(record: &Record<'_>, suffix: &str) -> String {
    match record.microseconds {
        0 => format!("BGP4MP{suffix}|{}|", record.seconds),
        microseconds => format!("BGP4MP_ET{suffix}|{}.{microseconds:06}|", record.seconds),
    }
}

fn announced(head: &str, update: &Update, path_ids: bool, lines: &mut Vec<String>) {
    let Some(attributes) = &update.attributes else { return };
    let mut add = |nlri: &Nlri, next_hop: &dyn Display| {
        let id = if path_ids { format!("{}|", nlri.path_id.0) } else { String::new() };
        lines.push(format!("{head}{}|{id}{}", nlri.prefix, path(attributes, next_hop)));
    };
    for nlri in &update.announced {
        add(nlri, &update.next_hop.map_or_else(String::new, |hop| hop.to_string()));
    }
    for nlri in update.reach.iter().flat_map(|reach| unicast(&reach.routes)) {
        let hop = update.reach.as_ref().and_then(|reach| reach.next_hop).map(|hop| match hop {
            NextHop::V4(address) => IpAddr::V4(address),
            NextHop::V6 { global, .. } => IpAddr::V6(global),
        });
        add(nlri, &hop.map_or_else(String::new, |hop| hop.to_string()));
    }
}

fn unicast(routes: &Routes) -> &[Nlri] {
    match routes {
        Routes::Unicast(nlri) => nlri,
        Routes::Opaque { .. } => &[],
    }
}

/// From the AS path to the aggregator.
fn path(attributes: &Attributes, next_hop: &dyn Display) -> String {
    let origin = match attributes.origin {
        Origin::Igp => "IGP",
        Origin::Egp => "EGP",
        Origin::Incomplete => "INCOMPLETE",
    };
    let communities: Vec<String> =
        attributes.communities.iter().map(|community| named(&community.to_string())).collect();
    let atomic = if attributes.atomic_aggregate { "AG" } else { "NAG" };
    let aggregator =
        attributes.aggregator.map(|it| format!("{} {}", it.asn, it.router_id)).unwrap_or_default();
    format!(
        "{}|{origin}|{next_hop}|{}|{}|{}|{atomic}|{aggregator}|",
        as_path(attributes),
        attributes.local_preference.unwrap_or_default(),
        attributes.med.unwrap_or_default(),
        communities.join(" ")
    )
}

/// bgpdump names three communities.
fn named(community: &str) -> String {
    match community {
        "65535:65281" => "no-export",
        "65535:65282" => "no-advertise",
        "65535:65283" => "local-AS",
        other => other,
    }
    .to_owned()
}

fn as_path(attributes: &Attributes) -> String {
    let mut text = String::new();
    for segment in attributes.as_path.segments() {
        let asns: Vec<String> = segment.asns().map(|asn: Asn| asn.to_string()).collect();
        let (open, between, close) = match segment.kind() {
            SegmentKind::Sequence => ("", " ", ""),
            SegmentKind::Set => ("{", ",", "}"),
            SegmentKind::ConfedSequence => ("(", " ", ")"),
            SegmentKind::ConfedSet => ("[", ",", "]"),
        };
        let space = if text.is_empty() { "" } else { " " };
        write!(text, "{space}{open}{}{close}", asns.join(between)).expect("writing to a string cannot fail");
    }
    text
}
