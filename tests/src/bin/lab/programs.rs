//! The daemons the laboratory runs: built before it starts, found beside it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::failure::{Doing, Failure};

use crate::mixed;
use crate::options::Options;

/// Where the programs are.
#[derive(Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Brings the daemons up to date with their sources and looks for what else the options need.
    pub(crate) fn prepare(options: &Options) -> Result<Self, Failure> {
        if options.mixed {
            mixed::check()?;
        }
        let programs = Self::find()?;
        // Without cargo's word this is a copy without sources, to be taken as it is.
        if let Some(cargo) = env::var_os("CARGO") {
            programs.build(Path::new(&cargo))?;
        }
        for program in [programs.caracal(), programs.reflector()] {
            if !program.exists() {
                return Err(Failure::new(format!("find {}", program.display()), "not built"));
            }
        }
        Ok(programs)
    }

    /// The programs beside this one.
    pub(crate) fn find() -> Result<Self, Failure> {
        let executable = env::current_exe().doing("find this program's file")?;
        let folder = executable.parent().ok_or_else(|| Failure::new("find this program's folder", "none"))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The folder they are in.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The speaker of a host.
    pub(crate) fn caracal(&self) -> PathBuf {
        self.folder.join("caracal")
    }

    /// The route reflector.
    pub(crate) fn reflector(&self) -> PathBuf {
        self.folder.join("caracal-rr")
    }

    fn build(&self, cargo: &Path) -> Result<(), Failure> {
        let mut command = Command::new(cargo);
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args([
            "build",
            "-p",
            "bgp-daemon",
            "-p",
            "rr",
            "--bins",
        ]);
        if self.folder.ends_with("release") {
            command.arg("--release");
        }
        println!("building caracal and caracal-rr");
        let status = command.status().doing("run cargo")?;
        if status.success() { Ok(()) } else { Err(Failure::new("build the daemons", status)) }
    }
}
