//! The key of a group: every fact that can change an octet of what its members are sent.
//!
//! Facts and not names: two sessions configured in different words share a group when the words mean
//! the same. A peer's name enters only where a policy asks for it, its AS never does.

use std::sync::Arc;

use ipnet::IpNet;

use crate::export::{OwnAddresses, Target};
use crate::peer::{AddPathSend, NextHopRule};
use crate::policy::{self, Policy};
use crate::wire::{Dialect, PeerKind, Role};
use crate::{Asn, Family, RouterId};

/// Every fact that can change an octet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) family: Family,
    pub(super) kind: PeerKind,
    pub(super) client: bool,
    /// A client to which its cluster's other clients are not reflected.
    pub(super) meshed: bool,
    pub(super) local_asn: Asn,
    pub(super) cluster_id: RouterId,
    pub(super) role: Option<Role>,
    pub(super) long_lived: bool,
    pub(super) leaving: bool,
    pub(super) next_hop: NextHopRule,
    pub(super) own: OwnAddresses,
    pub(super) shared_subnets: Vec<IpNet>,
    pub(super) export: Policies,
    /// The peer's name, where a policy asks for it; else empty.
    pub(super) name: Arc<str>,
    /// Which paths; `None` where the session carries one path per prefix.
    pub(super) add_path: Option<AddPathSend>,
    /// Reduced to what encoding one family depends on.
    pub(super) dialect: Dialect,
}

impl Key {
    /// The key of `family` on a session.
    pub(super) fn of(target: &Target, family: Family) -> Self {
        let kind = target.dialect.peer_kind;
        let policies = target.export.as_deref().unwrap_or_default();
        let asks_for_name = policies.iter().any(|policy| policy.asks_for_peer());
        Self {
            family,
            kind,
            client: kind == PeerKind::Internal && target.client,
            meshed: kind == PeerKind::Internal && target.client && !target.client_to_client,
            local_asn: target.local_asn,
            cluster_id: target.cluster_id,
            role: target.role.filter(|_| kind == PeerKind::External),
            long_lived: target.long_lived,
            leaving: target.leaving,
            next_hop: target.next_hop,
            own: target.own,
            shared_subnets: shared_subnets(target),
            export: Policies(target.export.clone()),
            name: if asks_for_name { Arc::clone(&target.name) } else { Arc::from("") },
            add_path: target.dialect.add_path_send.contains(&family).then_some(target.add_path_send),
            dialect: reduced(&target.dialect, family),
        }
    }

    /// Whether the session is within our AS.
    pub(super) fn is_internal(&self) -> bool {
        self.kind == PeerKind::Internal
    }
}

/// Export policies. Two lists are one where they decide alike, whatever they and their rules are called
/// and wherever they stand: a line added to a file is no reason to tell anybody anything.
#[derive(Clone, Debug)]
pub(super) struct Policies(Option<Vec<Arc<Policy>>>);

impl Policies {
    pub(super) fn as_deref(&self) -> Option<&[Arc<Policy>]> {
        self.0.as_deref()
    }
}

impl PartialEq for Policies {
    fn eq(&self, other: &Self) -> bool {
        policy::decide_alike(self.0.as_deref(), other.0.as_deref())
    }
}

impl Eq for Policies {}

/// The shared subnets where a rule asks for them, in an order that does not depend on who listed them.
fn shared_subnets(target: &Target) -> Vec<IpNet> {
    let asked_for = target.dialect.peer_kind == PeerKind::External && target.next_hop == NextHopRule::Auto;
    let mut subnets = if asked_for { target.shared_subnets.clone() } else { Vec::new() };
    subnets.sort_unstable();
    subnets.dedup();
    subnets
}

/// The dialect without what encoding routes of one family does not depend on: the peer's AS, what we
/// receive, other families.
fn reduced(dialect: &Dialect, family: Family) -> Dialect {
    let only = |families: &[Family]| families.iter().copied().filter(|one| *one == family).collect();
    Dialect {
        four_octet_as: dialect.four_octet_as,
        families: vec![family],
        add_path_send: only(&dialect.add_path_send),
        extended_next_hop: only(&dialect.extended_next_hop),
        send_limit: dialect.send_limit,
        aigp: dialect.aigp,
        ..Dialect::unnegotiated(dialect.peer_kind, Asn::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::testing::{external, internal};
    use crate::policy::{Action, Condition, Disposition, Glob, Rule};

    fn accepting(condition: Condition) -> Option<Vec<Arc<Policy>>> {
        let action = Action::only(Disposition::Accept);
        let rule = Rule { name: "rule".into(), place: "file:1".into(), conditions: vec![condition], action };
        let name = "policy".into();
        Some(vec![Arc::new(Policy {
            name,
            place: "file:9".into(),
            rules: vec![rule],
            default: Disposition::Reject,
        })])
    }

    fn named(name: &str, export: Option<Vec<Arc<Policy>>>) -> Key {
        Key::of(&Target { name: name.into(), export, ..external() }, Family::IPV4)
    }

    #[test]
    fn peers_share_a_key_whatever_their_names_and_numbers() {
        let mut other = external();
        other.name = Arc::from("somebody else");
        other.dialect.peer_asn = Asn(65002);
        other.dialect.families = vec![Family::IPV4];
        other.dialect.receive_limit = 65535;
        other.dialect.add_path_send = vec![Family::IPV6];
        assert_eq!(Key::of(&external(), Family::IPV4), Key::of(&other, Family::IPV4));
        assert_ne!(Key::of(&external(), Family::IPV6), Key::of(&other, Family::IPV6));
    }

    #[test]
    fn policies_that_decide_alike_are_one_whatever_they_are_called() {
        let mut renamed = accepting(Condition::Med(7)).expect("policies");
        let policy = Arc::make_mut(&mut renamed[0]);
        policy.name = "other".into();
        policy.rules[0].place = "file:2".into();
        assert_eq!(named("ann", Some(renamed)), named("ann", accepting(Condition::Med(7))));
        assert_ne!(named("ann", None), named("ann", Some(Vec::new())));
    }

    #[test]
    fn equal_policies_are_one_policy() {
        let policy = || accepting(Condition::Med(7));
        assert_eq!(named("ann", policy()), named("bob", policy()));
        assert_ne!(named("ann", policy()), named("ann", accepting(Condition::Med(8))));
    }

    #[test]
    fn a_policy_that_asks_for_names_splits_by_name() {
        let globs: Vec<Glob> = vec!["a*".parse().expect("a glob")];
        let policy = || accepting(Condition::Peer(globs.clone()));
        assert_ne!(named("ann", policy()), named("bob", policy()));
        assert_eq!(named("ann", policy()), named("ann", policy()));
        let internal = || accepting(Condition::PeerIsInternal(true));
        assert_eq!(named("ann", internal()), named("bob", internal()));
    }

    #[test]
    fn a_shared_subnet_counts_only_where_the_rule_looks_at_it() {
        let subnets: Vec<IpNet> = vec!["192.0.2.0/24".parse().expect("a prefix")];
        let of =
            |target: Target| Key::of(&Target { shared_subnets: subnets.clone(), ..target }, Family::IPV4);
        assert_eq!(of(internal()), Key::of(&internal(), Family::IPV4));
        assert_ne!(of(external()), Key::of(&external(), Family::IPV4));
    }

    #[test]
    fn our_addresses_and_what_the_messages_can_carry_split() {
        let plain = Key::of(&internal(), Family::IPV4);
        let mut narrow = internal();
        narrow.dialect.four_octet_as = false;
        let mut wide = internal();
        wide.dialect.send_limit = 65535;
        let elsewhere = Target { own: OwnAddresses::default(), ..internal() };
        for other in [narrow, wide, elsewhere] {
            assert_ne!(Key::of(&other, Family::IPV4), plain);
        }
    }
}
