//! `[[policy]]`: rules with names, conditions and changes; and the names under which others call them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bgp_core::policy::{
    Action, AnyCommunity, Condition, Disposition, NextHopAction, Policy, PrefixRange, Rule, Set, SourceKind,
};
use bgp_core::wire::Origin;
use ipnet::IpNet;

use super::document::Node;
use super::report::{Place, Problem, Report};
use super::section::Section;
use super::suggest::did_you_mean;
use super::value::{address, asn, family, network, number, parsed, prefix_text, string, word};

/// Every policy by name, the built-in ones included.
pub(super) struct Policies {
    by_name: BTreeMap<Arc<str>, Arc<Policy>>,
    places: BTreeMap<Arc<str>, Place>,
    called: RefCell<BTreeSet<Arc<str>>>,
}

impl Policies {
    pub(super) fn read(root: &mut Section<'_>) -> Self {
        let mut by_name = BTreeMap::new();
        let mut places: BTreeMap<Arc<str>, Place> = BTreeMap::new();
        for built_in in [Policy::accept_all(), Policy::reject_all()] {
            by_name.insert(built_in.name.clone(), Arc::new(built_in));
        }
        for section in root.sections("policy", "[[policy]]") {
            let (report, place) = (section.report, section.place_of("name"));
            let policy = read_policy(section);
            if policy.name.is_empty() {
                continue;
            }
            if let Some(first) = places.get(&policy.name) {
                let problem = Problem::at(place, format!("there are two policies named {:?}", policy.name));
                report.error(problem.hint(format!("the first is at {}", report.line_of(*first))));
            } else if by_name.contains_key(&policy.name) {
                report.error(Problem::at(place, format!("{:?} is built in", policy.name)));
            } else {
                places.insert(policy.name.clone(), place);
                by_name.insert(policy.name.clone(), Arc::new(policy));
            }
        }
        Self { by_name, places, called: RefCell::default() }
    }

    /// The policy of that name.
    pub(super) fn named(&self, node: &Node) -> Result<Arc<Policy>, Problem> {
        let name = string(node)?;
        if let Some(policy) = self.by_name.get(name) {
            self.called.borrow_mut().insert(policy.name.clone());
            return Ok(policy.clone());
        }
        let names = self.by_name.keys().map(|name| &**name);
        Err(Problem::at(node.place, format!("there is no policy named {name:?}"))
            .maybe(did_you_mean(name, names)))
    }

    /// Warns of policies that nobody called.
    pub(super) fn finish(self, report: &Report) {
        let called = self.called.into_inner();
        for (name, place) in self.places.iter().filter(|(name, _)| !called.contains(*name)) {
            report.warn(Problem::at(*place, format!("nothing uses policy {name:?}")));
        }
    }
}

const DISPOSITIONS: &[(&str, Disposition)] =
    &[("accept", Disposition::Accept), ("reject", Disposition::Reject), ("next", Disposition::Next)];

fn read_policy(mut section: Section<'_>) -> Policy {
    let name = section.require("name", string).unwrap_or_default();
    let report = section.report;
    let place = report.line_of(section.place_of("default")).into();
    let default = section.read("default", word(DISPOSITIONS)).unwrap_or(Disposition::Reject);
    let mut rules: Vec<Rule> = Vec::new();
    let mut end: Option<Arc<str>> = None;
    for rule in section.sections("rules", "[[policy.rules]]") {
        let place = rule.place();
        let number = rules.len() + 1;
        let errors = report.errors();
        let rule = read_rule(rule, number);
        // What is wrong in a rule may have been meant as a condition.
        let is_understood = report.errors() == errors;
        if let Some(end) = &end {
            let problem = Problem::at(place, "no route reaches this rule");
            report.warn(problem.hint(format!("rule {end:?} before it decides about all of them")));
        } else if is_understood && rule.conditions.is_empty() && rule.action.disposition != Disposition::Next
        {
            end = Some(rule.name.clone());
        }
        rules.push(rule);
    }
    section.finish();
    Policy { name: name.into(), place, rules, default }
}

fn read_rule(mut section: Section<'_>, number: usize) -> Rule {
    let report = section.report;
    let name = section.read("name", string).map_or_else(|| number.to_string().into(), Into::into);
    let place = report.line_of(section.place()).into();
    let conditions = section.section("match", "match").map_or_else(Vec::new, read_conditions);
    let disposition = section.require("action", word(DISPOSITIONS)).unwrap_or(Disposition::Reject);
    let set_place = section.place_of("set");
    let set = section.section("set", "set").map_or_else(Set::default, read_set);
    if disposition == Disposition::Reject && !set.is_empty() {
        report.warn(Problem::at(set_place, "a rejected route takes its changes with it"));
    }
    section.finish();
    Rule { name, place, conditions, action: Action { set, disposition } }
}

fn read_conditions(mut section: Section<'_>) -> Vec<Condition> {
    const SOURCES: &[(&str, SourceKind)] = &[
        ("bgp", SourceKind::Bgp),
        ("kernel", SourceKind::Kernel),
        ("direct", SourceKind::Direct),
        ("static", SourceKind::Static),
    ];
    // The cheapest come first: evaluation stops at the first that fails.
    let conditions = [
        section.read("family", family).map(Condition::Family),
        section.list("source", word(SOURCES)).map(Condition::Source),
        section
            .read("peer_type", word(&[("internal", true), ("external", false)]))
            .map(Condition::PeerIsInternal),
        section.read("local_preference", number).map(Condition::LocalPreference),
        section.read("med", number).map(Condition::Med),
        section.list("prefix", prefix_range).map(|ranges| Condition::Prefix(ranges.into_iter().collect())),
        section.list("next_hop", network).map(Condition::NextHop),
        section.list("interface", parsed).map(Condition::Interface),
        section.list("peer", parsed).map(Condition::Peer),
        section.list("learned_from", parsed).map(Condition::LearnedFrom),
        section.list("community", parsed).map(Condition::Community),
        section.list("as_path_prefix", asn).map(Condition::AsPathPrefix),
        section.list("origin_asn", asn).map(Condition::OriginAsn),
        section.section("as_path_length", "as_path_length").map(read_path_length),
        section.section("not", "not").map(|inner| Condition::Not(read_conditions(inner))),
    ];
    section.finish();
    conditions.into_iter().flatten().collect()
}

fn read_path_length(mut section: Section<'_>) -> Condition {
    let min = section.read("min", number).unwrap_or(0);
    let max = section.read("max", number).unwrap_or(u32::MAX);
    if min > max {
        section.report.error(Problem::at(section.place(), "no length is at once that long and that short"));
    }
    section.finish();
    Condition::AsPathLength { min, max }
}

/// `"P"`, `"P+"` or `"P{min,max}"`.
fn prefix_range(node: &Node) -> Result<PrefixRange, Problem> {
    let text = string(node)?;
    let problem = |(message, hint): (String, Option<String>)| {
        let range = text.split_once(char::is_whitespace).map(|_| RANGE.to_owned());
        Problem::at(node.place, message).maybe(range.or(hint))
    };
    if let Some(covering) = text.strip_suffix('+') {
        return prefix_text(covering).map(PrefixRange::or_longer).map_err(problem);
    }
    let Some((covering, lengths)) = text.split_once('{') else {
        return prefix_text(text).map(PrefixRange::exact).map_err(problem);
    };
    let prefix = prefix_text(covering).map_err(problem)?;
    let bounds = lengths.strip_suffix('}').and_then(|lengths| lengths.split_once(','));
    let bounds = bounds.and_then(|(min, max)| Some((min.trim().parse().ok()?, max.trim().parse().ok()?)));
    let Some((min, max)) = bounds else {
        let problem = Problem::at(node.place, format!("{text:?} has no two lengths between its braces"));
        return Err(problem.hint(format!(
            "write \"{prefix}{{{},{}}}\"",
            prefix.prefix_len(),
            prefix.max_prefix_len()
        )));
    };
    check_lengths(node, prefix, min, max)?;
    Ok(PrefixRange { prefix, min, max })
}

/// What to write instead of the words that other daemons have for ranges.
const RANGE: &str = "a range is \"10.244.0.0/16{24,32}\", or \"10.244.0.0/16+\" with everything inside";

fn check_lengths(node: &Node, prefix: IpNet, min: u8, max: u8) -> Result<(), Problem> {
    let (shortest, longest) = (prefix.prefix_len(), prefix.max_prefix_len());
    if shortest <= min && min <= max && max <= longest {
        return Ok(());
    }
    let message = format!("lengths inside {prefix} lie between {shortest} and {longest}, the lesser first");
    Err(Problem::at(node.place, message))
}

fn read_set(mut section: Section<'_>) -> Set {
    const ORIGINS: &[(&str, Origin)] =
        &[("igp", Origin::Igp), ("egp", Origin::Egp), ("incomplete", Origin::Incomplete)];
    let mut set = Set {
        local_preference: section.read("local_preference", number),
        med: section.read("med", number),
        next_hop: section.read("next_hop", |node| match string(node)? {
            "self" => Ok(NextHopAction::Own),
            _ => address(node).map(NextHopAction::Address),
        }),
        origin: section.read("origin", word(ORIGINS)),
        remove_communities: section.list("remove_communities", parsed).unwrap_or_default(),
        prepend: section.list("prepend", asn).unwrap_or_default(),
        metric: section.read("metric", number),
        tunnel: section.read("tunnel", string).map(Into::into),
        source_address: section.read("source_address", address),
        ..Set::default()
    };
    for community in section.list("add_communities", parsed).unwrap_or_default() {
        match community {
            AnyCommunity::Standard(community) => set.add_communities.push(community),
            AnyCommunity::Large(community) => set.add_large_communities.push(community),
            AnyCommunity::Extended(community) => set.add_extended_communities.push(community),
        }
    }
    section.finish();
    set
}
