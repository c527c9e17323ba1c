//! `birdcl -s SOCKET COMMAND`: asks a daemon over BIRD's protocol, ours or a real BIRD.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bgp_core::Family;

use super::FAILED;
use super::options::Options;

const USAGE: &str = "Usage: birdcl [-s SOCKET] [-v] [-r] [COMMAND...]";

/// Where daemons answer, the first that is there.
const SOCKETS: &[&str] = &["/var/run/calico", "/run/caracal", "/run/bird"];

/// From this code on a reply says that something was wrong.
const ERRORS: u16 = 8000;

/// Asks one command, or whatever is typed.
pub(super) fn main(
    arguments: impl IntoIterator<Item = OsString>,
    family: Family,
) -> Result<ExitCode, String> {
    let options = Options::read(arguments, "vrlh", "s")?;
    if options.has('h') || options.words.iter().any(|word| word == "help") {
        println!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    }
    let socket = options.value('s').map_or_else(|| usual(family), Into::into);
    let stream = UnixStream::connect(&socket).map_err(|error| {
        format!("Unable to connect to server control socket ({}): {error}", socket.display())
    })?;
    let mut session = Session { stream: BufReader::new(stream), verbose: options.has('v') };
    let outcome = session.run(options.has('r'), &options.line());
    match outcome {
        Ok(code) => Ok(code),
        // Whoever read our output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.to_string()),
    }
}

/// Where a daemon is looked for.
fn usual(family: Family) -> PathBuf {
    let name = if family == Family::IPV6 { "bird6.ctl" } else { "bird.ctl" };
    let all = || SOCKETS.iter().map(|folder| Path::new(folder).join(name));
    all().find(|path| path.exists()).unwrap_or_else(|| Path::new(SOCKETS[0]).join(name))
}

struct Session {
    stream: BufReader<UnixStream>,
    /// Codes are shown.
    verbose: bool,
}

impl Session {
    fn run(&mut self, restricted: bool, command: &str) -> io::Result<ExitCode> {
        self.reply()?;
        if restricted {
            self.ask("restrict")?;
        }
        if command.is_empty() {
            return self.talk();
        }
        let code = self.ask(command)?;
        Ok(if code < ERRORS { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }

    /// Asks line by line until there are no more.
    fn talk(&mut self) -> io::Result<ExitCode> {
        let is_terminal = io::stdin().is_terminal();
        let mut typed = Prompted { lines: io::stdin().lines(), is_terminal };
        while let Some(line) = typed.next().transpose()? {
            match line.trim() {
                "" => {}
                "quit" | "exit" => break,
                command => drop(self.ask(command)?),
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn ask(&mut self, command: &str) -> io::Result<u16> {
        self.stream.get_mut().write_all(format!("{command}\n").as_bytes())?;
        self.reply()
    }

    /// Prints a reply; the code of its last line.
    fn reply(&mut self) -> io::Result<u16> {
        let mut out = io::stdout().lock();
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line)? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "Connection closed by server"));
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches('\n');
            let (shown, last) = read(line, self.verbose);
            if let Some(shown) = shown {
                writeln!(out, "{shown}")?;
            }
            if let Some(code) = last {
                out.flush()?;
                return Ok(code);
            }
        }
    }
}

/// What is shown of a line of a reply, and its code where it is the last.
fn read(line: &str, verbose: bool) -> (Option<String>, Option<u16>) {
    if let Some(rest) = line.strip_prefix('+') {
        return (Some(format!(">>> {rest}")), None);
    }
    if let Some(rest) = line.strip_prefix(' ') {
        return (Some(if verbose { format!("     {rest}") } else { rest.to_owned() }), None);
    }
    let code = line.get(..4).and_then(|digits| digits.parse::<u16>().ok());
    match (code, line.get(4..5)) {
        (Some(code), Some(mark @ (" " | "-"))) => {
            let text = if verbose { line } else { &line[5..] };
            ((code != 0).then(|| text.to_owned()), (mark == " ").then_some(code))
        }
        _ => (Some(format!("??? <{line}>")), None),
    }
}

/// Lines, each asked for where somebody types them.
struct Prompted<L> {
    lines: L,
    is_terminal: bool,
}

impl<L: Iterator> Iterator for Prompted<L> {
    type Item = L::Item;

    fn next(&mut self) -> Option<L::Item> {
        if self.is_terminal {
            let mut out = io::stdout();
            // Nobody sees a prompt that cannot be written.
            let _ = out.write_all(b"bird> ").and_then(|()| out.flush());
        }
        self.lines.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_without_its_code() {
        let shown = |line| read(line, false);
        assert_eq!(shown("0001 BIRD ready."), (Some("BIRD ready.".to_owned()), Some(1)));
        assert_eq!(shown("1002-a"), (Some("a".to_owned()), None));
        assert_eq!(shown(" b"), (Some("b".to_owned()), None));
        assert_eq!(shown("0000 "), (None, Some(0)));
        assert_eq!(shown("8001 Network not in table").1, Some(8001));
        assert_eq!(shown("+log"), (Some(">>> log".to_owned()), None));
        assert_eq!(shown("12").0, Some("??? <12>".to_owned()));
        assert_eq!(shown("\u{e4}\u{e4}\u{e4}").0, Some("??? <\u{e4}\u{e4}\u{e4}>".to_owned()));
        assert_eq!(read(" b", true).0, Some("     b".to_owned()));
        assert_eq!(read("1002-a", true).0, Some("1002-a".to_owned()));
    }
}
