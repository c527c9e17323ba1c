//! What following costs while little happens: foreign routes to learn, interfaces that come and go, and the processor
//! time of those who follow, all at once and over the same events.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fib_sync::Event;
use tests::failure::{Doing, Failure};
use tests::sandbox::SCRATCH;
use tests::wait;

use crate::network::PATIENCE;
use crate::synchroniser;

/// How much there is and how much happens.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Foreign routes, each straight out of an interface, as Felix writes them.
    #[arg(long, default_value_t = 50_000)]
    routes: u32,
    /// Interfaces they lead over.
    #[arg(long, default_value_t = 250)]
    interfaces: u32,
    /// Interfaces that go up, with a route, or down, in a minute.
    #[arg(long, default_value_t = 5_000)]
    events: u32,
    /// Seconds to measure.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Somebody who follows, in a process of their own.
struct Follower {
    name: &'static str,
    child: Child,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    fill(arguments)?;
    let followers = [
        Follower { name: "fib-sync", child: fib_sync()? },
        Follower { name: "BIRD 2, scan time 10", child: bird(10, arguments.routes)? },
        Follower { name: "BIRD 2, scan time 2", child: bird(2, arguments.routes)? },
    ];
    let before: Vec<Duration> = followers.iter().map(Follower::processor_time).collect::<Result<_, _>>()?;
    let (took, happened) = churn(arguments)?;
    let (routes, interfaces) = (arguments.routes, arguments.interfaces);
    println!("{routes} routes over {interfaces} interfaces, {happened} interface events in {took:.1?}\n");
    println!("| | processor time, ms | of a core |\n|---|--:|--:|");
    for (follower, before) in followers.iter().zip(before) {
        let spent = follower.processor_time()?.saturating_sub(before);
        let share = 100.0 * spent.as_secs_f64() / took.as_secs_f64();
        println!("| {} | {} | {share:.2} % |", follower.name, spent.as_millis());
    }
    Ok(())
}

/// What `run` starts: fib-sync, and somebody who listens to it.
pub(crate) fn follow() -> Result<(), Failure> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().doing("start a runtime")?;
    runtime.block_on(async {
        let (_handle, mut events) = fib_sync::start(synchroniser::config()).doing("start fib-sync")?;
        while let Some(event) = events.next().await {
            if matches!(event, Event::Synced { .. }) {
                println!("synced");
            }
        }
        Ok(())
    })
}

/// Interfaces, and the routes over them.
fn fill(arguments: &Arguments) -> Result<(), Failure> {
    let mut commands = String::new();
    for number in 0..arguments.interfaces + CHURNED {
        writeln!(commands, "link add cali{number} type veth peer name pod{number}")
            .doing("write commands")?;
        for end in ["cali", "pod"] {
            writeln!(commands, "link set {end}{number} up").doing("write commands")?;
        }
    }
    for number in 0..arguments.routes {
        let [_, a, b, c] = number.to_be_bytes();
        let interface = number % arguments.interfaces;
        writeln!(commands, "route add 100.{a}.{b}.{c}/32 dev cali{interface} scope link proto 80")
            .doing("write commands")?;
    }
    let mut ip = Batch::start()?;
    ip.send(&commands)?;
    ip.finish()
}

/// Has interfaces go up and down at a steady pace; gives how long that took, and how many did.
fn churn(arguments: &Arguments) -> Result<(Duration, u32), Failure> {
    let mut ip = Batch::start()?;
    let happen = arguments.events * arguments.seconds / 60;
    let begin = Instant::now();
    for event in 0..happen {
        let due = begin + Duration::from_secs(arguments.seconds.into()) * event / happen.max(1);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let churned = event / 2 % CHURNED;
        let number = arguments.interfaces + churned;
        ip.send(&match event % 2 {
            0 => format!("link set cali{number} down\n"),
            _ => format!("link set cali{number} up\nroute add 100.255.0.{churned}/32 dev cali{number} scope link proto 80\n"),
        })?;
    }
    let rest =
        (begin + Duration::from_secs(arguments.seconds.into())).saturating_duration_since(Instant::now());
    std::thread::sleep(rest);
    ip.finish()?;
    Ok((begin.elapsed(), happen))
}

fn fib_sync() -> Result<Child, Failure> {
    let program = std::env::current_exe().doing("find this program")?;
    let mut child =
        Command::new(program).arg("follower").stdout(Stdio::piped()).spawn().doing("start the follower")?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line).doing("hear from the follower")?;
    }
    if line.trim() == "synced" { Ok(child) } else { Err(Failure::new("start the follower", line)) }
}

/// A BIRD that learns, and looks at everything so often as Calico's does.
fn bird(scan_time: u32, routes: u32) -> Result<Child, Failure> {
    let (file, socket) =
        (format!("{SCRATCH}/bird{scan_time}.conf"), format!("{SCRATCH}/bird{scan_time}.ctl"));
    let text = format!(
        "router id 10.0.0.1;\nprotocol device {{ scan time {scan_time}; }}\nprotocol direct {{ ipv4; }}\n\
         protocol kernel {{ learn; persist; scan time {scan_time}; ipv4 {{ import all; export none; }}; }}\n"
    );
    fs::write(&file, text).doing("write BIRD's configuration")?;
    let child = Command::new("/usr/sbin/bird")
        .args(["-f", "-c", &file, "-s", &socket])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .doing("start bird (tests/peers installs foreign daemons)")?;
    wait::until("BIRD to learn", PATIENCE, || {
        let shown =
            Command::new("/usr/sbin/birdc").args(["-r", "-s", &socket, "show", "route", "count"]).output();
        let text = shown.map(|shown| String::from_utf8_lossy(&shown.stdout).into_owned()).unwrap_or_default();
        let known = text.lines().find_map(|line| line.split_once(" of ")?.0.parse::<u32>().ok());
        if known.is_some_and(|known| known >= routes) { Ok(()) } else { Err(text) }
    })?;
    Ok(child)
}

impl Follower {
    /// What it has spent so far, in itself and in the kernel on its behalf.
    fn processor_time(&self) -> Result<Duration, Failure> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).doing("read its times")?;
        let fields = text.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
        let ticks: u64 = fields
            .split_whitespace()
            .skip(USER_TIME)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        Ok(Duration::from_millis(ticks * MILLISECONDS_OF_A_TICK))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Both fail only where there is nothing left to do.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// One `ip` that takes commands as they come.
struct Batch {
    child: Child,
}

impl Batch {
    fn start() -> Result<Self, Failure> {
        let child = Command::new("ip")
            .args(["-force", "-batch", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .doing("start ip")?;
        Ok(Self { child })
    }

    fn send(&mut self, commands: &str) -> Result<(), Failure> {
        let Some(stdin) = &mut self.child.stdin else { return Ok(()) };
        stdin.write_all(commands.as_bytes()).and_then(|()| stdin.flush()).doing("send commands to ip")
    }

    fn finish(mut self) -> Result<(), Failure> {
        drop(self.child.stdin.take());
        self.child.wait().doing("wait for ip").map(|_| ())
    }
}

/// Interfaces that go up and down beside those that stay.
const CHURNED: u32 = 50;
/// Fields of `/proc/PID/stat` between the name and `utime`; `stime` follows it.
const USER_TIME: usize = 11;
/// `USER_HZ` is 100 on every architecture there is.
const MILLISECONDS_OF_A_TICK: u64 = 10;
