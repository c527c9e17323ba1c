//! Reading the keys of one table: each at most once, none unknown, inherited ones where its own are absent.

use super::document::{Node, Table, Value};
use super::report::{Place, Problem, Report};
use super::suggest::did_you_mean;

/// The keys that stand above the first table of a file. Below one, TOML takes them for keys of that table.
pub(super) const TOP: [&str; 7] =
    ["include", "role", "asn", "router_id", "cluster_id", "hold_time", "families"];

/// A table being read. Every key asked for is a known one; [`Section::finish`] complains of the rest.
pub(super) struct Section<'a> {
    title: String,
    place: Place,
    /// Its own table first, then those it inherits from.
    layers: Vec<&'a Table>,
    known: Vec<&'static str>,
    pub(super) report: &'a Report,
}

impl<'a> Section<'a> {
    pub(super) fn new(title: impl Into<String>, place: Place, table: &'a Table, report: &'a Report) -> Self {
        Self { title: title.into(), place, layers: vec![table], known: Vec::new(), report }
    }

    /// The section of a value that has to be a table.
    pub(super) fn of(title: impl Into<String>, node: &'a Node, report: &'a Report) -> Option<Self> {
        report.keep(Self::of_table(title, node, report))
    }

    fn of_table(title: impl Into<String>, node: &'a Node, report: &'a Report) -> Result<Self, Problem> {
        match &node.value {
            Value::Table(table) => Ok(Self::new(title, node.place, table, report)),
            other => {
                let message = format!("{} is a table, this is {}", title.into(), other.kind());
                Err(Problem::at(node.place, message))
            }
        }
    }

    /// The table under a key, with a hint how to write it for whoever has written something else.
    pub(super) fn section_like(&mut self, key: &'static str, example: &str) -> Option<Self> {
        let node = self.node(key)?;
        self.report.keep(Self::of_table(key, node, self.report).map_err(|problem| problem.hint(example)))
    }

    /// Takes keys that are absent here from `table`.
    pub(super) fn inherit(&mut self, table: &'a Table) {
        self.layers.push(table);
    }

    /// Where the section begins.
    pub(super) const fn place(&self) -> Place {
        self.place
    }

    /// Where a value stands; where the section does, if it has no such key.
    pub(super) fn place_of(&self, key: &str) -> Place {
        self.entry(key).map_or(self.place, |node| node.place)
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Whether the key is there, and not inherited.
    pub(super) fn has_own(&self, key: &str) -> bool {
        self.table().is_some_and(|table| table.contains_key(key))
    }

    /// The section's own table.
    pub(super) fn table(&self) -> Option<&'a Table> {
        self.layers.first().copied()
    }

    fn entry(&self, key: &str) -> Option<&'a Node> {
        self.layers.iter().find_map(|table| table.get(key)).map(|(_, node)| node)
    }

    /// The value of a key as it stands.
    pub(super) fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        self.entry(key)
    }

    /// The value of a key that nothing inherits.
    pub(super) fn own<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&'a Node) -> Result<T, Problem>,
    ) -> Option<T> {
        self.known.push(key);
        let (_, node) = self.table()?.get(key)?;
        self.report.keep(parse(node))
    }

    /// The value of a key, understood by `parse`.
    pub(super) fn read<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&'a Node) -> Result<T, Problem>,
    ) -> Option<T> {
        let node = self.node(key)?;
        self.report.keep(parse(node))
    }

    /// The value of a key that has to be there.
    pub(super) fn require<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&'a Node) -> Result<T, Problem>,
    ) -> Option<T> {
        if !self.has(key) {
            let message = format!("{} needs `{key}`", self.title);
            self.report.error(Problem::at(self.place, message));
        }
        self.read(key, parse)
    }

    /// The values of a list, or the one value where there is no list.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&'a Node) -> Result<T, Problem>,
    ) -> Option<Vec<T>> {
        let node = self.node(key)?;
        Some(match &node.value {
            Value::Array(nodes) => nodes.iter().filter_map(|node| self.report.keep(parse(node))).collect(),
            _ => self.report.keep(parse(node)).into_iter().collect(),
        })
    }

    /// The table under a key.
    pub(super) fn section(&mut self, key: &'static str, title: &str) -> Option<Self> {
        let node = self.node(key)?;
        Self::of(title, node, self.report)
    }

    /// The tables of an array of tables.
    pub(super) fn sections(&mut self, key: &'static str, title: &str) -> Vec<Self> {
        match self.node(key) {
            None => Vec::new(),
            Some(Node { value: Value::Array(nodes), .. }) => {
                nodes.iter().filter_map(|node| Self::of(title, node, self.report)).collect()
            }
            Some(node) => {
                let problem = Problem::at(node.place, format!("`{key}` is a list of tables"));
                self.report.error(problem.hint(format!("write {title} with two brackets on each side")));
                Vec::new()
            }
        }
    }

    /// A hint naming every key there is, where there is any.
    fn all_known(&self) -> Option<String> {
        let quoted: Vec<String> = self.known.iter().map(|key| format!("`{key}`")).collect();
        (!quoted.is_empty()).then(|| format!("known: {}", quoted.join(", ")))
    }

    /// What somebody had in mind who wrote a key that is none of this table.
    fn meant_by(&self, key: &str) -> Option<String> {
        if TOP.contains(&key) {
            return Some(format!("`{key}` stands at the top of the file, above its first [section]"));
        }
        did_you_mean(key, self.known.iter().copied()).or_else(|| self.all_known())
    }

    /// Complains of every key nobody asked for. What is inherited is left to whoever reads it first-hand.
    pub(super) fn finish(self) {
        for (key, (place, _)) in self.table().into_iter().flatten() {
            if !self.known.contains(&key.as_str()) {
                let problem = Problem::at(*place, format!("unknown key `{key}` in {}", self.title));
                self.report.error(problem.maybe(self.meant_by(key)));
            }
        }
    }
}
