//! A million routes through a daemon: in by one session, out by another, measured from outside.
//!
//! ```sh
//! cargo run --release -p tests --bin relay -- --routes 1000000 caracal bird
//! ```

mod daemon;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use bgp_core::peer::PeerAsn;
use bgp_core::session::Local;
use bgp_core::wire::NextHop;
use bgp_core::{Asn, Family, RouterId};
use clap::Parser;
use tests::load::feeder::{encode, feed};
use tests::load::link::Link;
use tests::load::sink::Sink;
use tests::load::table::{Batch, table};
use tests::load::usage::Usage;

use daemon::{Running, Which};

/// Feeds routes through daemons and prints what that cost them.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many routes.
    #[arg(long, default_value_t = 1_000_000)]
    routes: u32,
    /// The seed of the table.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One JSON object a line instead of a table.
    #[arg(long)]
    json: bool,
    /// Daemons, in order.
    #[arg(default_values_t = [Which::Caracal, Which::Bird])]
    daemons: Vec<Which>,
}

/// What one run cost.
#[derive(Debug, serde::Serialize)]
struct Figures {
    daemon: String,
    routes: u32,
    seconds: f64,
    cpu_seconds: f64,
    cpu_nanoseconds_per_route: f64,
    peak_mebibytes: f64,
    octets_per_route: f64,
    updates_out: u64,
}

const DAEMON: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const FEEDER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const SINK: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// The next hop of every route: an address that is nobody's, because a route through loopback is refused.
const NEXT_HOP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let batches = table(Family::IPV4, arguments.routes, arguments.seed);
    if !arguments.json {
        println!(
            "| daemon | routes | seconds | CPU seconds | CPU ns/route | peak MiB | octets/route | UPDATEs out |"
        );
        println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    }
    for which in &arguments.daemons {
        match run(*which, &batches, arguments.routes) {
            Ok(figures) if arguments.json => {
                println!("{}", serde_json::to_string(&figures).unwrap_or_default());
            }
            Ok(figures) => print_row(&figures),
            Err(error) => {
                eprintln!("{which}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn run(which: Which, batches: &[Batch], routes: u32) -> io::Result<Figures> {
    let running = Running::start(which)?;
    let mut sink_link = dial(SINK, Asn(65002), running.port, PATIENCE)?;
    let mut feeder_link = dial(FEEDER, Asn(65001), running.port, PATIENCE)?;
    let before = Usage::of(running.pid())?;
    let agreed =
        feeder_link.negotiated().ok_or_else(|| io::Error::other("the feeder's session is not up"))?;
    let dialect = agreed.dialect.clone();
    let buffers = encode(batches, Family::IPV4, Asn(65001), NextHop::V4(NEXT_HOP), &dialect);
    let start = Instant::now();
    let feeding = thread::spawn(move || feed(&mut feeder_link, &buffers).map(|()| feeder_link));
    let mut sink = Sink::default();
    let end = sink.collect(&mut sink_link, routes as usize, PATIENCE)?;
    let after = Usage::of(running.pid())?;
    let _feeder = feeding.join().map_err(|_| io::Error::other("the feeder panicked"))??;
    if !sink.holds(batches.iter().flat_map(|batch| &batch.nlri).map(|nlri| nlri.prefix)) {
        return Err(io::Error::other("the sink holds other prefixes than were fed"));
    }
    let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64();
    let count = f64::from(routes);
    Ok(Figures {
        daemon: which.to_string(),
        routes,
        seconds: end.duration_since(start).as_secs_f64(),
        cpu_seconds: cpu,
        cpu_nanoseconds_per_route: cpu * 1e9 / count,
        peak_mebibytes: after.peak_memory as f64 / f64::from(1 << 20),
        octets_per_route: after.peak_memory.saturating_sub(before.peak_memory) as f64 / count,
        updates_out: sink.updates,
    })
}

/// A session of `asn` from `from`, once the daemon listens.
fn dial(from: Ipv4Addr, asn: Asn, port: u16, patience: Duration) -> io::Result<Link> {
    let end = Instant::now() + patience.min(Duration::from_secs(30));
    loop {
        let local = Local {
            families: vec![Family::IPV4],
            ..Local::new(asn, RouterId(from), PeerAsn::Exactly(daemon::ASN))
        };
        let attempt =
            Link::dial(SocketAddr::new(from.into(), 0), SocketAddr::new(DAEMON.into(), port), local)
                .and_then(|mut link| link.establish(Duration::from_secs(10)).map(|()| link));
        match attempt {
            Ok(link) => return Ok(link),
            Err(error) if Instant::now() > end => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn print_row(figures: &Figures) {
    let Figures { daemon, routes, seconds, cpu_seconds, .. } = figures;
    println!(
        "| {daemon} | {routes} | {seconds:.2} | {cpu_seconds:.2} | {:.0} | {:.0} | {:.0} | {} |",
        figures.cpu_nanoseconds_per_route,
        figures.peak_mebibytes,
        figures.octets_per_route,
        figures.updates_out,
    );
}
