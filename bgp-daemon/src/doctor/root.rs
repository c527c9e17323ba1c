//! The files of a host: `/proc`, `/sys` and `/etc`, or a folder that looks like them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// More than any file that is read here has; a device without an end stops there.
const LIMIT: u64 = 16 * 1024 * 1024;

/// The root of a file system.
#[derive(Clone, Debug)]
pub struct Root(PathBuf);

impl Default for Root {
    /// That of this host.
    fn default() -> Self {
        Self::at("/")
    }
}

impl Root {
    /// The root at `folder`.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The text of a file; what is not UTF-8 becomes U+FFFD.
    pub(crate) fn text(&self, path: &str) -> io::Result<String> {
        let mut octets = Vec::new();
        File::open(self.place(path))?.take(LIMIT).read_to_end(&mut octets)?;
        Ok(String::from_utf8_lossy(&octets).into_owned())
    }

    /// The number in a file, as in those of `/proc/sys`.
    pub(super) fn number(&self, path: &str) -> io::Result<u64> {
        let text = self.text(path)?;
        text.trim().parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// What is in a folder, sorted; nothing where there is none.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.place(path)).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// What a link says.
    pub(super) fn link(&self, path: &str) -> io::Result<String> {
        Ok(fs::read_link(self.place(path))?.to_string_lossy().into_owned())
    }

    /// Whether something is there.
    pub(super) fn has(&self, path: &str) -> bool {
        self.place(path).symlink_metadata().is_ok()
    }

    fn place(&self, path: &str) -> PathBuf {
        self.0.join(Path::new(path).strip_prefix("/").unwrap_or_else(|_| Path::new(path)))
    }
}

#[cfg(test)]
pub(super) mod fixture {
    use super::*;

    /// A host made of files.
    pub(in crate::doctor) struct Fixture {
        folder: tempfile::TempDir,
    }

    impl Fixture {
        pub(in crate::doctor) fn new(files: &[(&str, &str)]) -> Self {
            let fixture = Self { folder: tempfile::tempdir().expect("a folder") };
            files.iter().for_each(|(path, text)| fixture.write(path, text));
            fixture
        }

        pub(in crate::doctor) fn write(&self, path: &str, text: &str) {
            let place = self.root().place(path);
            fs::create_dir_all(place.parent().expect("a file has a folder")).expect("a folder");
            fs::write(place, text).expect("a file");
        }

        pub(in crate::doctor) fn link(&self, path: &str, target: &str) {
            let place = self.root().place(path);
            fs::create_dir_all(place.parent().expect("a link has a folder")).expect("a folder");
            std::os::unix::fs::symlink(target, place).expect("a link");
        }

        pub(in crate::doctor) fn root(&self) -> Root {
            Root::at(self.folder.path())
        }
    }
}
