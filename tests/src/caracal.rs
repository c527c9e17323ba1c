//! `caracal` in a sandbox: started with a configuration, and asked by its command line.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::cluster::socket;
use crate::failure::{Doing, Failure};
use crate::interop;
use crate::netns::Netns;
use crate::process::Daemon;
use crate::programs::program;
use crate::sandbox::SCRATCH;
use crate::wait;

/// How long a daemon may take until it answers, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the daemon `name`, and returns once it answers. `text` is its configuration without a control socket.
/// Where there is no `place`, it is the sandbox's own namespace.
pub fn start(name: &str, place: Option<&Netns>, text: &str) -> Result<Daemon, Failure> {
    let file = Path::new(SCRATCH).join(format!("{name}.toml"));
    let control = format!("[control]\nsocket = \"{}\"\n", socket(name).display());
    fs::write(&file, format!("{text}\n{control}")).doing("write a configuration")?;
    let mut command = Command::new(program("caracal"));
    command.args(["run", "--config"]).arg(&file).env_remove("RUST_LOG");
    let log = file.with_extension("log");
    let daemon = match place {
        Some(place) => Daemon::start(name, &mut command, place, &log)?,
        None => Daemon::start_here(name, &mut command, &log)?,
    };
    let answers = || ask(name, &["status"]).map_err(|failure| format!("{failure}\n{}", daemon.last_words()));
    wait::until(name, PATIENCE, answers)?;
    Ok(daemon)
}

/// What a verb of the command line prints of the daemon `name`.
pub fn ask(name: &str, words: &[&str]) -> Result<String, Failure> {
    interop::ask(Command::new(program("caracal")).args(words).arg("--socket").arg(socket(name)))
}

/// The JSON that a verb answers with.
pub fn json(name: &str, words: &[&str]) -> Result<Value, Failure> {
    let text = ask(name, &[words, &["-o", "json"]].concat())?;
    serde_json::from_str(&text).doing("read Caracal's answer")
}
