//! One client: a greeting, then commands one at a time, each answered before the next is read.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::Notify;

use super::act;
use super::command::{Command, Which, Wrong, parse};
use super::desk::Desk;
use super::machine;
use super::protocol::{Code, Complaint, Lines};
use super::reply::{Failure, Reply};
use super::routes;
use super::status;
use crate::config::BirdDialect;

/// Longest command line, its end included: as long as BIRD's.
const LINE: u64 = 4096;

/// Lines of protocols that leave together.
const PIECE: usize = 32 * 1024;

/// Serves a client until it leaves, or until its place is needed while it says nothing.
pub(super) async fn serve(stream: UnixStream, mut desk: Desk, pressure: &Notify) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut commands = BufReader::new(read);
    let pads = desk.voice.dialect == BirdDialect::Two;
    let mut reply = Reply::new(&mut write, Lines::default());
    reply.lines.end(Code::WELCOME, format_args!("BIRD {} ready.", desk.voice.version()));
    reply.send().await?;
    loop {
        let line = tokio::select! {
            line = next_line(&mut commands) => line?,
            () = pressure.notified() => return Ok(()),
        };
        let mut reply = Reply::new(&mut write, Lines::new(pads));
        let text = match line {
            Line::Whole(line) => line,
            Line::TooLong => {
                let complaint = Complaint::new(Code::TOO_LONG, "Command too long");
                return reply.conclude(Err(complaint.into())).await;
            }
            Line::None => return Ok(()),
        };
        let outcome = match understand(&text, &desk) {
            Ok(Command::Restrict) => {
                desk.is_restricted = true;
                reply.lines.end(Code::RESTRICTED, format_args!("Access restricted"));
                Ok(())
            }
            Ok(command) => answer(command, &desk, &mut reply).await,
            Err(complaint) => Err(complaint.into()),
        };
        reply.conclude(outcome).await?;
    }
}

/// What was read of a line.
enum Line {
    Whole(Vec<u8>),
    /// It does not end where it has to.
    TooLong,
    /// The client has left.
    None,
}

async fn next_line(commands: &mut BufReader<OwnedReadHalf>) -> io::Result<Line> {
    let mut line = Vec::new();
    let read = commands.take(LINE).read_until(b'\n', &mut line).await?;
    Ok(match line.pop() {
        Some(b'\n') => Line::Whole(line),
        Some(_) if read as u64 == LINE => Line::TooLong,
        // Half a line is none.
        _ => Line::None,
    })
}

fn understand(line: &[u8], desk: &Desk) -> Result<Command, Complaint> {
    let text = String::from_utf8_lossy(line);
    parse(&text).map_err(|wrong| {
        let text = match (&wrong, desk.voice.dialect) {
            (Wrong::HostBits(..), _) => wrong.to_string(),
            (_, BirdDialect::One) => "syntax error".to_owned(),
            (_, BirdDialect::Two) => format!("syntax error, {wrong}"),
        };
        Complaint::not_understood(text)
    })
}

async fn answer<W>(command: Command, desk: &Desk, reply: &mut Reply<'_, W>) -> Result<(), Failure>
where
    W: AsyncWrite + Unpin,
{
    let lines = &mut reply.lines;
    match command {
        Command::Status => {
            let summary = desk.look(|speaker| speaker.view().summary()).await?;
            let facts = desk.context.facts.borrow().clone();
            status::print(&summary, &facts, desk.voice, &desk.times(), lines);
        }
        Command::Protocols { all, which } => return protocols(all, &which, desk, reply).await,
        Command::Route(command) => return routes::show(*command, desk, reply).await,
        Command::Memory => machine::memory(lines),
        Command::Interfaces { summary: true } => machine::interface_summary(desk.voice, lines),
        Command::Interfaces { summary: false } => machine::interface_list(desk.voice, lines),
        Command::Symbols(asked) => {
            machine::symbols(asked.as_deref(), &desk.roster().await?, desk.voice, lines);
        }
        Command::Configure => return act::configure(desk, reply).await,
        Command::Check => return act::check(desk, reply).await,
        Command::Confirm => return act::confirm(desk, lines).await,
        Command::Undo => return act::undo(desk, lines).await,
        Command::Act { action, which, text } => return act::act(action, &which, &text, desk, lines).await,
        Command::Echo => lines.done(),
        Command::Absent(what) => return Err(Complaint::not_understood(what).into()),
        Command::Unsupported(why) => {
            desk.admit()?;
            return Err(Complaint::not_understood(why).into());
        }
        // The caller has done it.
        Command::Restrict => {}
    }
    Ok(())
}

async fn protocols<W>(all: bool, which: &Which, desk: &Desk, reply: &mut Reply<'_, W>) -> Result<(), Failure>
where
    W: AsyncWrite + Unpin,
{
    let roster = desk.roster_for(which).await?;
    let chosen = roster.select(which)?;
    let printer = desk.printer();
    printer.heading(&mut reply.lines);
    for protocol in chosen {
        if all {
            printer.full(protocol, &mut reply.lines);
        } else {
            printer.row(protocol, &mut reply.lines);
        }
        if reply.lines.len() > PIECE {
            reply.send().await?;
        }
    }
    reply.lines.done();
    Ok(())
}
