//! What another configuration of a peer costs, field by field.

use crate::peer::PeerConfig;
use crate::policy;

/// What a changed field of a peer's configuration costs, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Nothing anybody outside could notice.
    Nothing,
    /// Routes are judged anew, in both directions; the session stays and nobody is asked for anything.
    Policy,
    /// As [`Policy`](Self::Policy), and the peer is asked for its routes again
    /// ([RFC 2918](https://www.rfc-editor.org/rfc/rfc2918)): some of them were not kept.
    Refresh,
    /// What the OPEN said has changed, or what follows from it: the session starts anew.
    Reopen,
    /// It is another connection or another neighbour: the session ends, and what belongs to it.
    Reset,
}

/// A field that differs, and what that costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field, as configuration files call it.
    pub field: &'static str,
    /// What it costs.
    pub effect: Effect,
}

/// Every field that differs between two configurations of a peer, with its cost. Policies differ where they
/// decide differently, whatever they are called.
#[must_use]
pub fn differences(old: &PeerConfig, new: &PeerConfig) -> Vec<Difference> {
    let differs = fields(old, new).into_iter().filter(|(_, alike, _)| !alike);
    differs.map(|(field, _, effect)| Difference { field, effect }).collect()
}

/// Every field but the name: whether it is the same in both, and what it costs where it is not.
// Exhaustive: a new field does not compile before it has a line here.
fn fields(old: &PeerConfig, new: &PeerConfig) -> [(&'static str, bool, Effect); 27] {
    let PeerConfig {
        name: _,
        remote,
        local_address,
        asn,
        local_asn,
        router_id,
        cluster_id,
        description,
        passive,
        enabled,
        families,
        add_path,
        add_path_send,
        hold_time,
        send_hold_time,
        connect_retry,
        multihop,
        client,
        client_to_client,
        next_hop,
        next_hop_addresses,
        allow_own_as,
        role,
        import,
        export,
        max_prefixes,
        graceful_restart,
        headless,
    } = old;
    let ends = if *enabled { Effect::Reset } else { Effect::Nothing };
    [
        ("address", *remote == new.remote, Effect::Reset),
        ("local_address", *local_address == new.local_address, Effect::Reset),
        ("asn", *asn == new.asn, Effect::Reset),
        ("local_asn", *local_asn == new.local_asn, Effect::Reset),
        ("router_id", *router_id == new.router_id, Effect::Reopen),
        ("cluster_id", *cluster_id == new.cluster_id, Effect::Reopen),
        ("description", *description == new.description, Effect::Nothing),
        ("passive", *passive == new.passive, Effect::Nothing),
        ("enabled", *enabled == new.enabled, ends),
        ("families", *families == new.families, Effect::Reopen),
        ("add_path", *add_path == new.add_path, Effect::Reopen),
        ("add_path_send", *add_path_send == new.add_path_send, Effect::Policy),
        ("hold_time", *hold_time == new.hold_time, Effect::Reopen),
        ("send_hold_time", *send_hold_time == new.send_hold_time, Effect::Nothing),
        ("connect_retry", *connect_retry == new.connect_retry, Effect::Nothing),
        ("multihop", *multihop == new.multihop, Effect::Reset),
        ("client", *client == new.client, Effect::Reopen),
        ("client_to_client", *client_to_client == new.client_to_client, Effect::Policy),
        ("next_hop", *next_hop == new.next_hop, Effect::Policy),
        ("next_hop_address", *next_hop_addresses == new.next_hop_addresses, Effect::Policy),
        ("allow_own_as", *allow_own_as == new.allow_own_as, Effect::Policy),
        ("role", *role == new.role, Effect::Reopen),
        ("import", policy::decide_alike(import.as_deref(), new.import.as_deref()), Effect::Policy),
        ("export", policy::decide_alike(export.as_deref(), new.export.as_deref()), Effect::Policy),
        ("max_prefixes", *max_prefixes == new.max_prefixes, Effect::Refresh),
        ("graceful_restart", *graceful_restart == new.graceful_restart, Effect::Reopen),
        ("headless", *headless == new.headless, Effect::Nothing),
    ]
}

/// What going from one configuration of a peer to another costs: as much as its costliest field.
#[must_use]
pub fn compare(old: &PeerConfig, new: &PeerConfig) -> Effect {
    let effects = differences(old, new).into_iter().map(|difference| difference.effect);
    effects.max().unwrap_or(Effect::Nothing)
}
