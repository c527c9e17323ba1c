//! Configuration files of services in sections and keys, with drop-ins that add to them or take their place.

use std::collections::BTreeMap;

use super::root::Root;

/// What a service is configured with: for each section and key the last value, and the file that it stands in.
#[derive(Debug, Default)]
pub(super) struct DropIns(BTreeMap<(String, String), (String, String)>);

impl DropIns {
    /// Reads the first `file` that is in one of `folders`, then every `*.conf` in the folders `file` + `.d`, or in
    /// `conf.d` where the service has it so, by name; of two with the same name the one in the folder that comes first.
    pub(super) fn read(root: &Root, folders: &[&str], file: &str, drop_ins: &str) -> Self {
        let main = folders.iter().map(|folder| format!("{folder}/{file}")).find(|path| root.has(path));
        let mut parts: BTreeMap<String, String> = BTreeMap::new();
        for folder in folders {
            let folder = format!("{folder}/{drop_ins}");
            for name in root.names(&folder).into_iter().filter(|name| name.ends_with(".conf")) {
                parts.entry(name.clone()).or_insert_with(|| format!("{folder}/{name}"));
            }
        }
        let mut read = Self::default();
        // A file that cannot be read is one that says nothing: a link to /dev/null is how one is turned off.
        main.into_iter().chain(parts.into_values()).for_each(|path| {
            read.add(&root.text(&path).unwrap_or_default(), &path);
        });
        read
    }

    /// The value of a key and the file it stands in. An empty one is as good as none.
    pub(super) fn value(&self, section: &str, key: &str) -> Option<(&str, &str)> {
        let (value, file) = self.0.get(&(section.to_owned(), key.to_owned()))?;
        (!value.is_empty()).then_some((value, file))
    }

    fn add(&mut self, text: &str, file: &str) {
        let mut section = String::new();
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name.trim().to_owned();
            } else if let Some((key, value)) = line.split_once('=') {
                // NetworkManager's `key+=value` adds to what was said before.
                let (key, adds) =
                    key.trim().strip_suffix('+').map_or_else(|| (key.trim(), false), |key| (key, true));
                let said = self.0.entry((section.clone(), key.trim().to_owned())).or_default();
                let before = if adds && !said.0.is_empty() { format!("{};", said.0) } else { String::new() };
                *said = (before + value.trim(), file.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::root::fixture::Fixture;

    #[test]
    fn later_names_win_and_nearer_folders_hide_farther_ones() {
        let host = Fixture::new(&[
            ("/etc/x.conf", "[A]\nk = main\nonly=here\n"),
            ("/usr/lib/x.conf", "[A]\nk=vendor\nvendor=1\n"),
            ("/usr/lib/x.conf.d/20-a.conf", "# [B]\n[A]\nk=hidden\n"),
            ("/etc/x.conf.d/20-a.conf", "[A]\nk=nearer\n[B]\nk=other\n"),
            ("/usr/lib/x.conf.d/10-z.conf", "[A]\nk=earlier\n"),
            ("/etc/x.conf.d/30-b.conf", "[A]\nempty=\n[B]\nk += more\n"),
            ("/etc/x.conf.d/notes", "[A]\nk=no\n"),
        ]);
        let read = DropIns::read(&host.root(), &["/etc", "/usr/lib"], "x.conf", "x.conf.d");
        assert_eq!(read.value("A", "k"), Some(("nearer", "/etc/x.conf.d/20-a.conf")));
        assert_eq!(read.value("A", "only"), Some(("here", "/etc/x.conf")));
        assert_eq!(read.value("A", "vendor"), None, "only the first main file counts");
        assert_eq!(read.value("B", "k").map(|(value, _)| value), Some("other;more"));
        assert_eq!(read.value("A", "empty"), None);
    }
}
