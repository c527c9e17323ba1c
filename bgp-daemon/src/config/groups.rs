//! `[[group]]`: what peers may inherit.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::document::{Node, Table};
use super::report::{Place, Problem, Report};
use super::section::Section;
use super::suggest::did_you_mean;
use super::template::{Surroundings, Template};
use super::value::string;

/// The templates that peers may inherit from.
pub(super) struct Groups<'a> {
    by_name: BTreeMap<&'a str, (Place, &'a Table)>,
    called: RefCell<BTreeSet<&'a str>>,
}

impl<'a> Groups<'a> {
    /// Reads every group once for what is wrong with it, inherited or not.
    pub(super) fn read(root: &mut Section<'a>, around: Surroundings<'_>) -> Self {
        let mut by_name = BTreeMap::new();
        for mut section in root.sections("group", "[[group]]") {
            let name = section.require("name", string);
            let place = section.place_of("name");
            let earlier =
                name.zip(section.table()).and_then(|(name, table)| by_name.insert(name, (place, table)));
            if let Some((first, _)) = earlier {
                let problem =
                    Problem::at(place, format!("there are two groups named {:?}", name.unwrap_or_default()));
                let first = section.report.line_of(first);
                section.report.error(problem.hint(format!("the first is at {first}")));
            }
            section.read("inherit", string);
            Template::read(&mut section, around);
            section.finish();
        }
        Self { by_name, called: RefCell::default() }
    }

    /// Follows `inherit` from group to group; false where that leads nowhere, so that what is missing
    /// then is not complained about.
    pub(super) fn layer(&self, section: &mut Section<'a>) -> bool {
        let mut seen = BTreeSet::new();
        let mut next = section.node("inherit");
        while let Some(node) = next {
            match self.find(node, &mut seen) {
                Ok(table) => {
                    section.inherit(table);
                    next = table.get("inherit").map(|(_, node)| node);
                }
                Err(problem) => {
                    section.report.error(problem);
                    return false;
                }
            }
        }
        true
    }

    fn find(&self, node: &'a Node, seen: &mut BTreeSet<&'a str>) -> Result<&'a Table, Problem> {
        let name = string(node)?;
        let Some((_, table)) = self.by_name.get(name) else {
            let names = self.by_name.keys().copied();
            let problem = Problem::at(node.place, format!("there is no group named {name:?}"));
            return Err(problem.maybe(did_you_mean(name, names)));
        };
        self.called.borrow_mut().insert(name);
        if seen.insert(name) {
            Ok(*table)
        } else {
            Err(Problem::at(node.place, format!("group {name:?} inherits from itself")))
        }
    }

    /// Warns of groups that nobody inherits from.
    pub(super) fn finish(self, report: &Report) {
        let called = self.called.into_inner();
        for (name, (place, _)) in self.by_name.iter().filter(|(name, _)| !called.contains(*name)) {
            report.warn(Problem::at(*place, format!("nothing inherits from group {name:?}")));
        }
    }
}
