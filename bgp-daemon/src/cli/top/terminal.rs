//! The terminal, taken and given back: whatever ends the program, the shell finds it as it was.

use std::io::{self, IsTerminal, Stdout, stdout};
use std::panic;
use std::sync::Once;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use super::draw::draw;
use super::keys::View;
use super::rates::Picture;

/// Whether there is a terminal to draw on and to read keys from.
pub(super) fn is_there() -> bool {
    io::stdin().is_terminal() && stdout().is_terminal()
}

/// The terminal, while it is ours.
pub(super) struct Screen(Terminal<CrosstermBackend<Stdout>>);

impl Screen {
    /// Takes it.
    pub(super) fn enter() -> io::Result<Self> {
        give_back_in_panic();
        enable_raw_mode()?;
        let taken = execute!(stdout(), EnterAlternateScreen);
        let terminal = taken.and_then(|()| Terminal::new(CrosstermBackend::new(stdout())));
        terminal.map(Self).inspect_err(|_| give_back())
    }

    /// Draws a picture, in the size the terminal has by now.
    pub(super) fn draw(&mut self, picture: &Picture, view: &mut View) -> io::Result<()> {
        self.0.draw(|frame| draw(picture, view, frame)).map(drop)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives it back. What fails here fails because there is no terminal any more.
fn give_back() {
    let _ = disable_raw_mode();
    let _ = execute!(stdout(), LeaveAlternateScreen, Show);
}

/// A panic is printed to the screen that the user sees afterwards.
fn give_back_in_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |what| {
            give_back();
            before(what);
        }));
    });
}

/// Signals that end the program; they wait until they are asked for, so that the terminal is given back first.
#[derive(Debug)]
pub(super) struct Signals(SignalFd);

impl Signals {
    /// Keeps them from this thread and from those it starts.
    pub(super) fn block() -> io::Result<Self> {
        let mut mask = SigSet::empty();
        [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT]
            .into_iter()
            .for_each(|it| mask.add(it));
        mask.thread_block()?;
        Ok(Self(SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?))
    }

    /// Whether one has come.
    pub(super) fn pending(&self) -> io::Result<bool> {
        Ok(self.0.read_signal()?.is_some())
    }
}
