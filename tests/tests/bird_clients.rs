//! Those who ask a BIRD ask us: readers as Calico's programs have them, Debian's birdc, birdcl and exporter, with few
//! sessions and with a thousand, and while a table is loaded.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tests::bird_clients::exporter::{self, Exporter};
use tests::bird_clients::wire::Wire;
use tests::bird_clients::{birdwatcher, calico};
use tests::failure::{Doing, Failure};
use tests::gathering::{self, Gathering, PATIENCE};
use tests::load::crowd::Crowd;
use tests::load::network::{DAEMON, address};
use tests::load::table::Table;
use tests::process::Daemon;
use tests::programs::{program, prove};
use tests::sandbox::SCRATCH;
use tests::wait;

/// A daemon that answers as a BIRD, and internal peers: all sessions are up, and the first peer has `routes` to tell.
fn gather(dialect: &str, peers: usize, routes: usize) -> Result<Gathering, Failure> {
    let bird = format!("[compat.bird]\ndialect = \"{dialect}\"\nsocket = \"{}\"\n", socket().display());
    let mut gathering = Gathering::meet(&bird, &vec![0; peers], routes)?;
    gathering.crowd.until("all sessions in the daemon", PATIENCE, |_| established().ok() == Some(peers))?;
    Ok(gathering)
}

/// The first peer tells its table, and we wait until it is in the daemon's.
fn load(gathering: &mut Gathering) -> Result<(), Failure> {
    gathering.say();
    let wanted = gathering.table.prefixes.len();
    gathering.crowd.until("the table", PATIENCE, |_| count().ok() == Some(wanted)).map(drop)
}

fn socket() -> PathBuf {
    Path::new(SCRATCH).join("bird.ctl")
}

/// How many sessions the daemon has.
fn established() -> Result<usize, Failure> {
    let reply = Wire::open(&socket())?.ask("show protocols")?;
    Ok(reply.iter().filter(|line| line.contains(" Established ")).count())
}

/// How many routes `show route count` finds.
fn count() -> Result<usize, Failure> {
    let reply = Wire::open(&socket())?.ask("show route count")?.join("\n");
    let first = reply.trim_start_matches(|it| it != '-' && it != ' ').get(1..).unwrap_or_default();
    let number = first.split_whitespace().next().and_then(|number| number.parse().ok());
    number.ok_or_else(|| Failure::new("count routes", &reply))
}

/// What a program prints, and its exit code.
fn run(program: impl AsRef<std::ffi::OsStr>, words: &[&str]) -> Result<(String, Option<i32>), Failure> {
    let mut command = Command::new(program);
    command.arg("-s").arg(socket()).args(words).stdin(Stdio::null());
    let output = command.output().doing("run a client")?;
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code()))
}

fn debians() -> [PathBuf; 3] {
    let one = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/bird1/usr/sbin/birdc");
    ["/usr/sbin/birdc".into(), "/usr/sbin/birdcl".into(), one]
}

/// Everything Calico asks, of a daemon with some sessions.
fn calico_is_served(peers: usize) -> Result<(), Failure> {
    let mut scene = gather("1.6", peers, 30)?;
    load(&mut scene)?;
    let sessions = calico::sessions(&socket())?;
    assert_eq!(sessions.len(), peers);
    for session in &sessions {
        assert_eq!((session.kind.as_str(), session.state.as_str()), ("Node", "up"), "{session:?}");
        assert_eq!((session.info.as_str(), session.since.len()), ("Established", 8), "{session:?}");
    }
    assert_eq!(sessions[0].address, address(0).to_string());
    assert!(calico::is_ready(&socket(), false)?);
    let [version, router_id, now, ..] = calico::agent(&socket())?;
    assert!(version.starts_with("1.6.8") && router_id == DAEMON.to_string() && now.len() == 19, "{now}");
    let states = calico::states(&socket())?;
    assert!(states.len() == peers && states.iter().all(|(_, state)| state == "Established"), "{states:?}");
    let routes = calico::routes(&socket())?;
    assert_eq!(routes.len(), 30);
    let gateway = address(0).to_string();
    assert!(routes.iter().all(|it| it.is_best && it.gateway.as_deref() == Some(&*gateway)), "{routes:?}");
    Ok(())
}

#[test]
fn calicos_programs_read_what_they_need() {
    prove(|| calico_is_served(3).expect("three sessions"));
}

#[test]
fn calicos_programs_read_a_thousand_sessions() {
    prove(|| calico_is_served(1000).expect("a thousand sessions"));
}

#[test]
fn debians_clients_show_what_is_asked() {
    prove(|| {
        let mut scene = gather("2", 3, 3000).expect("three sessions");
        load(&mut scene).expect("a table");
        for client in debians() {
            let ask = |words: &[&str]| run(&client, words).expect("the client runs");
            let (protocols, code) = ask(&["show", "protocols"]);
            assert_eq!(
                (protocols.matches("Established").count(), code),
                (3, Some(0)),
                "{client:?}: {protocols}"
            );
            let (routes, _) = ask(&["show", "route"]);
            assert_eq!(routes.matches(" unicast [").count(), 3000, "{client:?}");
            assert!(!routes.contains(" from "), "{client:?}: the peer is the gateway");
            let (full, _) = ask(&["show", "route", "all"]);
            assert_eq!(full.matches("BGP.as_path: ").count(), 3000, "{client:?}");
            let (none, code) = ask(&["show", "route", "for", "240.0.0.1"]);
            // That of 1.6 says nothing by its exit code.
            let expected = if client.starts_with("/usr") { 1 } else { 0 };
            assert!(none.contains("Network not found") && code == Some(expected), "{client:?}: {none}");
            assert!(ask(&["show", "status"]).0.contains("up and running"), "{client:?}");
            assert!(ask(&["configure", "check"]).0.contains("Configuration OK"), "{client:?}");
        }
    });
}

#[test]
fn our_birdcl_prints_what_debians_does() {
    prove(|| {
        let _scene = gather("1.6", 3, 3).expect("three sessions");
        let ours = Path::new(SCRATCH).join("birdcl");
        std::os::unix::fs::symlink(program("caracal"), &ours).expect("a link");
        let commands =
            ["show protocols", "show protocols all", "show symbols", "show route 10.9.0.0/16", "echo all"];
        for command in commands {
            let words: Vec<&str> = command.split(' ').collect();
            let theirs = run("/usr/sbin/birdcl", &words).expect("theirs runs");
            assert_eq!(run(&ours, &words).expect("ours runs"), theirs, "{command}");
        }
    });
}

/// The exporter finds every session, and the routes of the one that has some.
fn exporter_is_served(peers: usize) -> Result<(), Failure> {
    let mut scene = gather("2", peers, 300)?;
    load(&mut scene)?;
    let exporter = Exporter::start(&socket(), SocketAddr::from((DAEMON, 9324)))?;
    let metrics = exporter.scrape()?;
    let of = |metric: &str, number: usize| {
        let name = format!("Node_{}", address(number).to_string().replace('.', "_"));
        metrics.get(&(metric.to_owned(), name, "4".to_owned())).copied()
    };
    for number in 0..peers {
        assert_eq!(of("bird_protocol_up", number), Some(1.0), "{number}");
        let uptime = of("bird_protocol_uptime", number).expect("an uptime");
        assert!((0.0..PATIENCE.as_secs_f64()).contains(&uptime), "up for {uptime} s: since when is misread");
    }
    let told =
        [("import", 300.0, 0.0), ("preferred", 300.0, 0.0), ("export", 0.0, 0.0), ("filter", 0.0, 0.0)];
    for (what, first, second) in told {
        let name = format!("bird_protocol_prefix_{what}_count");
        assert_eq!((of(&name, 0), of(&name, 1)), (Some(first), Some(second)), "{what}");
    }
    let changes = [
        ("update_import_receive", 300.0, 0.0),
        ("update_import_accept", 300.0, 0.0),
        ("update_export_receive", 300.0, 300.0),
        // Internal routes are not told to internal peers.
        ("update_export_reject", 300.0, 300.0),
        ("update_export_accept", 0.0, 0.0),
        ("withdraw_export_receive", 0.0, 0.0),
    ];
    for (what, first, second) in changes {
        let name = format!("bird_protocol_changes_{what}_count");
        assert_eq!((of(&name, 0), of(&name, 1)), (Some(first), Some(second)), "{what}");
    }
    Ok(())
}

#[test]
fn debians_exporter_reads_three_sessions() {
    prove(|| exporter_is_served(3).expect("three sessions"));
}

#[test]
fn debians_exporter_reads_a_thousand_sessions() {
    prove(|| exporter_is_served(1000).expect("a thousand sessions"));
}

/// What a daemon makes of routes that its filter refuses.
struct Refusing {
    /// They can be shown.
    keeps: bool,
    /// How often each of those that are told twice and withdrawn counts as a withdrawal of what was not there.
    missed: u64,
}

/// What peers of a daemon show after a table was told twice, of which the first set is filtered, and then its first two
/// sets were withdrawn: by name what `show protocols all` counts, of the peer that told it and of another.
fn changes(gathering: &mut Gathering, names: [&str; 2], refusing: &Refusing) -> Result<(), Failure> {
    let sets = &gathering.table.sets;
    let [refused, second] = [&sets[0], &sets[1]].map(|set| set.members.len() as u64);
    let all = gathering.table.prefixes.len() as u64;
    let taken = all - refused;
    gathering.say();
    until_changed(gathering, names[1], "Export updates", [Some(taken), Some(0), Some(0), None, Some(taken)])?;
    gathering.say();
    let twice = [2 * all, 0, 2 * refused, taken, taken].map(Some);
    until_changed(gathering, names[0], "Import updates", twice)?;
    counts(names, taken, if refusing.keeps { refused } else { 0 })?;
    (0..2).for_each(|set| gathering.withdraw(set));
    until_changed(gathering, names[1], "Export withdraws", [Some(second), None, None, None, Some(second)])?;
    let protocols = birdwatcher::protocols(&Wire::open(&socket())?.print("show protocols all")?);
    let [first, other] = names.map(|name| &protocols[name]);
    let withdrawn = [Some(refused + second), Some(0), None, Some(refusing.missed * refused), Some(second)];
    assert_eq!(first.changes["Import withdraws"], withdrawn);
    assert_eq!(first.changes["Import updates"], twice);
    // A BIRD looks at routes again when it has found their next hop.
    let [received, rejected, filtered, _, accepted] = first.changes["Export updates"];
    assert_eq!((rejected, filtered, accepted), (received, Some(0), Some(0)));
    assert!(received >= Some(taken), "{received:?}");
    assert_eq!(first.changes["Export withdraws"], [Some(second), None, None, None, Some(0)]);
    assert_eq!(other.changes["Import updates"], [Some(0); 5]);
    let left = taken - second;
    let routes = |protocol: &birdwatcher::Protocol| {
        ["imported", "exported", "preferred"].map(|what| protocol.routes[what])
    };
    assert_eq!((routes(first), routes(other)), ([left, 0, left], [0, left, 0]));
    Ok(())
}

/// What `show route … count` says while the first of two protocols tells so many routes, and others that were
/// refused and kept.
fn counts(names: [&str; 2], taken: u64, kept: u64) -> Result<(), Failure> {
    let mut wire = Wire::open(&socket())?;
    let mut count = |words: &str| -> Result<String, Failure> {
        let reply = wire.print(&format!("show route {words} count"))?;
        let words: Vec<&str> = reply.split_whitespace().collect();
        Ok(words.get(..7).map_or_else(|| reply.clone(), |words| words.join(" ")))
    };
    let table = if count("table master4")?.contains("routes for") { "table master4" } else { "table master" };
    let said = |wanted, all| format!("{wanted} of {all} routes for {all} networks");
    for (words, expected) in [
        (table.to_owned(), said(taken, taken)),
        (format!("{table} primary"), said(taken, taken)),
        (format!("{table} filtered"), said(kept, kept)),
        (format!("{table} protocol {}", names[0]), said(taken, taken)),
        (format!("{table} protocol {}", names[1]), said(0, taken)),
        (format!("{table} filtered protocol {}", names[1]), said(0, kept)),
        (format!("{table} export {}", names[1]), said(taken, taken)),
        (format!("{table} export {}", names[0]), said(0, taken)),
    ] {
        assert_eq!(count(&words)?, expected, "{words}");
    }
    Ok(())
}

/// Waits until a protocol shows these changes.
fn until_changed(
    gathering: &mut Gathering,
    name: &str,
    what: &str,
    wanted: [Option<u64>; 5],
) -> Result<(), Failure> {
    let mut seen = None;
    let look = |_: &Crowd| {
        let printed = Wire::open(&socket()).and_then(|mut wire| wire.print("show protocols all"));
        seen = printed.ok().and_then(|it| birdwatcher::protocols(&it).get(name)?.changes.get(what).copied());
        seen == Some(wanted)
    };
    let done = gathering.crowd.until(what, PATIENCE, look);
    done.map(drop).map_err(|failure| Failure::new(format!("see {wanted:?}"), format!("{seen:?}: {failure}")))
}

/// Routes of the table whose changes are counted.
const FEW: usize = 300;

/// A daemon with two clients that refuses the first set of their table; `more` are lines of its configuration.
fn refusing(more: &str) -> Result<Gathering, Failure> {
    Gathering::before(&[0; 2], FEW, |table| {
        let set = filtered(table).join("\", \"");
        gathering::start(&format!(
            "client = true\nfamilies = [\"ipv4\"]\nimport = \"some\"\n[[policy]]\nname = \"some\"\ndefault = \"accept\"\n\
             rules = [{{ name = \"first set\", match = {{ prefix = [\"{set}\"] }}, action = \"reject\" }}]\n\
             [compat.bird]\ndialect = \"2\"\nsocket = \"{}\"\n{more}",
            socket().display()
        ))
    })
}

/// What such a daemon shows, once there were changes of all sorts.
fn changed(gathering: &mut Gathering) -> Result<(), Failure> {
    let names = [0, 1].map(|number| format!("Node_{}", address(number).to_string().replace('.', "_")));
    changes(gathering, [&names[0], &names[1]], &Refusing { keeps: true, missed: 3 })
}

/// A peer that never comes, and a route of our own.
const MORE: &str = "[[peer]]\nname = \"away\"\naddress = \"198.18.200.1\"\nasn = 64999\npassive = true\n\
                    families = [\"ipv4\", \"ipv6\"]\nexport = [\"some\", \"reject-all\"]\n\
                    [[originate]]\nprefix = \"2001:db8::/48\"\n";

#[test]
fn our_metrics_are_those_of_debians_exporter() {
    prove(|| {
        let ours = SocketAddr::from((DAEMON, 9470));
        let metrics = format!("{MORE}[http]\nlisten = \"{ours}\"\n[metrics]\nbird_aliases = true\n");
        let mut gathering = refusing(&metrics).expect("two sessions");
        changed(&mut gathering).expect("changes");
        let theirs = SocketAddr::from((DAEMON, 9324));
        let _exporter = Exporter::start(&socket(), theirs).expect("it starts");
        let told = exporter::metrics(theirs).expect("their metrics");
        let expected = exporter::protocols(&told);
        // Two local protocols, two sessions, and two families of the peer that is away.
        assert_eq!(expected.len(), 26 * (6 + 1), "{told}");
        // A picture of ours may be a second old.
        wait::until("the same metrics", PATIENCE, || {
            let page = exporter::metrics(ours).map_err(|failure| failure.to_string())?;
            let found = exporter::protocols(&page);
            let differences: Vec<&&str> = found.symmetric_difference(&expected).collect();
            if differences.is_empty() { Ok(()) } else { Err(format!("{differences:#?}")) }
        })
        .expect("no difference");
    });
}

#[test]
fn changes_are_counted_as_birds_count_them() {
    prove(|| {
        let mut gathering = refusing("").expect("two sessions");
        changed(&mut gathering).expect("changes");
        let printed = Wire::open(&socket()).and_then(|mut wire| wire.print("show protocols all"));
        let neighbors = birdwatcher::neighbors(&printed.expect("an answer"));
        assert_eq!(neighbors[&address(1).to_string()], (0, 0));
        assert_eq!(neighbors[&address(0).to_string()].0, 2 * FEW as u64);
    });
}

#[test]
fn bird_2_counts_changes_so() {
    prove(|| {
        bird_counts(
            "/usr/sbin/bird".as_ref(),
            "ipv4 { igp table inner; import keep filtered on; import filter some; export all; };",
        )
    });
}

#[test]
fn bird_1_counts_changes_so() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/bird1/usr/sbin/bird");
    prove(|| bird_counts(&program, "igp table inner; import filter some; export all;"));
}

/// A real BIRD comes to the same numbers. Its own routes stay in a table of their own.
fn bird_counts(program: &Path, channel: &str) {
    let is_two = channel.starts_with("ipv4");
    let mut gathering = Gathering::before(&[0; 2], FEW, |table| {
        let (tables, direct) = match is_two {
            true => ("ipv4 table inner;", "ipv4 { table inner; };"),
            false => ("table inner;", "table inner;"),
        };
        let peer = |number: usize| {
            let neighbor = address(number);
            format!(
                "protocol bgp p{number} {{ local {DAEMON} as 64512; neighbor {neighbor} as 64512; passive on; \
                 rr client; {channel} }}\n"
            )
        };
        let text = format!(
            "router id {DAEMON};\n{tables}\nfilter some {{ if net ~ [ {} ] then reject; accept; }}\n\
             protocol device {{ }}\nprotocol direct {{ {direct} }}\n{}{}",
            filtered(table).join(", "),
            peer(0),
            peer(1)
        );
        let file = Path::new(SCRATCH).join("bird.conf");
        std::fs::write(&file, text).doing("write a configuration")?;
        let mut command = Command::new(program);
        command.arg("-f").arg("-c").arg(&file).arg("-s").arg(socket());
        let daemon = Daemon::start_here("bird", &mut command, &Path::new(SCRATCH).join("bird.log"))?;
        wait::until("bird", PATIENCE, || {
            Wire::open(&socket()).map_err(|failure| format!("{failure}: {}", daemon.last_words()))
        })?;
        Ok(daemon)
    })
    .expect("two sessions");
    // To a BIRD that keeps what it refuses, to hear the same again is no withdrawal.
    let refusing = Refusing { keeps: is_two, missed: if is_two { 2 } else { 3 } };
    changes(&mut gathering, ["p0", "p1"], &refusing).expect("changes");
}

/// The prefixes of the first set.
fn filtered(table: &Table) -> Vec<String> {
    table.prefixes[table.sets[0].members.clone()].iter().map(ToString::to_string).collect()
}

/// Routes that take a while.
const MANY: usize = if cfg!(debug_assertions) { 100_000 } else { 500_000 };

#[test]
fn nobody_waits_for_a_table_that_is_loaded() {
    prove(|| {
        let mut scene = gather("1.6", 3, MANY).expect("three sessions");
        scene.say();
        let start = Instant::now();
        let mut waits: Vec<Duration> = Vec::new();
        let asker = std::thread::spawn(move || -> Result<Vec<Duration>, Failure> {
            loop {
                for command in ["show protocols", "show protocols all", "show status"] {
                    let begin = Instant::now();
                    Wire::open(&socket())?.ask(command)?;
                    waits.push(begin.elapsed());
                }
                if count()? >= MANY {
                    return Ok(waits);
                }
            }
        });
        while !asker.is_finished() {
            scene.crowd.turn(Duration::from_millis(10)).expect("the crowd goes on");
            assert!(start.elapsed() < PATIENCE, "the table is never there");
        }
        let (waits, whole) = (asker.join().expect("no panic").expect("answers"), start.elapsed());
        let longest = waits.iter().max().expect("somebody asked");
        println!("{} replies during {whole:?} of {MANY} routes, the slowest after {longest:?}", waits.len());
        assert!(waits.len() >= 6, "{} replies in {whole:?}", waits.len());
        assert!(*longest * 4 < whole, "a reply took {longest:?} of {whole:?}");
    });
}
