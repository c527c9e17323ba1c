//! A control group for one machine: what its systemd makes of groups is below it, and goes with it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::mount::{MsFlags, mount};

use crate::failure::{Doing, Failure};
use crate::sandbox::SCRATCH;
use crate::wait::until;

/// How long killed processes may take to leave their groups on a busy host.
const PATIENCE: Duration = Duration::from_secs(10);

/// A group below the one of this process; dropping it removes it, with all below it, once its processes have ended.
#[derive(Debug)]
pub(super) struct Group {
    folder: PathBuf,
}

impl Group {
    /// Makes one, in a view of the hierarchy that only the sandbox has.
    pub(super) fn make() -> Result<Self, Failure> {
        let view = Path::new(SCRATCH).join("groups");
        fs::create_dir_all(&view).doing("make room for control groups")?;
        mount(Some("cgroup2"), &view, Some("cgroup2"), MsFlags::empty(), None::<&str>)
            .doing("mount control groups")?;
        let own = fs::read_to_string("/proc/self/cgroup").doing("read the own control group")?;
        let own = own.lines().find_map(|line| line.strip_prefix("0::/"));
        let own =
            own.ok_or_else(|| Failure::new("find the own control group", "this kernel has no cgroup2"))?;
        // The sandbox numbers its processes from 1, so its namespace is what tells it from others.
        let name = fs::read_link("/proc/self/ns/pid").doing("read the own namespace")?;
        let name: String = name.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
        let folder = view.join(own).join(format!("machine-{name}"));
        fs::create_dir(&folder).doing_with(|| format!("make the control group {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// The file that takes the number of a process that is to be a member.
    pub(super) fn members(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Err(failure) =
            until("the machine's control groups to be empty", PATIENCE, || remove(&self.folder))
        {
            eprintln!("{failure}");
        }
    }
}

/// Removes a group and those below it, which is possible as long as none has a process.
fn remove(folder: &Path) -> io::Result<()> {
    for below in fs::read_dir(folder)? {
        let below = below?;
        if below.file_type()?.is_dir() {
            remove(&below.path())?;
        }
    }
    fs::remove_dir(folder)
}
