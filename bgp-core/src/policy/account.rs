//! Accounts: what policies did with a route, as the evaluation told it, in words.

use std::sync::Arc;

use crate::policy::evaluate::name_rule;
use crate::policy::{Condition, Decided, Disposition, Policy, Step};

/// What policies did with a route, with the names and the places the operator knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What decided, and which rules before it made changes.
    pub decided: String,
    /// Every rule that was tried, in order, and what came of it.
    pub tried: Vec<String>,
}

impl Account {
    /// The account of an evaluation of `policies` that tried `steps` and ended with `by`.
    #[must_use]
    pub fn of(policies: &[Arc<Policy>], steps: &[Step], by: Decided) -> Self {
        let is_last = |step: &Step| by == Decided::Rule { policy: step.policy, rule: step.rule };
        let changes = steps.iter().filter(|step| !is_last(step) && changes(policies, **step));
        let names: Vec<String> = changes.map(|step| name_rule(policies, step.policy, step.rule)).collect();
        let mut decided = by.explain(policies);
        if !names.is_empty() {
            decided = format!("{decided}, after changes by {}", names.join(" and "));
        }
        Self { decided, tried: steps.iter().map(|step| in_words(policies, *step)).collect() }
    }
}

/// Whether a rule matched and asks for changes.
fn changes(policies: &[Arc<Policy>], step: Step) -> bool {
    let rule = policies.get(step.policy).and_then(|policy| policy.rules.get(step.rule));
    step.failed.is_none() && rule.is_some_and(|rule| !rule.action.set.is_empty())
}

fn in_words(policies: &[Arc<Policy>], step: Step) -> String {
    let name = name_rule(policies, step.policy, step.rule);
    let Some(rule) = policies.get(step.policy).and_then(|policy| policy.rules.get(step.rule)) else {
        return name;
    };
    let Some(failed) = step.failed else {
        let changes = if rule.action.set.is_empty() { "" } else { "makes its changes, " };
        let then = match rule.action.disposition {
            Disposition::Accept => "accepts",
            Disposition::Reject => "rejects",
            Disposition::Next => "goes on",
        };
        return format!("{name} matches: {changes}{then}");
    };
    let key = rule.conditions.get(failed).map_or_else(|| "?".to_owned(), named);
    format!("{name} does not match: {key}")
}

/// A condition as configurations name it.
fn named(condition: &Condition) -> String {
    match condition {
        Condition::Not(inner) => {
            let inner: Vec<String> = inner.iter().map(named).collect();
            format!("not {{ {} }}", inner.join(", "))
        }
        condition => condition.key().to_owned(),
    }
}
