//! The same routes by `ip -batch`.

use std::fmt::Write;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tests::failure::{Doing, Failure};
use tests::sandbox::SCRATCH;

use crate::workload::{DEVICE, METRIC, PROTOCOL, Step, Workload};

/// Does one step; the file of commands is written before the clock starts.
pub(crate) fn step(step: Step, load: Workload) -> Result<Duration, Failure> {
    let verb = match step {
        Step::Install => "add",
        Step::Replace => "replace",
        Step::Delete => "del",
        Step::Dump => return show(load),
    };
    let gateway = load.gateway(step);
    let mut text = String::new();
    for prefix in load.prefixes() {
        let way = if step == Step::Delete { String::new() } else { format!(" via {gateway} dev {DEVICE}") };
        writeln!(text, "route {verb} {prefix}{way} proto {PROTOCOL} metric {METRIC}")
            .doing("write a command")?;
    }
    let file = format!("{SCRATCH}/batch");
    fs::write(&file, text).doing("write the commands")?;
    timed(Command::new("ip").args(["-batch", &file]))
}

fn show(load: Workload) -> Result<Duration, Failure> {
    let family = if load.family == tests::kernel::Ip::V4 { "-4" } else { "-6" };
    timed(Command::new("ip").args([family, "route", "show", "table", "main"]))
}

fn timed(command: &mut Command) -> Result<Duration, Failure> {
    let begin = Instant::now();
    let status = command.stdout(Stdio::null()).status().doing("run ip")?;
    let took = begin.elapsed();
    if status.success() { Ok(took) } else { Err(Failure::new("run ip", status)) }
}
