//! The file a bundle is: a compressed archive with a manifest of what is in it and what is not.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use super::redactor::Redactor;
use crate::clock::Timestamp;

/// More than this of one file is cut off.
const LIMIT: usize = 64 * 1024 * 1024;

/// What goes into the archive; nothing enters without having been redacted.
#[derive(Debug)]
pub(super) struct Archive {
    folder: String,
    made: Timestamp,
    redactor: Redactor,
    files: Vec<(Listed, Vec<u8>)>,
    missing: Vec<Missing>,
}

/// What is in a bundle, and what is not and why.
#[derive(Debug, Serialize)]
pub(super) struct Manifest<'a> {
    /// The version of this program.
    pub(super) version: &'static str,
    /// When it was made, RFC 3339.
    pub(super) made: Timestamp,
    /// The files, in their order.
    pub(super) files: Vec<&'a Listed>,
    /// What should have been there.
    pub(super) missing: &'a [Missing],
}

/// A file of a bundle.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    /// Its path in the bundle.
    pub(super) name: String,
    /// How long it is.
    pub(super) octets: usize,
    /// What it holds.
    pub(super) about: &'static str,
    /// There was more of it.
    pub(super) cut: bool,
}

/// What could not be made.
#[derive(Debug, Serialize)]
pub(super) struct Missing {
    /// Its path, had it been there.
    pub(super) name: String,
    /// Why it is not.
    pub(super) why: String,
}

/// The contents of a file; `cut` where there was more.
pub(super) struct Content {
    pub(super) octets: Vec<u8>,
    pub(super) cut: bool,
}

impl<T: Into<Vec<u8>>> From<T> for Content {
    fn from(octets: T) -> Self {
        Self { octets: octets.into(), cut: false }
    }
}

impl Archive {
    /// An empty one; its files will lie in `folder`.
    pub(super) fn new(folder: String, made: Timestamp, redactor: Redactor) -> Self {
        Self { folder, made, redactor, files: Vec::new(), missing: Vec::new() }
    }

    /// Adds a file, or why there is none.
    pub(super) fn add<E: ToString>(
        &mut self,
        name: impl Into<String>,
        about: &'static str,
        content: Result<impl Into<Content>, E>,
    ) {
        let name = name.into();
        match content.map(Into::into) {
            Ok(Content { octets, cut }) => {
                let mut octets = self.redactor.redact(octets);
                let cut = cut || octets.len() > LIMIT;
                octets.truncate(LIMIT);
                self.files.push((Listed { name, octets: octets.len(), about, cut }, octets));
            }
            Err(error) => {
                let why = self.redactor.redact_text(&error.to_string());
                self.missing.push(Missing { name, why });
            }
        }
    }

    /// What is in it by now.
    pub(super) fn manifest(&self) -> Manifest<'_> {
        let files = self.files.iter().map(|(listed, _)| listed).collect();
        Manifest { version: env!("CARGO_PKG_VERSION"), made: self.made, files, missing: &self.missing }
    }

    /// Writes it to `path`, where nothing appears before it is whole. Only its owner may read it.
    ///
    /// Until then it has a name beside `path` that anybody who may write there could have taken: what is there is
    /// removed, and nothing that comes back is opened, be it a link or a file that others may read.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let part = PathBuf::from(format!("{}.part", path.display()));
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let written = self.write_new(&part).and_then(|()| fs::rename(&part, path));
        if written.is_err() {
            // It may never have been there.
            let _ = fs::remove_file(&part);
        }
        written
    }

    fn write_new(&self, path: &Path) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut archive = tar::Builder::new(GzEncoder::new(BufWriter::new(file), Compression::default()));
        let manifest = serde_json::to_vec_pretty(&self.manifest())?;
        self.append(&mut archive, "manifest.json", &manifest)?;
        for (listed, octets) in &self.files {
            self.append(&mut archive, &listed.name, octets)?;
        }
        archive.into_inner()?.finish()?.flush()
    }

    fn append(&self, archive: &mut tar::Builder<impl Write>, name: &str, octets: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(octets.len() as u64);
        header.set_mode(0o600);
        let made = self.made.0.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        header.set_mtime(made.as_secs());
        archive.append_data(&mut header, format!("{}/{name}", self.folder), octets)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn whatever_waits_at_its_name_is_neither_followed_nor_written_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = |name: &str| folder.path().join(name);
        fs::write(place("theirs"), "as it was").expect("a file");
        symlink(place("theirs"), place("bundle.part")).expect("a link");
        symlink(place("theirs"), place("bundle")).expect("a link");
        let mut archive = Archive::new("folder".to_owned(), Timestamp(UNIX_EPOCH), Redactor::default());
        archive.add("a", "", Ok::<_, String>("text"));
        archive.write(&place("bundle")).expect("the folder is ours");
        assert_eq!(fs::read_to_string(place("theirs")).expect("a file"), "as it was");
        assert!(!place("bundle.part").exists());
        let written = place("bundle").symlink_metadata().expect("it is there");
        assert!(written.is_file() && written.permissions().mode() & 0o777 == 0o600, "{written:?}");
    }
}
