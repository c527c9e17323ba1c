//! Policy as data: ordered rules over a route. Not here: where routes come from or go.

mod account;
mod action;
mod community;
mod condition;
mod default;
mod evaluate;
mod glob;
mod prefix_set;
#[cfg(test)]
mod tests;

pub use account::Account;
pub use action::{Action, NextHopAction, Set};
pub use community::{AnyCommunity, CommunityError, CommunityPattern};
pub use condition::{Condition, SourceKind};
pub use default::{evaluate_session, evaluate_session_recorded};
pub use evaluate::{Decided, Neighbour, Recorder, Step, Subject, Verdict, evaluate, evaluate_recorded};
pub use glob::{Glob, GlobError};
pub use prefix_set::{PrefixRange, PrefixSet};

use std::sync::Arc;

/// What happens to a route that a rule matched, or that no rule decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disposition {
    /// The route passes.
    Accept,
    /// The route is dropped.
    Reject,
    /// Of a rule: the following rules decide. As a policy's default: the following policy decides.
    Next,
}

/// One rule: if every condition holds, apply the changes, then dispose.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// The operator's name for it.
    pub name: Arc<str>,
    /// Where it stands: file and line, for explanations.
    pub place: Arc<str>,
    /// All must hold; none means always.
    pub conditions: Vec<Condition>,
    /// What it does.
    pub action: Action,
}

/// Ordered rules with an explicit default.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// The operator's name for it.
    pub name: Arc<str>,
    /// Where its default stands: file and line, for explanations.
    pub place: Arc<str>,
    /// First decisive rule wins.
    pub rules: Vec<Rule>,
    /// What happens when no rule decides.
    pub default: Disposition,
}

impl Policy {
    /// The built-in `accept-all`.
    #[must_use]
    pub fn accept_all() -> Self {
        Self::built_in("accept-all", Disposition::Accept)
    }

    /// The built-in `reject-all`.
    #[must_use]
    pub fn reject_all() -> Self {
        Self::built_in("reject-all", Disposition::Reject)
    }

    fn built_in(name: &str, default: Disposition) -> Self {
        Self { name: name.into(), place: "built in".into(), rules: Vec::new(), default }
    }

    /// Whether the verdict on a route can differ between two prefixes of the same family, so that it has to
    /// be asked for each.
    #[must_use]
    pub fn asks_for_prefix(&self) -> bool {
        self.rules.iter().flat_map(|rule| &rule.conditions).any(Condition::asks_for_prefix)
    }

    /// Whether an export verdict can differ between two peers that are otherwise alike, so that they
    /// cannot share what is sent.
    #[must_use]
    pub fn asks_for_peer(&self) -> bool {
        self.rules.iter().flat_map(|rule| &rule.conditions).any(Condition::asks_for_peer)
    }

    /// Whether two policies decide alike, whatever they and their rules are called and wherever they stand.
    fn decides_like(&self, other: &Self) -> bool {
        let alike = |(a, b): (&Rule, &Rule)| a.conditions == b.conditions && a.action == b.action;
        self.default == other.default
            && self.rules.len() == other.rules.len()
            && self.rules.iter().zip(&other.rules).all(alike)
    }
}

/// Whether two lists of policies decide alike: a line added to a file is no reason to judge anything anew.
/// `None` stands for no list, which is not the same as an empty one.
#[must_use]
pub fn decide_alike(ours: Option<&[Arc<Policy>]>, theirs: Option<&[Arc<Policy>]>) -> bool {
    let alike = |(a, b): (&Arc<Policy>, &Arc<Policy>)| Arc::ptr_eq(a, b) || a.decides_like(b);
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => ours.len() == theirs.len() && ours.iter().zip(theirs).all(alike),
        (ours, theirs) => ours.is_none() && theirs.is_none(),
    }
}
