//! Policy as data: ordered rules over a route. Not here: where routes come from or go.

mod action;
mod condition;

pub use action::{Action, NextHopAction, Set};
pub use condition::{CommunityPattern, Condition, InterfaceGlob, PeerGlob, PrefixRange, SourceKind};

use std::sync::Arc;

/// What happens to a route that a rule matched, or that no rule decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disposition {
    /// The route passes.
    Accept,
    /// The route is dropped.
    Reject,
    /// The next rule, or the next policy of the list, decides.
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
    /// First decisive rule wins.
    pub rules: Vec<Rule>,
    /// What happens when no rule decides.
    pub default: Disposition,
}
