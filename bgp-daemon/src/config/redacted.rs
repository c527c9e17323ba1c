//! The texts of a configuration as a stranger may read them: stars where somebody wrote a key.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::read;
use super::host::Host;
use super::report::Report;
use super::settings::Secret;

/// Every file that a configuration is read from, with stars in the place of values that look like keys; `None` for the
/// text of one whose syntax is wrong, in which they cannot be found.
///
/// Keys have no place in a configuration, and a daemon refuses one that has any; but somebody may have written one.
#[must_use]
pub fn redacted(path: &Path) -> Vec<(PathBuf, Option<String>)> {
    let report = Report::default();
    // What is wrong with it is not the question here.
    let _ = read(path, &report);
    let files = report.files().into_iter();
    files.map(|(path, text)| (path, without_keys(&text))).collect()
}

/// Every key that a configuration names by file or variable, or holds where none belongs, whether it is valid or not.
#[must_use]
pub fn keys(path: &Path, host: &dyn Host) -> Vec<Secret> {
    let report = Report::default();
    let _ = read(path, &report);
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let mut keys = Vec::new();
    for (_, text) in report.files() {
        let (document, _) = DeTable::parse_recoverable(&text);
        let mut found = Vec::new();
        strings(document.get_ref(), &mut found);
        keys.extend(found.into_iter().filter_map(|(name, value)| match name.as_str() {
            "password_file" => {
                let mut octets = Vec::new();
                // It may be a device without an end.
                File::open(folder.join(value)).ok()?.take(LONGEST).read_to_end(&mut octets).ok()?;
                let line = octets.strip_suffix(b"\n").unwrap_or(&octets);
                Some(Secret::new(line.strip_suffix(b"\r").unwrap_or(line)))
            }
            "password_env" => Some(Secret::new(host.variable(&value)?.as_bytes())),
            name => is_key(name).then(|| Secret::new(value.as_bytes())),
        }));
    }
    keys
}

/// More than any key has, in octets.
const LONGEST: u64 = 4096;

/// Every string with the name of its key.
fn strings(table: &DeTable<'_>, found: &mut Vec<(String, String)>) {
    fn within(name: &str, value: &Spanned<DeValue<'_>>, found: &mut Vec<(String, String)>) {
        match value.get_ref() {
            DeValue::String(text) => found.push((name.to_owned(), text.to_string())),
            DeValue::Table(table) => strings(table, found),
            DeValue::Array(values) => values.iter().for_each(|value| within(name, value, found)),
            _ => {}
        }
    }
    table.iter().for_each(|(name, value)| within(name.get_ref(), value, found));
}

fn without_keys(text: &str) -> Option<String> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return None;
    }
    let mut spans = Vec::new();
    in_table(document.get_ref(), &mut spans);
    let mut octets = text.as_bytes().to_vec();
    for span in spans {
        let value = octets.get_mut(span).into_iter().flatten();
        value.filter(|octet| **octet != b'\n').for_each(|octet| *octet = b'*');
    }
    let text = String::from_utf8_lossy(&octets);
    Some(text.split_inclusive('\n').map(in_comment).collect())
}

fn in_table(table: &DeTable<'_>, spans: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        if is_key(key.get_ref()) {
            spans.push(value.span());
        } else {
            in_value(value, spans);
        }
    }
}

fn in_value(value: &Spanned<DeValue<'_>>, spans: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => in_table(table, spans),
        DeValue::Array(values) => values.iter().for_each(|value| in_value(value, spans)),
        _ => {}
    }
}

/// A line that says something about a key behind `#` ends there.
fn in_comment(line: &str) -> String {
    let Some((before, comment)) = line.split_once('#') else { return line.to_owned() };
    let said = comment.to_lowercase();
    let harmless = said.replace("password_file", "").replace("password_env", "");
    if !WORDS.iter().any(|word| harmless.contains(word)) {
        return line.to_owned();
    }
    let end = if line.ends_with('\n') { "\n" } else { "" };
    format!("{before}# ***{end}")
}

/// A configuration key whose value would be a secret; where a secret is to be found is none.
fn is_key(name: &str) -> bool {
    let name = name.to_lowercase();
    WORDS.iter().any(|word| name.contains(word)) && !name.ends_with("_file") && !name.ends_with("_env")
}

const WORDS: [&str; 4] = ["password", "secret", "token", "passphrase"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_stars_and_the_rest_stays() {
        let text = "asn = 1\n[[peer]]\npassword = \"geheim\" # why\npassword_file = \"secrets/tor\"\n\
                    x = { Secret_Token = \"geheim\", y = [{ password = '''a\ngeheim''' }] }\n# the password is geheim\n# plain\n";
        let shown = without_keys(text).expect("it is valid");
        assert!(!shown.contains("geheim"), "{shown}");
        for kept in ["asn = 1", "password_file = \"secrets/tor\"", "# why", "# plain", "password = ********"]
        {
            assert!(shown.contains(kept), "{kept:?} is not in {shown}");
        }
        assert_eq!(shown.lines().count(), text.lines().count());
    }

    #[test]
    fn what_cannot_be_parsed_is_not_shown() {
        assert_eq!(without_keys("password = \"geheim\nx = 1\n"), None);
    }

    #[test]
    fn keys_are_known_though_the_configuration_is_wrong() {
        struct Paper;
        impl Host for Paper {
            fn variable(&self, name: &str) -> Option<String> {
                (name == "KEY").then(|| "from environment".to_owned())
            }
            fn addresses(&self) -> Vec<(String, std::net::IpAddr)> {
                Vec::new()
            }
            fn interface_index(&self, _: &str) -> Option<u32> {
                None
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        let main = folder.path().join("a.toml");
        let text = "[[peer]]\nnonsense = 1\npassword_file = \"k\"\n[[group]]\npassword_env = \"KEY\"\n\
                    [[group]]\npassword = \"in the file\"\npassword_env = \"NONE\"\n[[group]]\npassword_file = \"/dev/zero\"\n";
        std::fs::write(&main, text).expect("a file");
        std::fs::write(folder.path().join("k"), "from file\n").expect("a file");
        let mut found = keys(&main, &Paper);
        found.sort_by(|a, b| a.reveal().cmp(b.reveal()));
        assert_eq!(found.remove(0).reveal().len(), 4096, "what has no end is not read to its end");
        let expected =
            ["from environment", "from file", "in the file"].map(|key| Secret::new(key.as_bytes()));
        assert_eq!(found, expected);
    }

    #[test]
    fn included_files_are_shown_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let main = folder.path().join("a.toml");
        std::fs::write(&main, "include = [\"b.toml\"]\n").expect("a file");
        std::fs::write(folder.path().join("b.toml"), "asn = 7\n").expect("a file");
        let names: Vec<PathBuf> = redacted(&main).into_iter().map(|(path, _)| path).collect();
        assert_eq!(names, [main, folder.path().join("b.toml")]);
        assert_eq!(redacted(&folder.path().join("none")), []);
    }
}
