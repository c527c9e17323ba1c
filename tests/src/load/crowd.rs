//! The crowd: every session of a run, on one thread and one epoll.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant as Wall};

use bgp_core::Instant;
use bytes::Bytes;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::client::{Client, MESSAGE, Stage};
use super::register::Register;
use crate::failure::{Doing, Failure};

/// Every session of a run.
#[derive(Debug)]
pub struct Crowd {
    epoll: Epoll,
    clients: Vec<Client>,
    register: Register,
    daemon: SocketAddr,
    buffer: Vec<u8>,
    epoch: Wall,
    /// Those without a connection that shall have one.
    waiting: VecDeque<usize>,
    /// Those whose connection is in the making, and since when.
    making: HashMap<usize, Wall>,
    /// How many may be in the making at a time.
    width: usize,
    /// How long an attempt at a session may take.
    attempt: Duration,
    /// Those that nobody reads for.
    deaf: Option<usize>,
    swept: Wall,
    /// Sessions that are Established.
    pub established: usize,
    /// Clients that hold all they shall hold.
    pub complete: usize,
    /// Receivers that still watch for a route.
    pub watching: usize,
    /// Sessions that were Established and ended, and why.
    pub lost: Vec<(usize, String)>,
    /// Why the last attempt at a session failed.
    pub refusal: Option<String>,
}

impl Crowd {
    /// Clients of the daemon at `daemon`, none connected.
    ///
    /// # Errors
    /// When there is no epoll to be had.
    pub fn new(daemon: SocketAddr, clients: Vec<Client>, register: Register) -> Result<Self, Failure> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).doing("open an epoll")?;
        let complete = clients.iter().filter(|client| client.is_complete()).count();
        Ok(Self {
            epoll,
            clients,
            register,
            daemon,
            buffer: vec![0; READ + MESSAGE],
            epoch: Wall::now(),
            waiting: VecDeque::new(),
            making: HashMap::new(),
            width: 0,
            attempt: Duration::from_secs(1),
            deaf: None,
            swept: Wall::now(),
            established: 0,
            complete,
            watching: 0,
            lost: Vec::new(),
            refusal: None,
        })
    }

    /// All of them.
    #[must_use]
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// Lets clients connect, `width` at a time; a connection that is not Established in time is given up and
    /// tried again.
    pub fn connect(&mut self, clients: impl IntoIterator<Item = usize>, width: usize) {
        self.waiting.extend(clients);
        self.width = width;
    }

    /// Lets attempts at sessions take so long, instead of a second.
    pub const fn be_patient(&mut self, attempt: Duration) {
        self.attempt = attempt;
    }

    /// Says the same octets for one client.
    pub fn say(&mut self, client: usize, buffers: &[Bytes]) {
        self.clients[client].say(buffers);
        self.attend(client, EpollFlags::EPOLLOUT);
    }

    /// Reads no more for a client, whose window closes.
    pub fn deafen(&mut self, client: usize) {
        self.deaf = Some(client);
        self.listen(client);
    }

    /// Ends a client's connection, without a word.
    pub fn hang_up(&mut self, client: usize) {
        self.established -= usize::from(self.clients[client].stage() == Stage::Established);
        self.clients[client].abandon();
    }

    /// Changes a client from outside, keeping count.
    pub fn change(&mut self, client: usize, change: impl FnOnce(&mut Client)) {
        let before = Standing::of(&self.clients[client]);
        change(&mut self.clients[client]);
        self.recount(client, before);
    }

    /// Turns until `done`; when that was.
    ///
    /// # Errors
    /// When that takes longer than `patience`: then with what was missing.
    pub fn until(
        &mut self,
        what: &str,
        patience: Duration,
        mut done: impl FnMut(&Self) -> bool,
    ) -> Result<Wall, Failure> {
        let end = Wall::now() + patience;
        while !done(self) {
            if Wall::now() > end {
                return Err(Failure::new(
                    format!("wait {} s for {what}", patience.as_secs()),
                    self.standing(),
                ));
            }
            self.turn(Duration::from_millis(10))?;
        }
        Ok(Wall::now())
    }

    /// Waits at most so long for something to happen, and does what is to be done.
    ///
    /// # Errors
    /// When the epoll fails.
    pub fn turn(&mut self, longest: Duration) -> Result<(), Failure> {
        self.dial();
        self.sweep();
        let mut events = [EpollEvent::empty(); 256];
        let timeout = EpollTimeout::try_from(longest).unwrap_or(EpollTimeout::ZERO);
        let count = match self.epoll.wait(&mut events, timeout) {
            Ok(count) => count,
            Err(nix::errno::Errno::EINTR) => 0,
            Err(error) => return Err(Failure::new("wait for sockets", error)),
        };
        for event in &events[..count] {
            self.attend(event.data() as usize, event.events());
        }
        Ok(())
    }

    /// What was reached so far, in words.
    #[must_use]
    pub fn standing(&self) -> String {
        let lost = self.lost.first().map(|(_, why)| format!("; {} sessions lost: {why}", self.lost.len()));
        let refusal = self.refusal.as_ref().map(|why| format!("; last refusal: {why}"));
        format!(
            "{} of {} sessions, {} clients complete{}{}",
            self.established,
            self.clients.len(),
            self.complete,
            lost.unwrap_or_default(),
            refusal.unwrap_or_default()
        )
    }

    fn now(&self) -> Instant {
        Instant::from_micros(u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    fn dial(&mut self) {
        while self.making.len() < self.width
            && let Some(client) = self.waiting.pop_front()
        {
            let now = self.now();
            if let Err(error) = self.clients[client].connect(self.daemon, now) {
                return self.over(client, &error);
            }
            self.making.insert(client, Wall::now());
            let Some(socket) = self.clients[client].socket() else { return };
            let event = EpollEvent::new(EpollFlags::EPOLLOUT, client as u64);
            if let Err(error) = self.epoll.add(socket, event) {
                self.over(client, &error.into());
            }
        }
    }

    /// Every now and then: timers, and attempts that take too long.
    fn sweep(&mut self) {
        if self.swept.elapsed() < SWEEP {
            return;
        }
        self.swept = Wall::now();
        let slow: Vec<usize> = self
            .making
            .iter()
            .filter(|(_, since)| since.elapsed() > self.attempt)
            .map(|(client, _)| *client)
            .collect();
        for client in slow {
            self.over(client, &io::Error::new(io::ErrorKind::TimedOut, "no session in time"));
        }
        for client in 0..self.clients.len() {
            if self.clients[client].stage() == Stage::Established {
                self.attend(client, EpollFlags::EPOLLOUT);
            }
        }
    }

    fn attend(&mut self, client: usize, events: EpollFlags) {
        let now = self.now();
        let one = &mut self.clients[client];
        let before = Standing::of(one);
        let wrote = one.wants_to_write();
        let heard = match events.intersects(EpollFlags::EPOLLIN | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR)
        {
            true if before.stage != Stage::Connecting => one.read(&mut self.buffer, &self.register, now),
            true | false => Ok(()),
        };
        let said = match events.intersects(EpollFlags::EPOLLOUT | EpollFlags::EPOLLERR) {
            true => one.write(now),
            false => Ok(()),
        };
        let writes = one.wants_to_write();
        if let Err(error) = heard.and(said) {
            self.recount(client, before);
            return self.over(client, &error);
        }
        if wrote != writes || before.stage == Stage::Connecting {
            self.listen(client);
        }
        self.recount(client, before);
    }

    fn recount(&mut self, client: usize, before: Standing) {
        let after = Standing::of(&self.clients[client]);
        self.complete = self.complete + usize::from(after.complete) - usize::from(before.complete);
        self.watching = self.watching + usize::from(after.watching) - usize::from(before.watching);
        if after.stage == Stage::Established && before.stage != Stage::Established {
            self.established += 1;
            self.making.remove(&client);
        }
    }

    /// Tells the epoll what the client waits for.
    fn listen(&self, client: usize) {
        let one = &self.clients[client];
        let mut flags = if self.deaf == Some(client) { EpollFlags::empty() } else { EpollFlags::EPOLLIN };
        flags.set(EpollFlags::EPOLLOUT, one.wants_to_write());
        if let Some(socket) = one.socket() {
            let mut event = EpollEvent::new(flags, client as u64);
            // Fails only for a socket that is not there, and that one is.
            let _ = self.epoll.modify(socket, &mut event);
        }
    }

    /// A connection is over, whether it ever was a session or not.
    fn over(&mut self, client: usize, error: &io::Error) {
        let was = self.clients[client].stage();
        self.clients[client].abandon();
        self.making.remove(&client);
        if was == Stage::Established {
            self.established -= 1;
            self.lost.push((client, error.to_string()));
        } else {
            self.refusal = Some(error.to_string());
            self.waiting.push_back(client);
        }
    }
}

/// What is counted of a client.
struct Standing {
    stage: Stage,
    complete: bool,
    watching: bool,
}

impl Standing {
    fn of(client: &Client) -> Self {
        let watching = client.sink.as_ref().is_some_and(super::sink::Sink::is_watching);
        Self { stage: client.stage(), complete: client.is_complete(), watching }
    }
}

/// Most octets read at once.
const READ: usize = 256 * 1024;
/// How often timers are looked at.
const SWEEP: Duration = Duration::from_millis(250);
