//! BIRD's control protocol from outside: answers beside recorded ones, clients that misbehave, BIRD's names.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::host::{CARACAL, Host};

/// How long a reply may take on a busy machine before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that reads what is on the wire.
struct Wire {
    stream: BufReader<UnixStream>,
    greeting: String,
}

impl Wire {
    fn open(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).expect("the socket answers");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let mut wire = Self { stream: BufReader::new(stream), greeting: String::new() };
        wire.greeting = wire.reply();
        wire
    }

    fn say(&mut self, octets: &[u8]) {
        self.stream.get_mut().write_all(octets).expect("the daemon reads");
    }

    fn ask(&mut self, command: &str) -> String {
        self.say(format!("{command}\n").as_bytes());
        self.reply()
    }

    /// The lines up to the last one.
    fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).expect("text in time") == 0 {
                return reply;
            }
            reply.push_str(&line);
            if line.as_bytes().first().is_some_and(u8::is_ascii_digit)
                && line.as_bytes().get(4) == Some(&b' ')
            {
                return reply;
            }
        }
    }

    /// Whether the daemon has hung up.
    fn is_over(&mut self) -> bool {
        matches!(self.stream.read(&mut [0; 1]), Ok(0) | Err(_))
    }
}

/// A host whose daemon answers as a BIRD.
fn bird(dialect: &str, more: &str) -> (Host, PathBuf) {
    let mut host = Host::new();
    let socket = host.path("bird.ctl");
    let compat = format!("[compat.bird]\ndialect = \"{dialect}\"\nsocket = \"{}\"\n", socket.display());
    host.run(&format!("{compat}{more}"));
    (host, socket)
}

/// What both recorded BIRDs originated or dialed, as far as one line says it.
const ROUTES: &str = "[[originate]]\nprefix = \"192.168.162.128/26\"\nkind = \"blackhole\"\n\
                      [[originate]]\nprefix = \"192.168.163.0/26\"\nkind = \"unreachable\"\n";

/// Times of day and days are not compared.
fn masked(line: &str) -> String {
    let mut masked = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let digits = rest.find(|it: char| !it.is_ascii_digit() && !"-:.".contains(it)).unwrap_or(rest.len());
        let word = &rest[..digits];
        let is_time = word.matches(':').count() == 2 || word.matches('-').count() == 2 && word.len() == 10;
        if is_time && word.starts_with(|it: char| it.is_ascii_digit()) {
            masked.push('T');
            rest = &rest[digits..];
        } else {
            let length = digits.max(first.len_utf8());
            masked.push_str(&rest[..length]);
            rest = &rest[length..];
        }
    }
    masked
}

/// The recorded reply to `command`, masked, line by line.
fn recorded(version: &str, command: &str) -> BTreeSet<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/bird-{version}.txt"));
    let text = fs::read_to_string(file).expect("a recorded session");
    let after = text.split(&format!(">>> {command}\n")).nth(1).expect("the command was recorded");
    after.lines().take_while(|line| !line.starts_with(">>>")).map(masked).collect()
}

/// Every line of ours that one of `ours` is a part of was recorded just so.
fn compare(wire: &mut Wire, version: &str, command: &str, ours: &[&str]) {
    let reply = wire.ask(command);
    let recorded = recorded(version, command);
    for wanted in ours {
        let line = reply.lines().find(|line| line.contains(wanted));
        let line = masked(line.unwrap_or_else(|| panic!("{command}: no {wanted:?} in\n{reply}")));
        // Whether the code is said depends on the line before.
        let body = |line: &str| line.strip_prefix(' ').unwrap_or_else(|| &line[5..]).to_owned();
        let known = recorded.contains(&line) || recorded.iter().any(|it| body(it) == body(&line));
        assert!(known, "{command}: {line:?} is not in\n{recorded:#?}");
    }
}

#[test]
fn answers_have_the_form_of_the_recorded_ones_of_1_6() {
    let (_host, socket) = bird("1.6", ROUTES);
    let mut wire = Wire::open(&socket);
    assert!(wire.greeting.starts_with("0001 BIRD v1.6"), "{}", wire.greeting);
    compare(
        &mut wire,
        "1.6.8",
        "show status",
        &["server time", "Last reboot", "reconfiguration on", "0013 "],
    );
    compare(&mut wire, "1.6.8", "show protocols", &["2002-", "device1", "static1", "0000 "]);
    compare(&mut wire, "1.6.8", "show route", &["162.128/26", "163.0/26", "0000 "]);
    compare(&mut wire, "1.6.8", "show route all", &["162.128/26", "163.0/26", "1008-"]);
    compare(&mut wire, "1.6.8", "show symbols", &["1010-", "static1", "device1", "0000 "]);
    compare(&mut wire, "1.6.8", "show memory", &["1018-", "0000 "]);
    for command in ["show route for 9.9.9.9", "show foo", "restrict"] {
        assert_eq!(wire.ask(command), first(&recorded("1.6.8", command)), "{command}");
    }
    assert_eq!(wire.ask("configure"), "8007 Access denied\n");
}

#[test]
fn answers_have_the_form_of_the_recorded_ones_of_2() {
    let (_host, socket) = bird("2", ROUTES);
    let mut wire = Wire::open(&socket);
    assert!(wire.greeting.starts_with("0001 BIRD 2."), "{}", wire.greeting);
    compare(
        &mut wire,
        "2.0.12",
        "show status",
        &["server time", "Last reboot", "reconfiguration on", "0013 "],
    );
    compare(&mut wire, "2.0.12", "show protocols", &["2002-", "device1", "0000 "]);
    compare(&mut wire, "2.0.12", "show route", &["1007-Table master4:", "0000 "]);
    compare(&mut wire, "2.0.12", "show route all", &["1008-"]);
    for command in ["show route for 100.64.0.1", "restrict"] {
        assert_eq!(wire.ask(command).lines().last(), recorded("2.0.12", command).last().map(String::as_str));
    }
    for command in ["configure", "down", "disable all"] {
        assert_eq!(wire.ask(command), "8007 Access denied\n", "{command}");
    }
}

fn first(lines: &BTreeSet<String>) -> String {
    format!("{}\n", lines.first().expect("a line"))
}

#[test]
fn peers_are_named_selected_and_acted_upon() {
    let peers = "[[peer]]\nname = \"tor-a\"\naddress = \"127.255.0.1\"\nasn = 64512\ndescription = \"rack\\n0000 4\"\n\
                 [[peer]]\naddress = \"127.255.0.2\"\nasn = 64512\npassive = true\n\
                 [[peer]]\nname = \"off\"\naddress = \"127.255.0.3\"\nasn = 64512\nenabled = false\n";
    let (_host, socket) = bird("1.6", peers);
    let mut wire = Wire::open(&socket);
    let all = wire.ask("show protocols");
    let row = |name: &str| -> Vec<String> {
        let row = all.lines().find(|line| line.contains(name)).expect("a row");
        row.split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(row("tor_a")[1..4], ["BGP", "master", "start"]);
    assert_eq!(row("Node_127_255_0_2")[5], "Passive");
    assert_eq!((row("off")[3].as_str(), row("off")[5].as_str()), ("down", "Down"));
    let full = wire.ask("show protocols all tor-a");
    assert!(full.contains("1006-  Description:    rack 0000 4\n"), "{full}");
    assert!(full.lines().any(|line| line == "     Neighbor address: 127.255.0.1"), "{full}");
    assert_eq!(wire.ask("show protocols \"zz*\""), "8003 No protocols match\n");
    assert_eq!(wire.ask("show protocols nosuch"), "9002 nosuch is not a protocol\n");
    assert_eq!(wire.ask("show route protocol nosuch"), "9001 nosuch is not a protocol\n");
    assert_eq!(wire.ask("enable off"), "0011-off: enabled\n0000 \n");
    assert_eq!(wire.ask("disable \"to*\""), "0009-tor_a: disabled\n0000 \n");
    assert_eq!(wire.ask("disable tor_a"), "0008-tor_a: already disabled\n0000 \n");
    assert_eq!(wire.ask("reload off"), "8006-off: reload failed\n0000 \n");
    assert!(wire.ask("restart static1").starts_with("8007 "), "part of the daemon");
}

#[test]
fn peers_whose_names_look_alike_are_told_apart() {
    let peers = "[[peer]]\nname = \"tor-a\"\naddress = \"127.255.0.1\"\nasn = 64512\n\
                 [[peer]]\nname = \"tor_a\"\naddress = \"127.255.0.4\"\nasn = 64512\n";
    let (_host, socket) = bird("1.6", peers);
    let mut wire = Wire::open(&socket);
    let mut address = |name: &str| {
        let full = wire.ask(&format!("show protocols all {name}"));
        full.lines().find_map(|line| line.trim().strip_prefix("Neighbor address: ").map(str::to_owned))
    };
    assert_eq!(address("tor-a").as_deref(), Some("127.255.0.1"));
    assert_eq!(address("tor_a").as_deref(), Some("127.255.0.1"), "the first keeps the name");
    assert_eq!(address("tor_a_2").as_deref(), Some("127.255.0.4"));
}

#[test]
fn a_configuration_is_checked_and_read_again() {
    let (host, socket) = bird("2", "");
    let mut wire = Wire::open(&socket);
    assert!(wire.ask("configure check").ends_with("0020 Configuration OK\n"));
    assert!(wire.ask("configure").ends_with("0003 Reconfigured\n"));
    assert_eq!(wire.ask("configure confirm"), "0019 Nothing to do\n");
    fs::write(host.path("caracal.toml"), "asn = 64512\nrouter_id = \"192.0.2.1\"\nnonsense = 1\n")
        .expect("a writable file");
    for command in ["configure check", "configure"] {
        let reply = wire.ask(command);
        let last = reply.lines().last().expect("a line");
        assert!(last.starts_with("8002 ") && last.contains("nonsense"), "{reply}");
    }
    assert!(wire.ask("show status").ends_with("0013 Daemon is up and running\n"));
}

#[test]
fn routes_are_found_filtered_and_counted() {
    let (_host, socket) =
        bird("2", &format!("{ROUTES}[[originate]]\nprefix = \"fd00::/64\"\nkind = \"blackhole\"\n"));
    let mut wire = Wire::open(&socket);
    let mut prefixes = |command: &str| -> Vec<String> {
        let reply = wire.ask(command);
        let bodies = reply.lines().map(|line| line.trim_start_matches("1007-").trim_start());
        let heads = bodies.filter(|line| line.contains('/') && line.contains(" ["));
        heads.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    assert_eq!(prefixes("show route").len(), 3);
    assert_eq!(prefixes("show route for 192.168.163.9"), ["192.168.163.0/26"]);
    assert_eq!(prefixes("show route in 192.168.0.0/16").len(), 2);
    assert_eq!(prefixes("show route table master6"), ["fd00::/64"]);
    assert_eq!(prefixes("show route where net.type = NET_IP6"), ["fd00::/64"]);
    assert_eq!(prefixes("show route where net ~ [ 192.168.162.0/24+ ]"), ["192.168.162.128/26"]);
    assert_eq!(prefixes("show route protocol static2"), ["fd00::/64"]);
    assert_eq!(prefixes("show route table master4 protocol static2"), [""; 0]);
    assert_eq!(prefixes("show route filtered"), [""; 0]);
    assert_eq!(wire.ask("show route table x"), "9001 x is not a table\n");
    let count = wire.ask("show route count");
    assert!(count.ends_with("0014 Total: 3 of 3 routes for 3 networks in 2 tables\n"), "{count}");
    let count = wire.ask("show route count where net ~ [ 192.168.162.0/24+ ]");
    assert!(count.contains("1007-1 of 2 routes for 2 networks in table master4\n"), "{count}");
    for (words, counted) in [
        ("in 192.168.163.0/24", "1007-1 of 1 routes for 1 networks in table master4\n0000 \n"),
        ("protocol static2", "1007-1 of 1 routes for 1 networks in table master6\n0000 \n"),
        ("table master4 protocol static2", "1007-0 of 2 routes for 2 networks in table master4\n0000 \n"),
        ("table master6 primary", "1007-1 of 1 routes for 1 networks in table master6\n0000 \n"),
        ("192.168.164.0/26", "8001 Network not found\n"),
    ] {
        assert_eq!(wire.ask(&format!("show route {words} count")), counted, "{words}");
    }
}

#[test]
fn sockets_are_of_one_family_ours_alone_and_gone_in_the_end() {
    let mut host = Host::new();
    let (v4, v6) = (host.path("bird.ctl"), host.path("bird6.ctl"));
    drop(std::os::unix::net::UnixListener::bind(&v4).expect("a socket that nobody serves"));
    let routes = format!("{ROUTES}[[originate]]\nprefix = \"fd00::/64\"\nkind = \"blackhole\"\n");
    let sockets = format!("sockets = {{ v4 = \"{}\", v6 = \"{}\" }}", v4.display(), v6.display());
    host.run(&format!("[compat.bird]\n{sockets}\n{routes}"));
    assert!(Wire::open(&v4).ask("show route count").starts_with("0014 2 of 2"));
    assert!(Wire::open(&v6).ask("show route count").starts_with("0014 1 of 1"));
    let found = fs::symlink_metadata(&v4).expect("it is there");
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o660);
    host.signal(Signal::SIGTERM);
    assert!(host.wait().success());
    assert!(!v4.exists() && !v6.exists());
}

#[test]
fn whatever_a_client_says_costs_only_itself() {
    let (_host, socket) = bird("1.6", ROUTES);
    let mut long = Wire::open(&socket);
    long.say(&[b'x'; 4096]);
    assert_eq!(long.reply(), "9000 Command too long\n");
    assert!(long.is_over());
    let mut binary = Wire::open(&socket);
    binary.say(b"show \xff\x00\xfe status\n\n\r\nshow status\r\n");
    for _ in 0..3 {
        assert_eq!(binary.reply(), "9001 syntax error\n");
    }
    assert!(binary.reply().ends_with("0013 Daemon is up and running\n"));
    let mut many = Wire::open(&socket);
    many.say("show route\n".repeat(300).as_bytes());
    for _ in 0..300 {
        assert!(many.reply().ends_with("0000 \n"));
    }
}

#[test]
fn who_says_nothing_makes_room_for_others() {
    let (_host, socket) = bird("1.6", "");
    let mut silent: Vec<Wire> = (0..80).map(|_| Wire::open(&socket)).collect();
    silent.iter_mut().skip(70).for_each(|wire| wire.say(b"half a li"));
    assert!(Wire::open(&socket).ask("show status").contains("1011-Router ID"));
    assert!(silent[0].is_over(), "the one that was silent for longest");
    assert!(silent[79].ask("ne").starts_with("9001 "), "not the last one");
}

/// Runs the program under another name.
fn named(host: &Host, name: &str, words: &[&str]) -> Output {
    let link = host.path(name);
    if !link.exists() {
        symlink(CARACAL, &link).expect("a link");
    }
    Command::new(link).args(words).stdin(Stdio::null()).output().expect("it runs")
}

#[test]
fn birdcl_prints_what_a_probe_reads() {
    let (host, socket) = bird("1.6", ROUTES);
    let socket = socket.display().to_string();
    let status = named(&host, "birdcl", &["-s", &socket, "show", "status"]);
    let text = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.status.success() && text.starts_with("BIRD v1.6"), "{status:?}");
    assert!(text.ends_with("Daemon is up and running\n") && !text.contains("1011"), "{text}");
    let verbose = named(&host, "birdcl", &["-v", "-s", &socket, "show status"]);
    assert!(String::from_utf8_lossy(&verbose.stdout).contains("1011-Router ID is"), "{verbose:?}");
    let missing = named(&host, "birdcl", &["-s", &socket, "show", "route", "10.9.0.0/16"]);
    assert_eq!(missing.status.code(), Some(1));
    let denied = named(&host, "birdcl", &["-r", "-s", &socket, "configure"]);
    assert!(String::from_utf8_lossy(&denied.stdout).ends_with("Access denied\n"), "{denied:?}");
    let gone = named(&host, "birdcl6", &["-s", "/nonexistent/bird6.ctl", "show", "status"]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("/nonexistent/bird6.ctl"), "{gone:?}");
}

#[test]
fn bird_takes_calicos_options() {
    let host = Host::new();
    host.configure(ROUTES);
    let (file, socket) = (host.path("caracal.toml"), host.path("bird.ctl"));
    let (file, place) = (file.display().to_string(), socket.display().to_string());
    assert!(named(&host, "bird", &["-p", "-c", &file]).status.success());
    let mut daemon = Command::new(host.path("bird"));
    daemon.args(["-R", "-s", &place, "-d", "-c", &file]).env_remove("RUST_LOG");
    let mut daemon =
        daemon.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    host.until("both sockets answer", || {
        UnixStream::connect(&socket).is_ok() && UnixStream::connect(host.path("bird6.ctl")).is_ok()
    });
    assert!(Wire::open(&socket).ask("show route count").starts_with("0014 2 of 2"));
    let process = nix::unistd::Pid::from_raw(daemon.id().cast_signed());
    nix::sys::signal::kill(process, Signal::SIGTERM).expect("it can be signalled");
    assert!(daemon.wait().expect("it ends").success());
    assert!(!socket.exists());
}

#[test]
fn bird_says_what_it_does_not_take() {
    let host = Host::new();
    fs::write(host.path("bird.cfg"), "router id 10.0.0.1;\nprotocol device {\n}\n").expect("a file");
    let file = host.path("bird.cfg").display().to_string();
    for words in [["-p", "-c", &file].as_slice(), &["-R", "-d", "-c", &file]] {
        let output = named(&host, "bird", words);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("is a configuration of BIRD"), "{output:?}");
    }
    assert_eq!(named(&host, "bird", &["-x"]).status.code(), Some(1));
    assert_eq!(named(&host, "bird6", &["-c", "/nonexistent"]).status.code(), Some(1));
    assert!(named(&host, "bird", &["--version"]).status.success());
}
