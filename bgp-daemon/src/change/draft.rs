//! What is on disk while a configuration changes. Not here: what is in force.
//!
//! The file the daemon was started with says at every moment what a daemon that starts now comes up with. A change that
//! nobody has confirmed stands beside it, under another name; confirming renames it. A change that replaces the file
//! leaves what was there before beside it too, for `undo`.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// A configuration written beside the file whose place it is to take.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The file, behind any symbolic links.
    file: PathBuf,
    staged: PathBuf,
}

impl Draft {
    /// Writes `text` beside `file`, with the owner and permissions that the file has.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be written to: then nothing could be confirmed either.
    pub(crate) fn write(file: &Path, text: &str) -> io::Result<Self> {
        let file = file.canonicalize()?;
        let like = fs::metadata(&file)?;
        let staged = beside(&file, ".unconfirmed");
        remove(&staged)?;
        let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged)?;
        let draft = Self { file, staged };
        let written = out.write_all(text.as_bytes()).and_then(|()| {
            // Only root may give files away, and whoever is not root is the owner most often.
            let _ = chown(&draft.staged, Some(like.uid()), Some(like.gid()));
            fs::set_permissions(&draft.staged, fs::Permissions::from_mode(like.mode() & 0o777))?;
            out.sync_all()
        });
        if let Err(error) = written {
            draft.discard();
            return Err(error);
        }
        Ok(draft)
    }

    /// Takes the place of the file, in one step; what was there stays as `FILE.previous`.
    ///
    /// # Errors
    ///
    /// Where the system refuses; the file is as it was then.
    pub(crate) fn promote(&self) -> io::Result<()> {
        let previous = beside(&self.file, ".previous");
        remove(&previous)?;
        fs::hard_link(&self.file, &previous)?;
        fs::rename(&self.staged, &self.file)?;
        sync_folder(&self.file)
    }

    /// It is not to be.
    pub(crate) fn discard(&self) {
        // Whoever starts next removes it as well.
        let _ = fs::remove_file(&self.staged);
    }
}

/// Puts back what the last change replaced.
///
/// # Errors
///
/// Where there is nothing to put back, or the system refuses.
pub(crate) fn restore(file: &Path) -> io::Result<()> {
    let file = file.canonicalize()?;
    fs::rename(beside(&file, ".previous"), &file)?;
    sync_folder(&file)
}

/// Removes a change that nobody confirmed before the daemon died; whether there was one.
pub(crate) fn clear(file: &Path) -> bool {
    file.canonicalize().is_ok_and(|file| fs::remove_file(beside(&file, ".unconfirmed")).is_ok())
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A name is on disk when its folder is.
fn sync_folder(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("c.toml");
        fs::write(&file, "old").expect("a writable file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("our file");
        (folder, file)
    }

    fn read(file: &Path) -> String {
        fs::read_to_string(file).expect("a file")
    }

    #[test]
    fn the_file_is_the_old_one_until_the_draft_takes_its_place() {
        let (_folder, file) = file();
        let draft = Draft::write(&file, "new").expect("a writable folder");
        assert_eq!(read(&file), "old");
        draft.promote().expect("a writable folder");
        assert_eq!(read(&file), "new");
        assert_eq!(fs::metadata(&file).expect("a file").mode() & 0o777, 0o640);
        assert!(!clear(&file), "nothing is left over");
        restore(&file).expect("there is something to put back");
        assert_eq!(read(&file), "old");
        assert!(restore(&file).is_err(), "there is nothing more");
    }

    #[test]
    fn what_a_dead_daemon_left_is_cleared_away() {
        let (_folder, file) = file();
        drop(Draft::write(&file, "new").expect("a writable folder"));
        assert!(clear(&file));
        assert!(!clear(&file));
        assert_eq!(read(&file), "old");
    }

    #[test]
    fn a_symbolic_link_stays_one() {
        let (folder, file) = file();
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        Draft::write(&link, "new").and_then(|draft| draft.promote()).expect("a writable folder");
        assert!(link.is_symlink());
        assert_eq!(read(&file), "new");
    }
}
