//! A real session for a vector to come in on.

use bgp_core::peer::PeerAsn;
use bgp_core::session::{Down, GracefulOffer, Local, Session, Signal};
use bgp_core::wire::{AddPathMode, Capability, Dialect, Message, Open, PeerKind, Role, encode};
use bgp_core::{Asn, Instant};
use bytes::BytesMut;

use crate::corpus::{Vector, outcome};

/// What the session makes of the vector: an OPEN meets it in OpenSent, anything else in Established.
pub(crate) fn outcome_of(vector: &Vector) -> String {
    let mut session = Session::new(local(vector), Instant::ZERO);
    if vector.octets.get(18) != Some(&1) {
        let dialect = vector.dialect();
        let mut octets = BytesMut::new();
        encode(&Message::Open(peers_open(vector, &dialect)), &dialect, &mut octets);
        encode(&Message::Keepalive, &dialect, &mut octets);
        session.receive(&octets, Instant::ZERO);
        let signals: Vec<Signal> = std::iter::from_fn(|| session.poll_signal()).collect();
        assert!(matches!(signals.last(), Some(Signal::Established(_))), "{}: {signals:?}", vector.name);
    }
    session.receive(&vector.octets, Instant::ZERO);
    match std::iter::from_fn(|| session.poll_signal()).last() {
        Some(Signal::Down(Down::Sent(notification))) => {
            format!("reset {}/{}", notification.code.octet(), notification.subcode)
        }
        Some(Signal::Down(Down::Malformed(malformed))) => outcome(&Err(malformed)),
        Some(Signal::Down(Down::Received(_) | Down::Lost)) => "close".to_owned(),
        Some(Signal::Update(update)) => outcome(&Ok(Message::Update(update))),
        Some(Signal::Opened(_) | Signal::Established(_) | Signal::Refresh(_)) | None => "accept".to_owned(),
    }
}

fn token<'a>(vector: &'a Vector, key: &str) -> Option<&'a str> {
    vector
        .session
        .split(',')
        .map(|token| token.split_once('=').unwrap_or((token, "")))
        .find_map(|(name, value)| (name == key).then_some(value))
}

fn number(vector: &Vector, key: &str) -> Option<u32> {
    token(vector, key).map(|value| value.parse().expect("a number"))
}

fn local(vector: &Vector) -> Local {
    let dialect = vector.dialect();
    let expected = number(vector, "configured").map_or(dialect.peer_asn, Asn);
    let asn = Asn(number(vector, "local").expect("our AS"));
    let router_id = 0xc000_02ff.into();
    let mut local = Local::new(asn, router_id, PeerAsn::Exactly(expected));
    local.add_path = (!dialect.add_path_receive.is_empty()).then_some(AddPathMode::Both);
    local.extended_next_hop.clone_from(&dialect.extended_next_hop);
    local.role = number(vector, "role").map(role);
    local.strict_role = token(vector, "strict").is_some();
    local.graceful_restart = token(vector, "n-bit").map(|_| GracefulOffer {
        notification: true,
        restart_time: 120,
        ..GracefulOffer::default()
    });
    local
}

fn role(number: u32) -> Role {
    match number {
        0 => Role::Provider,
        1 => Role::RouteServer,
        2 => Role::RouteServerClient,
        3 => Role::Customer,
        4 => Role::Peer,
        _ => panic!("no such role: {number}"),
    }
}

/// The OPEN of a peer that agrees to what the vector wants agreed.
fn peers_open(vector: &Vector, dialect: &Dialect) -> Open {
    let mut capabilities: Vec<Capability> =
        dialect.families.iter().copied().map(Capability::Multiprotocol).collect();
    capabilities.push(Capability::RouteRefresh);
    if dialect.four_octet_as {
        capabilities.push(Capability::FourOctetAs(dialect.peer_asn));
    }
    if token(vector, "extmsg").is_some() {
        capabilities.push(Capability::ExtendedMessage);
    }
    if dialect.enhanced_route_refresh {
        capabilities.push(Capability::EnhancedRouteRefresh);
    }
    if !dialect.extended_next_hop.is_empty() {
        capabilities.push(Capability::ExtendedNextHop(dialect.extended_next_hop.clone()));
    }
    let both = |family| (family, AddPathMode::Both);
    let add_path = dialect.add_path_receive.iter().copied().map(both).collect();
    capabilities.push(Capability::AddPath(add_path));
    if token(vector, "n-bit").is_some() {
        capabilities.push(Capability::GracefulRestart {
            restarted: false,
            notification: true,
            restart_time: 120,
            families: Vec::new(),
        });
    }
    assert!(dialect.peer_kind != PeerKind::Confederation);
    Open { asn: dialect.peer_asn, hold_time: 90, router_id: 7.into(), capabilities }
}
