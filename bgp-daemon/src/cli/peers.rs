//! Peers for people: the table, and one peer in full.

use std::io;

use super::show::Screen;
use super::table::{Align, Cell, Table, Tone, age};
use crate::api::{Counts, Peer, PeerExplanation};

/// Prints the table.
pub(super) fn table(peers: &[Peer], screen: &mut Screen<'_>) -> io::Result<()> {
    use Align::{Left, Right};
    let mut columns = vec![
        ("NAME", Left),
        ("ADDRESS", Left),
        ("ASN", Right),
        ("STATE", Left),
        ("FOR", Right),
        ("RECEIVED", Right),
        ("ACCEPTED", Right),
        ("ADVERTISED", Right),
    ];
    if screen.is_wide() {
        columns.extend([("FAMILIES", Left), ("ROUTER ID", Left), ("HOLD", Right), ("DESCRIPTION", Left)]);
    }
    columns.push(("LAST ERROR", Left));
    let mut table = Table::new(&columns);
    for peer in peers {
        table.row(row(peer, screen.is_wide()));
    }
    table.write(screen.out, screen.colour)
}

fn row(peer: &Peer, wide: bool) -> Vec<Cell> {
    let sum = |count: fn(&Counts) -> u64| peer.routes.values().map(count).sum::<u64>();
    let mut row: Vec<Cell> = vec![
        (&peer.name).into(),
        (&peer.address).into(),
        or_dash(peer.asn),
        state(peer),
        age(peer.age).into(),
        sum(|counts| counts.received).into(),
        sum(|counts| counts.accepted).into(),
        sum(|counts| counts.advertised).into(),
    ];
    if wide {
        row.push(peer.families.join(",").into());
        row.push(or_dash(peer.router_id.as_deref()));
        row.push(or_dash(peer.hold_time));
        row.push((&peer.description).into());
    }
    // What ended an earlier session is of little interest while one is up.
    let tone = if is_up(peer) { Tone::Dim } else { Tone::Bad };
    row.push(Cell::new(peer.last_error.as_deref().unwrap_or_default(), tone));
    row
}

/// Prints why a session is not up.
pub(super) fn explanation(told: &PeerExplanation, screen: &mut Screen<'_>) -> io::Result<()> {
    let mut lines = vec![
        ("Peer", format!("{} ({})", told.name, told.address), Tone::Plain),
        ("State", format!("{} since {}", told.state, told.since), Tone::Plain),
    ];
    lines.extend(told.layer.as_ref().map(|layer| ("Fails", layer.replace('_', " "), Tone::Bad)));
    let tone = if told.layer.is_some() { Tone::Bad } else { Tone::Good };
    lines.push(("Reason", told.reason.clone(), tone));
    lines.extend(told.hints.iter().map(|hint| ("Perhaps", hint.clone(), Tone::Plain)));
    if let (Some(at), Some(seconds)) = (&told.next_attempt, told.next_in) {
        lines.push(("Next attempt", format!("in {seconds} s ({at})"), Tone::Plain));
    }
    for (key, value, tone) in lines {
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        let key = screen.colour.paint(&format!("{key:<14}"), Tone::Dim);
        writeln!(screen.out, "{key} {}", screen.colour.paint(&value, tone))?;
    }
    Ok(())
}

/// Prints one peer.
pub(super) fn full(peer: &Peer, screen: &mut Screen<'_>) -> io::Result<()> {
    let mut lines = vec![
        ("Name", peer.name.clone()),
        ("Address", peer.address.clone()),
        ("AS", format!("{} (ours: {})", text(peer.asn), peer.local_asn)),
        ("State", format!("{} for {} (since {})", peer.state, age(peer.age), peer.since)),
        ("Families", peer.families.join(" ")),
    ];
    let optional = [
        ("Description", Some(peer.description.clone()).filter(|text| !text.is_empty())),
        ("Local address", peer.local_address.clone()),
        ("Router id", peer.router_id.clone()),
        ("Hold time", peer.hold_time.map(|seconds| format!("{seconds}s"))),
        ("Capabilities", Some(peer.capabilities.join(", ")).filter(|text| !text.is_empty())),
        ("Next attempt", peer.next_attempt.clone()),
        ("Last error", peer.last_error.clone()),
        ("Kind", kind(peer)),
    ];
    lines.extend(optional.into_iter().filter_map(|(key, value)| Some((key, value?))));
    let (received, sent) = (peer.messages_received, peer.messages_sent);
    lines.push(("Received", format!("{} messages, {} of them updates", received.total, received.updates)));
    lines.push(("Sent", format!("{} messages, {} of them updates", sent.total, sent.updates)));
    for (family, counts) in &peer.routes {
        let Counts { received, accepted, advertised } = counts;
        lines.push((
            "Routes",
            format!("{family}: {received} received, {accepted} accepted, {advertised} advertised"),
        ));
    }
    for (key, value) in lines {
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        writeln!(screen.out, "{} {value}", screen.colour.paint(&format!("{key:<14}"), Tone::Dim))?;
    }
    Ok(())
}

fn kind(peer: &Peer) -> Option<String> {
    let words = [(peer.client, "route-reflector client"), (peer.dynamic, "accepted from a range")];
    let words: Vec<&str> = words.iter().filter_map(|(is, word)| is.then_some(*word)).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Whether its session is up.
pub(super) fn is_up(peer: &Peer) -> bool {
    peer.state == "Established"
}

fn state(peer: &Peer) -> Cell {
    let tone = match &*peer.state {
        "Established" => Tone::Good,
        "Idle" => Tone::Bad,
        _ => Tone::Fair,
    };
    Cell::new(&peer.state, tone)
}

fn or_dash(value: Option<impl ToString>) -> Cell {
    Cell::from(text(value))
}

fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
