//! Evaluation: a list of policies and a route in, a verdict out. Pure.

use std::borrow::Cow;
use std::sync::Arc;

use ipnet::IpNet;

use crate::policy::{Disposition, NextHopAction, Policy, Set, SourceKind};
use crate::rib::Route;

/// A peer as a policy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour<'a> {
    /// Its configured name.
    pub name: &'a str,
    /// It is in our AS.
    pub internal: bool,
}

/// What a policy judges.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The destination.
    pub prefix: IpNet,
    /// What the path says.
    pub route: &'a Route,
    /// Where it came from.
    pub source: SourceKind,
    /// The peer of the session in question: on import the one the route comes from, on export the one
    /// it goes to. Towards the kernel the one it came from.
    pub peer: Option<Neighbour<'a>>,
    /// The peer the route came from, whichever way it goes; `None` for local routes.
    pub learned_from: Option<Neighbour<'a>>,
}

/// What became of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It passes.
    Accept {
        /// With what rules changed; borrowed where they changed nothing. A next hop address that a rule
        /// set stands in [`Route::forwarding`] already.
        route: Cow<'a, Route>,
        /// The next hop the last rule to set one asked for. [`NextHopAction::Own`] is for the caller
        /// to resolve; an address is to be left alone by later next hop rules.
        next_hop: Option<NextHopAction>,
        /// A rule set the MED, which makes it ours to say to another AS
        /// ([RFC 4271 §5.1.4](https://www.rfc-editor.org/rfc/rfc4271#section-5.1.4)).
        sets_med: bool,
        /// Who said so.
        by: Decided,
    },
    /// It is dropped.
    Reject {
        /// Who said so.
        by: Decided,
    },
}

/// What decided: an index into the list of policies that was evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decided {
    /// A rule.
    Rule {
        /// Which policy of the list.
        policy: usize,
        /// Which rule of it.
        rule: usize,
    },
    /// The default of a policy none of whose rules decided.
    Default {
        /// Which policy of the list.
        policy: usize,
    },
    /// Every policy passed the route on to the next and there was none left: rejected.
    EndOfList,
    /// No policy is configured, so nothing passes: [RFC 8212](https://www.rfc-editor.org/rfc/rfc8212).
    Unconfigured,
    /// No policy is configured and none is needed: the session is internal.
    Unrestricted,
}

/// Listens to an evaluation. `()` hears nothing and costs nothing; `Vec<Step>` keeps it all.
pub trait Recorder {
    /// A rule was tried.
    fn tried(&mut self, step: Step);
}

/// One rule that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which policy of the list.
    pub policy: usize,
    /// Which rule of it.
    pub rule: usize,
    /// The first of its conditions that did not hold; `None`: the rule matched.
    pub failed: Option<usize>,
}

impl Recorder for () {
    fn tried(&mut self, _: Step) {}
}

impl Recorder for Vec<Step> {
    fn tried(&mut self, step: Step) {
        self.push(step);
    }
}

/// Asks the policies in order until one decides.
///
/// In a policy the first rule whose conditions all hold makes its changes and decides; a rule whose
/// disposition is [`Disposition::Next`] makes its changes and lets the following rules go on with the
/// changed route. When no rule decides, the policy's default does; there `Next` hands the route to the
/// following policy. A route that reaches the end of the list, an empty list included, is rejected.
#[must_use]
pub fn evaluate<'a>(policies: &[Arc<Policy>], subject: &Subject<'a>) -> Verdict<'a> {
    evaluate_recorded(policies, subject, &mut ())
}

/// [`evaluate`], telling `recorder` about every rule tried.
#[must_use]
pub fn evaluate_recorded<'a>(
    policies: &[Arc<Policy>],
    subject: &Subject<'a>,
    recorder: &mut impl Recorder,
) -> Verdict<'a> {
    let mut draft = Draft { route: Cow::Borrowed(subject.route), next_hop: None, sets_med: false };
    for (index, policy) in policies.iter().enumerate() {
        let (disposition, by) = judge(index, policy, subject, &mut draft, recorder);
        match disposition {
            Disposition::Accept => {
                let Draft { route, next_hop, sets_med } = draft;
                return Verdict::Accept { route, next_hop, sets_med, by };
            }
            Disposition::Reject => return Verdict::Reject { by },
            Disposition::Next => {}
        }
    }
    Verdict::Reject { by: Decided::EndOfList }
}

/// A route while rules change it.
struct Draft<'a> {
    route: Cow<'a, Route>,
    next_hop: Option<NextHopAction>,
    sets_med: bool,
}

impl Draft<'_> {
    fn apply(&mut self, set: &Set) {
        if set.is_empty() {
            return;
        }
        set.apply(self.route.to_mut());
        self.next_hop = set.next_hop.or(self.next_hop);
        self.sets_med |= set.med.is_some();
    }
}

/// One policy's word on a route, which its rules change as they go.
fn judge(
    index: usize,
    policy: &Policy,
    subject: &Subject<'_>,
    draft: &mut Draft<'_>,
    recorder: &mut impl Recorder,
) -> (Disposition, Decided) {
    for (number, rule) in policy.rules.iter().enumerate() {
        let failed = rule.conditions.iter().position(|condition| !condition.holds(subject, &draft.route));
        recorder.tried(Step { policy: index, rule: number, failed });
        if failed.is_some() {
            continue;
        }
        if rule.action.disposition != Disposition::Reject {
            draft.apply(&rule.action.set);
        }
        if rule.action.disposition != Disposition::Next {
            return (rule.action.disposition, Decided::Rule { policy: index, rule: number });
        }
    }
    (policy.default, Decided::Default { policy: index })
}

impl Verdict<'_> {
    /// Whether the route passes.
    #[must_use]
    pub const fn is_accept(&self) -> bool {
        matches!(self, Self::Accept { .. })
    }

    /// Who decided.
    #[must_use]
    pub const fn by(&self) -> Decided {
        match self {
            Self::Accept { by, .. } | Self::Reject { by } => *by,
        }
    }
}

impl Decided {
    /// In words, with the names and the place the operator knows, given the list that was evaluated.
    #[must_use]
    pub fn explain(self, policies: &[Arc<Policy>]) -> String {
        match self {
            Self::Rule { policy, rule } => name_rule(policies, policy, rule),
            Self::Default { policy } => match policies.get(policy) {
                Some(policy) => format!("default of policy {} ({})", policy.name, policy.place),
                None => "default of policy ?".to_owned(),
            },
            Self::EndOfList => "no policy decided".to_owned(),
            Self::Unconfigured => "no policy is configured (RFC 8212)".to_owned(),
            Self::Unrestricted => "no policy is configured: internal sessions pass everything".to_owned(),
        }
    }
}

/// A rule by the names and the place the operator knows, given the list that was evaluated.
pub(super) fn name_rule(policies: &[Arc<Policy>], policy: usize, rule: usize) -> String {
    let name = policies.get(policy).map_or("?", |policy| &policy.name);
    match policies.get(policy).and_then(|policy| policy.rules.get(rule)) {
        Some(rule) => format!("policy {name}, rule {} ({})", rule.name, rule.place),
        None => format!("policy {name}, rule {}", rule + 1),
    }
}
