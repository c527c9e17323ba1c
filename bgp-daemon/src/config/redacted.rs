//! The texts of a configuration as a stranger may read them: stars where somebody wrote a key.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::confidential::{is_shown, speaks_of_secrets, without_values};
use super::document::read;
use super::host::Host;
use super::report::Report;
use super::settings::Secret;

/// Every file that a configuration is read from, with stars in the place of values whose keys are not known to hold
/// nothing secret; `None` for the text of one whose syntax is wrong, in which they cannot be found.
#[must_use]
pub fn redacted(path: &Path) -> Vec<(PathBuf, Option<String>)> {
    let report = Report::default();
    // What is wrong with it is not the question here.
    let _ = read(path, &report);
    let files = report.files().into_iter();
    files.map(|(path, text)| (path, without_keys(&text))).collect()
}

/// Every secret that a configuration names by file or variable, or holds where none belongs, whether it is valid or not:
/// what stands there under a name that means nothing here may be one.
#[must_use]
pub fn keys(path: &Path, host: &dyn Host) -> Vec<Secret> {
    let report = Report::default();
    let _ = read(path, &report);
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let mut keys = Vec::new();
    for (_, text) in report.files() {
        let (document, _) = DeTable::parse_recoverable(&text);
        in_table(document.get_ref(), Known::Yes, &mut |name, known, value| {
            let written = match value.get_ref() {
                DeValue::String(text) => text.as_ref(),
                _ => text.get(value.span()).unwrap_or_default(),
            };
            keys.extend(match (known, name) {
                (Known::No, _) => Some(Secret::new(written.as_bytes())),
                (Known::Yes, "password_file") => in_file(&folder.join(written)),
                (Known::Yes, "password_env") => host.variable(written).map(|key| Secret::new(key.as_bytes())),
                (Known::Yes, _) => None,
            });
        });
    }
    keys
}

/// The key in a file.
fn in_file(path: &Path) -> Option<Secret> {
    let mut octets = Vec::new();
    // It may be a device without an end.
    File::open(path).ok()?.take(LONGEST).read_to_end(&mut octets).ok()?;
    let line = octets.strip_suffix(b"\n").unwrap_or(&octets);
    Some(Secret::new(line.strip_suffix(b"\r").unwrap_or(line)))
}

/// More than any key has, in octets.
const LONGEST: u64 = 4096;

fn without_keys(text: &str) -> Option<String> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return None;
    }
    let mut octets = text.as_bytes().to_vec();
    in_table(document.get_ref(), Known::Yes, &mut |_, known, value| {
        let hidden = octets.get_mut(value.span()).filter(|_| known == Known::No);
        let written = hidden.into_iter().flatten().filter(|octet| **octet != b'\n');
        written.for_each(|octet| *octet = b'*');
    });
    let text = String::from_utf8_lossy(&octets);
    Some(text.split_inclusive('\n').map(in_comment).collect())
}

/// Whether a value stands below known keys only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Yes,
    No,
}

/// What is done with a value that is neither a table nor a list: the name of its key is given, and whether it is known.
type Each<'a> = dyn FnMut(&str, Known, &Spanned<DeValue<'_>>) + 'a;

fn in_table(table: &DeTable<'_>, known: Known, each: &mut Each<'_>) {
    for (name, value) in table {
        let known = if is_shown(name.get_ref()) { known } else { Known::No };
        in_value(name.get_ref(), value, known, each);
    }
}

fn in_value(name: &str, value: &Spanned<DeValue<'_>>, known: Known, each: &mut Each<'_>) {
    match value.get_ref() {
        DeValue::Table(table) => in_table(table, known, each),
        DeValue::Array(values) => values.iter().for_each(|value| in_value(name, value, known, each)),
        _ => each(name, known, value),
    }
}

/// A line that says something about a secret behind `#`, or assigns something to what may be one, ends there.
fn in_comment(line: &str) -> String {
    let Some((before, comment)) = line.split_once('#') else { return line.to_owned() };
    let harmless = comment.to_lowercase().replace("password_file", "").replace("password_env", "");
    if !speaks_of_secrets(&harmless) && without_values(comment) == comment {
        return line.to_owned();
    }
    let end = if line.ends_with('\n') { "\n" } else { "" };
    format!("{before}# ***{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_stars_and_the_rest_stays() {
        let text = "asn = 1\n[[peer]]\npassword = \"geheim\" # why\npassword_file = \"secrets/tor\"\n\
                    x = { Secret_Token = \"geheim\", y = [{ password = '''a\ngeheim''' }] }\n# the password is geheim\n# plain\n\
                    # tcp_ao = \"geheim\"\n[vault]\nname = \"geheim\"\nasn = [\n  \"geheim\",\n]\n";
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
            ["1", "from environment", "from file", "in the file"].map(|key| Secret::new(key.as_bytes()));
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
