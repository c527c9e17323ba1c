//! What the kernel is wished to hold of a prefix, and why.

use ipnet::IpNet;

use crate::Family;
use crate::policy::{Account, Step, Verdict};
use crate::rib::NetId;
use crate::speaker::fib::has_form;
use crate::speaker::{ExplainStep, View};

impl View<'_> {
    /// What is wished of the kernel; `None` where it is left alone.
    pub(super) fn kernel_step(&self, family: Family, net: NetId, prefix: IpNet) -> Option<ExplainStep> {
        let fib = self.speaker.fib.as_ref()?;
        let rib = &self.speaker.rib;
        let step = |passed, reason| ExplainStep::new("kernel", "wished".to_owned(), passed, reason);
        let wished = fib.wished(family, net);
        let Some(best) = rib.best(family, net) else {
            return Some(step(wished.is_some(), "no path of it can be used".to_owned()));
        };
        let route = best.route.route();
        let mut tried: Vec<Step> = Vec::new();
        let verdict = fib.evaluate(prefix, best.source, &route, rib, &mut tried);
        let Some(verdict) = verdict else {
            let reason = "it came from the kernel and is not written back";
            return Some(step(wished.is_some(), reason.to_owned()));
        };
        let Account { decided, tried } = Account::of(fib.policies(), &tried, verdict.by());
        let held_back = wished.as_ref().is_some_and(|route| fib.holds_back(family, route));
        let reason = match (&verdict, &wished) {
            (Verdict::Reject { .. }, Some(route)) => format!("{route}, about to be taken back: {decided}"),
            (Verdict::Reject { .. }, None) => format!("rejected: {decided}"),
            (Verdict::Accept { .. }, Some(route)) if held_back => format!("{route}; {}", self.held_back()),
            (Verdict::Accept { .. }, Some(route)) => format!("{route}; {decided}"),
            (Verdict::Accept { route, .. }, None) if has_form(route, rib) => {
                format!("about to be wished: {decided}")
            }
            (Verdict::Accept { .. }, None) => {
                format!("{decided}; it has no form in the kernel: nothing to forward to")
            }
        };
        Some(ExplainStep { tried, ..step(wished.is_some() && !held_back, reason) })
    }
}
