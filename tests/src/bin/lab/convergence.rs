//! Watching the cluster converge.

use std::io::{IsTerminal, Write, stdout};
use std::thread;
use std::time::{Duration, Instant};

use tests::cluster::{Setup, Wiring, expected_routes};
use tests::failure::Failure;
use tests::kernel::Ip;

use crate::options::Options;
use crate::reading::Reading;
use crate::speaker::Speaker;

/// How often the cluster is looked at.
const PERIOD: Duration = Duration::from_millis(100);

/// How far one host is.
struct Progress {
    name: String,
    sessions: (usize, usize),
    routes: [(usize, usize); 2],
    right: bool,
}

/// Shows progress until every table is right and every session stands; returns how long that took.
pub(crate) fn watch(
    setup: &Setup,
    wiring: &Wiring,
    speakers: &mut [Speaker],
    options: &Options,
) -> Result<Duration, Failure> {
    let (start, patience) = (Instant::now(), options.patience());
    let mut display = Display::new();
    loop {
        for speaker in speakers.iter_mut() {
            speaker.check()?;
        }
        let all = progress(setup, wiring, speakers, options)?;
        display.show(start.elapsed(), &all);
        if all.iter().all(|host| host.right) {
            return Ok(start.elapsed());
        }
        if start.elapsed() > patience {
            let waited = format!("wait {} s for convergence", patience.as_secs());
            return Err(Failure::new(waited, "some tables or sessions are not as they should be"));
        }
        thread::sleep(PERIOD);
    }
}

fn progress(
    setup: &Setup,
    wiring: &Wiring,
    speakers: &[Speaker],
    options: &Options,
) -> Result<Vec<Progress>, Failure> {
    let mut all = Vec::new();
    for (which, speaker) in speakers.iter().enumerate() {
        let mut host = Progress {
            name: speaker.name().to_owned(),
            // Before the control socket is there, no session is.
            sessions: speaker
                .sessions()
                .map_or_else(|_| (0, speaker.wanted()), |seen| (seen.established, seen.wanted)),
            routes: [(0, 0); 2],
            right: true,
        };
        host.right = host.sessions.0 == host.sessions.1;
        if let Some(place) = wiring.hosts.get(which) {
            for (slot, ip) in [Ip::V4, Ip::V6].into_iter().enumerate() {
                let reading = Reading::of(speaker, ip, options);
                let seen = place.kernel(|kernel| kernel.routes(ip))?;
                let expected = expected_routes(setup, which, ip);
                let there = expected.iter().filter(|line| reading.has(&seen, line)).count();
                host.routes[slot] = (there, expected.len());
                host.right &= reading.judge(&seen, &expected).is_ok();
            }
        }
        all.push(host);
    }
    Ok(all)
}

/// On a terminal one block rewritten in place, elsewhere a line whenever something changed.
struct Display {
    live: bool,
    drawn: usize,
    last: String,
}

impl Display {
    fn new() -> Self {
        Self { live: stdout().is_terminal(), drawn: 0, last: String::new() }
    }

    fn show(&mut self, elapsed: Duration, all: &[Progress]) {
        let seconds = elapsed.as_secs_f32();
        let hosts: Vec<String> = all.iter().map(Progress::text).collect();
        if self.live {
            let up = if self.drawn == 0 { String::new() } else { format!("\x1b[{}A", self.drawn) };
            let lines: String = hosts.iter().map(|host| format!("  {host}\x1b[K\n")).collect();
            print!("{up}converging, {seconds:.1} s\x1b[K\n{lines}");
            self.drawn = hosts.len() + 1;
        } else if self.last != hosts.join("; ") {
            println!("{seconds:5.1} s  {}", hosts.join("; "));
        }
        self.last = hosts.join("; ");
        // A display that cannot be written is no reason to stop.
        let _written = stdout().flush();
    }
}

impl Progress {
    fn text(&self) -> String {
        let [v4, v6] = self.routes;
        let mark = if self.right { "ok" } else { ".." };
        let sessions = match self.sessions {
            (_, 0) => "sessions -".to_owned(),
            (up, wanted) => format!("sessions {up}/{wanted}"),
        };
        let routes = match v4.1 {
            0 => String::new(),
            _ => format!("  routes IPv4 {}/{} IPv6 {}/{}", v4.0, v4.1, v6.0, v6.1),
        };
        format!("{:9} {mark} {sessions}{routes}", self.name)
    }
}
