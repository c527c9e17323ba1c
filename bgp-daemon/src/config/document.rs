//! Files to one tree of values that know where they stand, includes merged. Not here: what values mean.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::path::{Path, PathBuf};

use bgp_core::policy::Glob;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::{Place, Problem, Report};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
}

/// A value of TOML.
#[derive(Clone, Debug)]
pub(super) enum Value {
    String(String),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    Datetime,
    Array(Vec<Node>),
    Table(Table),
}

/// A table: for each key, where the key stands and its value.
pub(super) type Table = BTreeMap<String, (Place, Node)>;

impl Value {
    /// What kind of value it is, with its article.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a number with a fraction",
            Self::Boolean(_) => "a boolean",
            Self::Datetime => "a date",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    fn is_array_of_tables(&self) -> bool {
        matches!(self, Self::Array(nodes) if nodes.iter().all(|node| matches!(node.value, Self::Table(_))))
    }
}

/// Reads the file and those it includes; `None` where one of them cannot be read at all, which the
/// report then says.
pub(super) fn read(path: &Path, report: &Report) -> Option<Table> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            report.error(Problem::nowhere(format!("cannot read {}: {error}", path.display())));
            return None;
        }
    };
    read_draft(path, &text, path, report)
}

/// The same of a `text` that calls itself `name` and is to take the place of the file `home`.
pub(super) fn read_draft(name: &Path, text: &str, home: &Path, report: &Report) -> Option<Table> {
    let mut root = parse(name, text, report);
    let includes = root.as_mut().and_then(|root| root.remove("include"));
    for included in includes.into_iter().flat_map(|(_, node)| included_files(home, &node, report)) {
        let (place, file) = included;
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) => {
                report.error(Problem::at(place, format!("cannot read {}: {error}", file.display())));
                root = None;
                continue;
            }
        };
        match (&mut root, parse(&file, &text, report)) {
            (Some(root), Some(table)) => merge(root, table, report),
            (root, _) => *root = None,
        }
    }
    root
}

/// The tree of one text, or nothing where its syntax is wrong.
pub(super) fn parse(path: &Path, text: &str, report: &Report) -> Option<Table> {
    let place = report.add_file(path, text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        report.error(match bare_word(text, span.start) {
            Some(word) => {
                Problem::at(place(word), "what is neither a number nor true or false has to be quoted")
                    .hint("put it between quotation marks: \"…\"")
            }
            None => Problem::at(place(span), error.message().trim_end()),
        });
    }
    errors.is_empty().then(|| table(document.get_ref(), &place))
}

/// The value around `at` that would be one of TOML's if it stood in quotes: an address, a prefix, a duration, a word.
fn bare_word(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let is_word = |character: char| character.is_alphanumeric() || "._:/+-%*".contains(character);
    let start = text.get(..at)?.trim_end_matches(is_word).len();
    let rest = text.get(start..)?;
    let word = rest.get(..rest.find(|character| !is_word(character)).unwrap_or(rest.len()))?;
    let line = text.get(..start)?.rsplit('\n').next()?.trim();
    let is_value = line.ends_with(['=', ',']) || (line.ends_with('[') && line.contains('='));
    let is_bare = is_value && !word.is_empty() && DeTable::parse(&format!("key = {word}")).is_err();
    is_bare.then(|| start..start + word.len())
}

fn table(table: &DeTable<'_>, place: &impl Fn(std::ops::Range<usize>) -> Place) -> Table {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        (name.to_string(), (place(key.span()), node(value, place)))
    };
    table.iter().map(entry).collect()
}

fn node(value: &Spanned<DeValue<'_>>, place: &impl Fn(std::ops::Range<usize>) -> Place) -> Node {
    let converted = match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => {
            // What does not fit is out of every range that is asked for.
            Value::Integer(i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(i128::MAX))
        }
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(values) => Value::Array(values.iter().map(|value| node(value, place)).collect()),
        DeValue::Table(inner) => Value::Table(table(inner, place)),
    };
    Node { value: converted, place: place(value.span()) }
}

/// Adds an included file: tables are merged, arrays of tables append, anything else may be said once.
fn merge(into: &mut Table, from: Table, report: &Report) {
    for (key, (place, node)) in from {
        if key == "include" {
            let problem = Problem::at(place, "an included file cannot include others");
            report.error(problem.hint("name every file in the main one"));
            continue;
        }
        match into.entry(key) {
            Slot::Vacant(slot) => {
                slot.insert((place, node));
            }
            Slot::Occupied(mut slot) => {
                let key = slot.key().clone();
                let (first, there) = slot.get_mut();
                let appends = there.value.is_array_of_tables() && node.value.is_array_of_tables();
                match (&mut there.value, node.value) {
                    (Value::Table(there), Value::Table(more)) => merge(there, more, report),
                    (Value::Array(there), Value::Array(more)) if appends => there.extend(more),
                    _ => {
                        let message = format!("`{key}` is given twice");
                        let hint = format!("the first is at {}", report.line_of(*first));
                        report.error(Problem::at(place, message).hint(hint));
                    }
                }
            }
        }
    }
}

/// The files that `include` names, in the order of the list; those of one pattern sorted by name.
fn included_files(main: &Path, include: &Node, report: &Report) -> Vec<(Place, PathBuf)> {
    let folder = main.parent().unwrap_or_else(|| Path::new(""));
    let Value::Array(patterns) = &include.value else {
        let problem = Problem::at(include.place, "`include` is a list of files");
        report.error(problem.hint("write include = [\"conf.d/*.toml\"]"));
        return Vec::new();
    };
    let mut files = Vec::new();
    for pattern in patterns {
        match &pattern.value {
            Value::String(text) => match expand(&folder.join(text)) {
                Ok(found) => files.extend(found.into_iter().map(|file| (pattern.place, file))),
                Err(message) => report.error(Problem::at(pattern.place, message)),
            },
            other => {
                let message = format!("`include` lists file names, this is {}", other.kind());
                report.error(Problem::at(pattern.place, message));
            }
        }
    }
    files
}

/// The files that match a path whose last part may be a pattern. A path without one is itself.
fn expand(path: &Path) -> Result<Vec<PathBuf>, String> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !name.contains(['*', '?']) {
        return Ok(vec![path.to_owned()]);
    }
    let glob: Glob = name.parse().map_err(|error| format!("{name}: {error}"))?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("cannot list {}: {error}", folder.display())),
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.') && glob.matches(name)).collect();
    names.sort_unstable();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}
