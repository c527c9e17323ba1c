//! Network namespaces, held by open files and named only inside the sandbox.

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::{fs, thread};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

use crate::failure::{Doing, Failure};
use crate::kernel::Kernel;

/// Where named namespaces appear, as `ip netns` expects them.
pub const NAMES: &str = "/run/netns";

/// A network namespace; it lasts as long as this value and the processes inside it.
#[derive(Debug)]
pub struct Netns {
    name: String,
    file: File,
}

impl Netns {
    /// Creates a namespace with the loopback device up, visible inside the sandbox as `/run/netns/NAME`.
    pub fn create(name: &str) -> Result<Self, Failure> {
        let file = on_own_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET).doing("create a network namespace")?;
            let here = "/proc/thread-self/ns/net";
            let file = File::open(here).doing("open a network namespace")?;
            let path = PathBuf::from(NAMES).join(name);
            File::create(&path).doing_with(|| format!("create {}", path.display()))?;
            mount(Some(here), &path, None::<&str>, MsFlags::MS_BIND, None::<&str>)
                .doing_with(|| format!("name the namespace {name}"))?;
            Ok::<_, Failure>(file)
        })?;
        let namespace = Self { name: name.to_owned(), file };
        namespace.kernel(|kernel| kernel.up("lo"))?;
        Ok(namespace)
    }

    /// The name it was created with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `work` on a thread that is inside the namespace.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, Failure> {
        on_own_thread(|| {
            setns(&self.file, CloneFlags::CLONE_NEWNET).doing_with(|| format!("enter {}", self.name))?;
            Ok(work())
        })
    }

    /// Runs `work` with a connection to the namespace's kernel.
    pub fn kernel<T: Send>(
        &self,
        work: impl FnOnce(&Kernel) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        self.run(|| Kernel::connect().and_then(|kernel| work(&kernel)))?
            .map_err(|failure| Failure::new(format!("in {}", self.name), failure))
    }

    /// Starts a process inside the namespace.
    pub fn spawn(&self, command: &mut Command) -> Result<Child, Failure> {
        let program = command.get_program().display().to_string();
        let spawned = self.run(move || command.spawn())?;
        let hint = match &spawned {
            Err(error) if error.kind() == ErrorKind::NotFound => " (tests/peers installs foreign daemons)",
            Err(_) | Ok(_) => "",
        };
        spawned.doing_with(|| format!("start {program} in {}{hint}", self.name))
    }

    /// Sets a kernel parameter of the namespace, `key` being its path below `/proc/sys/net`.
    pub fn set(&self, key: &str, value: &str) -> Result<(), Failure> {
        let path = PathBuf::from("/proc/sys/net").join(key);
        self.run(|| fs::write(&path, value))?
            .doing_with(|| format!("in {}: write {value} to {}", self.name, path.display()))
    }
}

impl AsFd for Netns {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Namespaces belong to threads, and a thread that changed its own is best not used again.
fn on_own_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
