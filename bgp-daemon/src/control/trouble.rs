//! Why a session is not up: what failed last, what that often means here, and what comes next.

use bgp_core::peer::Layer;
use bgp_core::speaker::PeerView;

use super::picture::Painter;
use crate::api::PeerExplanation;
use crate::config::{Hops, PeerSocket};
use crate::quantity::quantity;

/// What there is to say about a peer, whose sockets have these `options`.
pub(super) fn explain(peer: &PeerView, options: Option<&PeerSocket>, painter: Painter) -> PeerExplanation {
    let is_up = peer.state == "Established";
    let is_stopped = peer.state == "Idle" && peer.next_attempt.is_none();
    let layer = match peer.failed {
        _ if is_up => None,
        _ if !peer.enabled => Some(Layer::Administrative),
        // A limit stops a peer too, and is then the reason.
        Some(Layer::Limit) => Some(Layer::Limit),
        _ if is_stopped => Some(Layer::Administrative),
        failed => failed,
    };
    let reason = match (&peer.last_error, layer) {
        _ if is_up => "the session is up".to_owned(),
        (_, Some(Layer::Administrative)) if !peer.enabled => "it is disabled in the configuration".to_owned(),
        (Some(error), _) => error.clone(),
        (None, Some(_)) => "it is stopped".to_owned(),
        (None, None) if peer.passive => "we wait for the peer to call, and it has not yet".to_owned(),
        (None, None) => "nothing has failed yet: an attempt is under way".to_owned(),
    };
    PeerExplanation {
        name: peer.name.to_string(),
        address: peer.address.to_string(),
        state: peer.state.into(),
        since: painter.wall(peer.since),
        layer: layer.map(|layer| word(layer).into()),
        reason,
        hints: layer.map_or_else(Vec::new, |layer| hints(layer, peer, options)),
        next_attempt: peer.next_attempt.map(|at| painter.wall(at)),
        next_in: peer.next_attempt.map(|at| at.since(painter.now).as_secs()),
    }
}

const fn word(layer: Layer) -> &'static str {
    match layer {
        Layer::Route => "route",
        Layer::Refused => "refused",
        Layer::Unanswered => "unanswered",
        Layer::Closed => "closed",
        Layer::Lost => "lost",
        Layer::Open => "open",
        Layer::HoldTimer => "hold_timer",
        Layer::Limit => "limit",
        Layer::Rejected => "rejected",
        Layer::Collision => "collision",
        Layer::Resources => "resources",
        Layer::Bfd => "bfd",
        Layer::Administrative => "administrative",
        Layer::Protocol => "protocol",
    }
}

/// What that often means, the likeliest first.
fn hints(layer: Layer, peer: &PeerView, options: Option<&PeerSocket>) -> Vec<String> {
    let address = peer.address;
    let key = match options.is_some_and(|options| options.password.is_some()) {
        true => {
            "we sign with a TCP MD5 key: the peer may have none, or another one, and then drops what we send"
        }
        false => "the peer may ask for a TCP MD5 key, of which we have none, and then drops what we send",
    };
    let hops = match options.map(|options| options.hops) {
        Some(Hops::Within(hops)) => {
            let hops = quantity(hops, "hop", "hops");
            format!("packets from further than {hops} away are dropped (ttl_security)")
        }
        Some(Hops::Reach(ttl)) => {
            format!("ours leave with a TTL of {ttl}: the peer may be further away, or ask for 255")
        }
        None => "the peer may ask for a TTL of 255".to_owned(),
    };
    let enable = format!("`caracal peer {} enable` starts what was stopped here", peer.name);
    let hints: &[&str] = match layer {
        Layer::Route => &[
            "see `ip route get` for the address, and that local_address is one of this host",
            "where there is a way, nobody on its link has the address: see `ip neighbour`",
        ],
        Layer::Refused => &["its BGP daemon does not run, or listens elsewhere or on another port"],
        Layer::Unanswered => &["a filter drops the packets, or the host is down", key, &hops],
        Layer::Closed => &["the peer does not expect us: not from this address, or not yet", key],
        Layer::Lost => &["the peer, or the way to it, went away; its own log knows more"],
        Layer::Open => {
            &["the two configurations do not fit: AS numbers, identifiers, hold time, capabilities"]
        }
        Layer::HoldTimer => {
            &["the way was cut or packets of some size are lost (MTU), or one side was too busy"]
        }
        Layer::Limit => {
            &["see max_prefixes; with an action other than \"restart\" the session goes on", &enable]
        }
        Layer::Rejected => &["who refuses does not expect this session, or has as many as it takes"],
        Layer::Collision => &[
            "both sides called at once and the other connection is kept: it goes on by itself",
            "if it lasts, one side still counts an earlier connection, until its hold timer ends that",
        ],
        Layer::Resources => &["one side is short of memory or the like; its own log knows of what"],
        Layer::Bfd => &["BFD lost the peer before the hold timer did: see the link, and the peer's BFD"],
        Layer::Administrative if !peer.enabled => &["`enabled = false` in the configuration keeps it down"],
        Layer::Administrative => &[&enable],
        Layer::Protocol => &["the log has the octets that were not understood"],
    };
    let mut hints: Vec<String> = hints.iter().map(|&hint| hint.to_owned()).collect();
    if peer.passive && matches!(layer, Layer::Closed | Layer::Lost | Layer::Open | Layer::Rejected) {
        hints.push(format!("we never call {address} (passive): the next attempt is the peer's"));
    }
    hints
}
