//! The daemon itself, and what it reads before it runs.

use std::path::Path;

use super::exit::Exit;
use crate::config::{self, Loaded, Role};
use crate::role::Program;
use crate::{daemon, log};

/// Runs the daemon.
pub(super) fn run(role: Role, path: &Path) -> Exit {
    match load(role, path) {
        Some(loaded) => serve(role.into(), path, loaded),
        None => Exit::Configuration,
    }
}

/// Runs the daemon with what was read from `path`.
pub(super) fn serve(program: Program, path: &Path, loaded: Loaded) -> Exit {
    let log = &loaded.settings.log;
    let log = match log::start(log.level.as_str(), log.format) {
        Ok(log) => log,
        Err(error) => return fail(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(daemon::run(program, path, loaded, log)) {
        Ok(()) => Exit::Done,
        Err(error) => fail(&error),
    }
}

/// What a file says, warnings printed; `None` after its errors have been.
pub(super) fn load(role: Role, path: &Path) -> Option<Loaded> {
    match config::load(path) {
        Ok(loaded) => {
            eprint!("{}", config::render(&loaded.warnings));
            let settings = loaded.settings.forced(&role.into());
            Some(Loaded { settings, ..loaded })
        }
        Err(diagnostics) => {
            eprint!("{}", config::render(&diagnostics));
            None
        }
    }
}

fn fail(error: &dyn std::error::Error) -> Exit {
    eprintln!("error: {error}");
    Exit::Not
}
