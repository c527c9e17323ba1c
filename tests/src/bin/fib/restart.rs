//! A process that keeps the table is killed; another begins where it ended. A monitor watches.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use fib_sync::{Event, Hop, Route};
use serde::Serialize;
use tests::failure::{Doing, Failure};
use tests::kernel::{Ip, Kernel};

use crate::bare::{self, Bare};
use crate::monitor::{Heard, Monitor};
use crate::synchroniser;
use crate::workload::{DEVICE, Step, Workload};

/// What is restarted.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many routes.
    #[arg(long, default_value_t = 100_000)]
    routes: u32,
    /// How often.
    #[arg(long, default_value_t = 3)]
    repeat: usize,
    /// The versions of IP.
    #[arg(long, value_delimiter = ',', default_values_t = [4, 6])]
    ip: Vec<u8>,
    /// One JSON object a line instead of a table.
    #[arg(long)]
    json: bool,
}

/// The process that is killed.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct VictimArguments {
    routes: u32,
    ip: u8,
}

/// One restart.
#[derive(Debug, Serialize)]
struct Figures {
    ip: &'static str,
    routes: u32,
    /// From the start until the table is read and what is ours adopted.
    adopted_seconds: f64,
    /// From the start until every wish is met and the sweep is over.
    settled_seconds: f64,
    /// Messages the monitor saw from before the kill until after the sweep.
    new_routes: u64,
    deleted_routes: u64,
}

/// Kills and starts again, and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let device = Kernel::connect()?.index(DEVICE)?;
    if !arguments.json {
        println!("| routes | adopted after | all wishes met and swept after | NEWROUTE | DELROUTE |");
        println!("|---|--:|--:|--:|--:|");
    }
    for ip in &arguments.ip {
        let load = Workload::new(*ip, arguments.routes);
        for _ in 0..arguments.repeat {
            let figures = restart(load, device)?;
            if arguments.json {
                println!("{}", serde_json::to_string(&figures).unwrap_or_default());
            } else {
                let Figures { ip, routes, adopted_seconds, settled_seconds, new_routes, deleted_routes } =
                    figures;
                println!(
                    "| {routes} {ip} | {adopted_seconds:.3} s | {settled_seconds:.3} s | {new_routes} | {deleted_routes} |"
                );
            }
        }
        Bare::open(device)?.step(Step::Delete, load, 128)?;
    }
    Ok(())
}

/// Installs, says so, and stays until it is killed.
pub(crate) fn victim(arguments: &VictimArguments) -> Result<(), Failure> {
    let load = Workload::new(arguments.ip, arguments.routes);
    synchroniser::runtime()?.block_on(async {
        let (handle, _events) = synchroniser::start().await?;
        synchroniser::wish(&handle, Step::Install, load).await?;
        handle.settle().await.doing("settle")?;
        println!("wished");
        std::future::pending().await
    })
}

fn restart(load: Workload, device: u32) -> Result<Figures, Failure> {
    let mut child = spawn(load)?;
    let installed = wait_for(&mut child, load, device);
    let monitor = Monitor::start()?;
    child.kill().doing("kill")?;
    child.wait().doing("reap")?;
    installed?;
    let (adopted_seconds, settled_seconds) = synchroniser::runtime()?.block_on(follow(load))?;
    let Heard { new, deleted } = monitor.heard()?;
    let held = Bare::open(device)?.dump(load, |_| true)?;
    bare::complete(held, load.routes)?;
    let (ip, routes) = (load.family.name(), load.routes);
    Ok(Figures { ip, routes, adopted_seconds, settled_seconds, new_routes: new, deleted_routes: deleted })
}

/// The new process: nine of ten wishes are what is installed, the tenth goes another way.
async fn follow(load: Workload) -> Result<(f64, f64), Failure> {
    let begin = Instant::now();
    let (handle, mut events) = synchroniser::start().await?;
    let adopted = begin.elapsed().as_secs_f64();
    let way = |step| Route::unicast([Hop::via(load.gateway(step)).over(DEVICE)]);
    let (same, other) = (way(Step::Install), way(Step::Replace));
    for (number, prefix) in load.prefixes().enumerate() {
        let route = if number % 10 == 9 { &other } else { &same };
        handle.want(prefix, Some(route.clone())).await.doing("wish for a route")?;
    }
    handle.settle().await.doing("settle")?;
    while !matches!(events.next().await, Some(Event::Swept(_)) | None) {}
    handle.stop().await.doing("finish")?;
    Ok((adopted, begin.elapsed().as_secs_f64()))
}

fn spawn(load: Workload) -> Result<Child, Failure> {
    let program = std::env::current_exe().doing("find this program's file")?;
    let ip = if load.family == Ip::V4 { "4" } else { "6" };
    Command::new(program)
        .args(["victim", &load.routes.to_string(), ip])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .doing("start the process to be killed")
}

/// Waits until it has wished and the kernel holds everything, the routes of the last round included.
fn wait_for(child: &mut Child, load: Workload, device: u32) -> Result<(), Failure> {
    let output = child.stdout.take().ok_or_else(|| Failure::new("hear from the process", "no pipe"))?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).doing("hear from the process")?;
    let gateway = bare::octets(load.gateway(Step::Install));
    let through = |message: &[u8]| message.windows(gateway.len()).any(|octets| octets == gateway);
    let mut witness = Bare::open(device)?;
    tests::wait::until("every route", crate::network::PATIENCE, || {
        let held = witness.dump(load, through).map_err(|failure| failure.to_string())?;
        bare::complete(held, load.routes).map_err(|failure| failure.to_string())
    })
}
