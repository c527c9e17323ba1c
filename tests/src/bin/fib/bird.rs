//! The same routes by BIRD 2: static routes that its kernel protocol exports.

use std::fmt::Write;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tests::failure::{Doing, Failure};
use tests::kernel::Ip;
use tests::sandbox::SCRATCH;
use tests::wait;

use crate::network::count;
use crate::workload::{METRIC, Step, Workload};

/// A BIRD that knows every route twice, by either gateway; dropping it kills it.
pub(crate) struct Bird {
    child: Child,
    load: Workload,
    /// What the table held before.
    before: u64,
}

impl Bird {
    /// Starts it and waits until it has read its routes, which is not what is measured.
    pub(crate) fn start(load: Workload) -> Result<Self, Failure> {
        let before = count(load.family)?;
        let file = format!("{SCRATCH}/bird.conf");
        fs::write(&file, configuration(load)?).doing("write BIRD's configuration")?;
        let child = Command::new("/usr/sbin/bird")
            .args(["-f", "-c", &file, "-s", &socket()])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .doing("start bird (tests/peers installs foreign daemons)")?;
        let bird = Self { child, load, before };
        wait::until("BIRD to read its configuration", PATIENCE, || {
            let text = control("show route count").unwrap_or_default();
            let known = format!("{0} of {0} routes", load.routes);
            if text.contains(&known) { Ok(()) } else { Err(text) }
        })?;
        Ok(bird)
    }

    /// Does one step, by switching protocols on and off.
    pub(crate) fn step(&self, step: Step) -> Result<Option<Duration>, Failure> {
        let begin = Instant::now();
        match step {
            Step::Dump => return Ok(None),
            Step::Install => {
                control("enable kernel1")?;
                self.holds(u64::from(self.load.routes))?;
            }
            Step::Replace => {
                let told = exported()?;
                control("enable way2")?;
                self.tells(told + u64::from(self.load.routes))?;
            }
            Step::Delete => {
                control("disable kernel1")?;
                self.holds(0)?;
            }
        }
        Ok(Some(begin.elapsed()))
    }

    /// Waits until the kernel holds so many routes more than before.
    fn holds(&self, routes: u64) -> Result<(), Failure> {
        wait::until("BIRD to write", PATIENCE, || match count(self.load.family) {
            Ok(held) if held == self.before + routes => Ok(()),
            Ok(held) => Err(format!("{held} routes")),
            Err(failure) => Err(failure.to_string()),
        })
    }

    /// Waits until it has handed so many changes to the kernel: it does so one by one, each with its answer.
    fn tells(&self, changes: u64) -> Result<(), Failure> {
        wait::until("BIRD to replace", PATIENCE, || match exported() {
            Ok(told) if told >= changes => Ok(()),
            Ok(told) => Err(format!("{told} of {changes} exported")),
            Err(failure) => Err(failure.to_string()),
        })
    }
}

impl Drop for Bird {
    fn drop(&mut self) {
        // Both fail only where there is nothing left to do.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn configuration(load: Workload) -> Result<String, Failure> {
    let family = match load.family {
        Ip::V4 => "ipv4",
        Ip::V6 => "ipv6",
    };
    let mut text = format!(
        "router id 10.0.0.1;\nprotocol device {{ }}\nprotocol kernel kernel1 {{ disabled; metric {METRIC}; \
         scan time 3600; {family} {{ import none; export all; }}; }}\n"
    );
    for (name, settings, preference, step) in
        [("way1", "", 200, Step::Install), ("way2", "disabled;", 210, Step::Replace)]
    {
        let gateway = load.gateway(step);
        writeln!(text, "protocol static {name} {{ {settings} {family} {{ preference {preference}; }};")
            .doing("write BIRD's configuration")?;
        for prefix in load.prefixes() {
            writeln!(text, "route {prefix} via {gateway};").doing("write BIRD's configuration")?;
        }
        text.push_str("}\n");
    }
    Ok(text)
}

/// The number of changes its kernel protocol accepted.
fn exported() -> Result<u64, Failure> {
    let text = control("show protocols all kernel1")?;
    let line = text.lines().find(|line| line.contains("Export updates:")).unwrap_or_default();
    line.split_whitespace().nth_back(0).unwrap_or_default().parse().doing_with(|| format!("read {line:?}"))
}

fn control(command: &str) -> Result<String, Failure> {
    let words = command.split_whitespace();
    let output = Command::new("/usr/sbin/birdc")
        .args(["-r", "-s", &socket()].iter().skip(usize::from(!command.starts_with("show"))))
        .args(words)
        .output()
        .doing("run birdc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    // The first line is its greeting.
    Ok(text.lines().skip(1).filter(|line| !line.starts_with("Access")).collect::<Vec<_>>().join("\n"))
}

fn socket() -> String {
    format!("{SCRATCH}/bird.ctl")
}

const PATIENCE: Duration = Duration::from_secs(600);
