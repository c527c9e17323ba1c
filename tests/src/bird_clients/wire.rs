//! BIRD's control protocol, as plain as it is.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::failure::{Doing, Failure};

/// How long a line may take before the test is over.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection to a control socket.
#[derive(Debug)]
pub struct Wire {
    stream: BufReader<UnixStream>,
}

impl Wire {
    /// Connects, and reads the greeting.
    pub fn open(socket: &Path) -> Result<Self, Failure> {
        let stream = UnixStream::connect(socket).doing("connect to a control socket")?;
        stream.set_read_timeout(Some(PATIENCE)).doing("set a time-out")?;
        let mut wire = Self { stream: BufReader::new(stream) };
        let greeting = wire.reply()?;
        match greeting.as_slice() {
            [line] if line.starts_with("0001 BIRD ") && line.ends_with(" ready.") => Ok(wire),
            other => Err(Failure::new("be greeted", other.join("\n"))),
        }
    }

    /// The lines of the reply to a command.
    pub fn ask(&mut self, command: &str) -> Result<Vec<String>, Failure> {
        self.stream.get_mut().write_all(format!("{command}\n").as_bytes()).doing("send a command")?;
        self.reply()
    }

    /// What birdc prints of the reply to a command.
    pub fn print(&mut self, command: &str) -> Result<String, Failure> {
        let lines = self.ask(command)?;
        let text = |line: &String| {
            let body = line.strip_prefix(' ').or_else(|| line.get(5..));
            body.unwrap_or_default().to_owned() + "\n"
        };
        Ok(lines.iter().map(text).collect())
    }

    fn reply(&mut self) -> Result<Vec<String>, Failure> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).doing("read a reply")? == 0 {
                return Err(Failure::new("read a reply", "the end of the connection"));
            }
            line.truncate(line.trim_end_matches('\n').len());
            let code = line.get(..4).is_some_and(|code| code.bytes().all(|it| it.is_ascii_digit()));
            let is_last = code && line.as_bytes().get(4) == Some(&b' ');
            lines.push(line);
            if is_last {
                return Ok(lines);
            }
        }
    }
}
