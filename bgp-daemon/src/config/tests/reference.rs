//! The reference of all keys in `docs/configuration.md`: made from a table, which is held to the code.
//!
//! `UPDATE_CONFIGURATION=1 cargo test -p bgp-daemon reference` writes the tables of the page anew. That a key exists, what
//! it is when absent, which values it takes and refuses and what changing it costs is asked of the code itself: of the
//! hint that names all keys of a section, of two texts between which nothing changes, of a reader that has to complain,
//! and of [`plan`].

mod host;
mod kind;
mod peer;
mod policy;

use std::collections::BTreeSet;
use std::fmt::Write;

use bgp_core::speaker::differences;

use super::{Paper, load_text};
use crate::change::{effect, plan};
use crate::config::Settings;
use crate::config::confidential::KNOWN;

use kind::Kind;

/// A section and its keys.
struct Section {
    /// What messages call it.
    title: &'static str,
    /// A text up to where its keys are.
    head: &'static str,
    /// What it has to have, one way or another.
    required: &'static [(&'static str, &'static str)],
    /// What stands between two of its keys.
    separator: &'static str,
    /// The rest of the text.
    tail: &'static str,
    keys: &'static [Key],
}

/// A key.
struct Key {
    name: &'static str,
    kind: Kind,
    default: Default,
    /// A value that is not the default.
    other: &'static str,
    /// What else has to be there where this key is; nothing as a value: what must not be.
    beside: &'static [(&'static str, &'static str)],
    meaning: &'static str,
}

/// What holds where a key is absent.
enum Default {
    /// It has to be there.
    Required,
    /// This value.
    Is(&'static str),
    /// What these words say; in a text as short as those here it is this value.
    Follows(&'static str, &'static str),
    /// What these words say, which is no value.
    Says(&'static str),
}

const fn key(
    name: &'static str,
    kind: Kind,
    default: Default,
    other: &'static str,
    meaning: &'static str,
) -> Key {
    Key { name, kind, default, other, beside: &[], meaning }
}

impl Key {
    const fn beside(self, beside: &'static [(&'static str, &'static str)]) -> Self {
        Self { beside, ..self }
    }

    fn default(&self) -> String {
        match self.default {
            Default::Required => "required".to_owned(),
            Default::Is(value) => format!("`{value}`"),
            Default::Follows(words, _) | Default::Says(words) => words.to_owned(),
        }
    }
}

impl Section {
    /// A text with this section, and in it a key with a value, or without that key.
    fn text(&self, key: &Key, value: Option<&str>) -> String {
        // What cannot be beside it makes way for it.
        let beside = key.beside.iter().filter(|(_, said)| !said.is_empty() || value.is_some());
        let named = |name: &str| name == key.name || beside.clone().any(|(beside, _)| *beside == name);
        let required = self.required.iter().filter(|(name, _)| !named(name)).chain(beside.clone());
        let required = required.filter(|(_, said)| !said.is_empty());
        let mut pairs: Vec<String> = required.map(|(name, value)| format!("{name} = {value}")).collect();
        pairs.extend(value.map(|value| format!("{} = {value}", key.name)));
        format!("{}{}{}", self.head, pairs.join(self.separator), self.tail)
    }

    fn settings(&self, key: &Key, value: Option<&str>) -> Result<Settings, String> {
        let text = self.text(key, value);
        let loaded = load_text("caracal.toml".as_ref(), &text, &Paper);
        loaded
            .map(|loaded| loaded.settings)
            .map_err(|wrong| format!("{text}\n{}", crate::config::render(&wrong)))
    }

    /// The settings of a text that has to be right.
    fn good(&self, key: &Key, value: Option<&str>) -> Settings {
        self.settings(key, value).unwrap_or_else(|wrong| panic!("{} {}: {wrong}", self.title, key.name))
    }

    /// What changing a key to another value costs.
    fn cost(&self, key: &Key) -> &'static str {
        effect(&plan(&self.usual(key), &self.good(key, Some(key.other)))).as_str()
    }

    /// The settings before a key is changed.
    fn usual(&self, key: &Key) -> Settings {
        let value = match key.default {
            Default::Required => {
                self.required.iter().find(|(name, _)| *name == key.name).map(|(_, value)| *value)
            }
            Default::Is(_) | Default::Follows(..) | Default::Says(_) => None,
        };
        self.good(key, value)
    }

    /// The keys that the reader of the section knows.
    fn known(&self) -> Vec<String> {
        let unknown = key("nothing_is_called_so", Kind::Boolean, Default::Says(""), "1", "");
        let wrong = self.settings(&unknown, Some("1")).expect_err("no such key");
        let line = format!("unknown key `{}` in {}", unknown.name, self.title);
        let hint = wrong.split_once(&line).and_then(|(_, rest)| rest.split_once("known: "));
        let (_, hint) = hint.unwrap_or_else(|| panic!("{}: {wrong}", self.title));
        let names = hint.lines().next().unwrap_or_default().split(", ");
        let mut names: Vec<String> = names.map(|name| name.trim_matches('`').to_owned()).collect();
        names.sort_unstable();
        names
    }

    /// Its table, in Markdown.
    fn table(&self) -> String {
        let mut table = String::from("| key | value | default | effect | |\n|---|---|---|---|---|\n");
        for key in self.keys {
            let (kind, default, cost) = (key.kind.to_string(), key.default(), self.cost(key));
            writeln!(table, "| `{}` | {kind} | {default} | `{cost}` | {} |", key.name, key.meaning)
                .expect("text");
        }
        table
    }
}

/// What every text needs.
macro_rules! least {
    ($rest:literal) => {
        concat!("asn = 64512\nrouter_id = \"192.0.2.1\"\n", $rest)
    };
}
use least;

fn sections() -> impl Iterator<Item = &'static Section> {
    host::SECTIONS.iter().chain(peer::SECTIONS).chain(policy::SECTIONS)
}

fn keys() -> impl Iterator<Item = (&'static Section, &'static Key)> {
    sections().flat_map(|section| section.keys.iter().map(move |key| (section, key)))
}

#[test]
fn the_table_has_every_key_that_is_read() {
    let names = |section: &Section| section.keys.iter().map(|key| key.name.to_owned()).collect::<Vec<_>>();
    let peer = names(sections().find(|section| section.title == "[[peer]]").expect("a section"));
    for section in sections() {
        let mut told = names(section);
        match section.title {
            // Sections are keys of the file too; what they are called is in their titles.
            "the configuration" => told.extend(TABLES.map(str::to_owned)),
            "[[group]]" | "[[dynamic_peers]]" => {
                let shared =
                    peer.iter().filter(|name| !["name", "address", "inherit"].contains(&name.as_str()));
                told.extend(shared.cloned());
            }
            _ => {}
        }
        told.sort_unstable();
        assert_eq!(told, section.known(), "{}", section.title);
    }
}

/// What is not listed is not shown to strangers, so a key that is read and not listed would be hidden from them.
#[test]
fn the_values_that_may_be_shown_are_those_of_all_keys_that_are_read() {
    // What `[compat]` holds, and what is gone before sections are read.
    let read = sections().flat_map(Section::known).chain(["bird", "include"].map(str::to_owned));
    let read: BTreeSet<String> = read.collect();
    let shown: BTreeSet<String> = KNOWN.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(shown, read);
    assert!(KNOWN.is_sorted(), "so that whoever looks for one finds it");
}

#[test]
fn what_is_absent_is_the_default() {
    for (section, key) in keys() {
        match key.default {
            Default::Required => {
                let wrong = section.settings(key, None).expect_err(key.name);
                assert!(
                    wrong.contains(&format!("`{}`", key.name)),
                    "{} {}: {wrong}",
                    section.title,
                    key.name
                );
            }
            Default::Is(value) | Default::Follows(_, value) => {
                // As a change sees them: where a rule stands in the text is not what it says.
                let changes = plan(&section.good(key, None), &section.good(key, Some(value)));
                let differing: Vec<&str> = changes.iter().map(|change| change.name.as_str()).collect();
                assert!(differing.is_empty(), "{} {}: {differing:?}", section.title, key.name);
            }
            Default::Says(_) => drop(section.good(key, None)),
        }
    }
}

#[test]
fn what_differs_between_two_peers_has_the_name_of_a_key() {
    let section = sections().find(|section| section.title == "[[peer]]").expect("a section");
    let mut seen = 0;
    for key in section.keys {
        let (old, new) = (section.usual(key), section.good(key, Some(key.other)));
        for difference in differences(&old.core.peers[0], &new.core.peers[0]) {
            let is_key = section.keys.iter().any(|key| key.name == difference.field);
            assert!(is_key, "a change of `{}` is told as one of `{}`", key.name, difference.field);
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn values_are_of_their_kind_and_no_others_are_taken() {
    for (section, key) in keys() {
        for value in key.kind.samples() {
            section.good(key, Some(value));
        }
        for value in key.kind.strangers() {
            let taken = section.settings(key, Some(value)).is_ok();
            assert!(!taken, "{} {} takes {value} for {}", section.title, key.name, key.kind);
        }
    }
}

#[test]
fn the_page_has_the_tables() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
    let written = std::fs::read_to_string(path).expect("the page is there");
    let expected = sections().fold(written.clone(), |page, section| {
        let begin = format!("<!-- keys of {} -->\n", section.title);
        let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("the page lacks {begin}"));
        let (_, after) = rest.split_once("<!-- end -->").expect("a table ends");
        format!("{before}{begin}{}<!-- end -->{after}", section.table())
    });
    if std::env::var_os("UPDATE_CONFIGURATION").is_some() {
        std::fs::write(path, &expected).expect("a writable file");
    }
    let differs = written.lines().zip(expected.lines()).find(|(written, expected)| written != expected);
    assert!(
        written == expected,
        "docs/configuration.md is not what the code says, first at {differs:?}: \
         UPDATE_CONFIGURATION=1 cargo test -p bgp-daemon reference"
    );
}

/// The keys of the file that are sections.
const TABLES: [&str; 13] = [
    "policy",
    "kernel",
    "graceful_restart",
    "listen",
    "group",
    "peer",
    "dynamic_peers",
    "originate",
    "control",
    "compat",
    "metrics",
    "http",
    "log",
];
