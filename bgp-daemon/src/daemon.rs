//! The daemon: puts the parts together, then obeys signals and the control socket.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bgp_core::rib::LocalSource;
use bgp_core::speaker::Input;
use fib_sync::Leftover;
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use crate::api::{LogLevel, Refusal};
use crate::change::trial::{self, Trial};
use crate::chronicle::{self, Fact, Note};
use crate::clock::Clock;
use crate::config::{Digest, Loaded, OnExit, Originated, Settings};
use crate::control::{Command, Context, Facts, Loudness, Socket, SocketError, WATCHERS};
use crate::drain::{self, Drain, Step};
use crate::driver::{Driver, Inbox, Occurrences, Outside};
use crate::health::Pulse;
use crate::log::{self, LogError};
use crate::reload::Before;
use crate::role::Program;
use crate::transport::{Arrivals, BindError, Dialer, Listeners, SocketTable};
use crate::{bird, change, fib, http, notify};

/// How long the first reading of the kernel's table may take before we start without it.
const FIRST_VIEW: Duration = Duration::from_secs(5);
/// How often we look whether it is there.
const FIRST_VIEW_PACE: Duration = Duration::from_millis(5);
/// How long sessions may take to end in good order.
const FAREWELL: Duration = Duration::from_secs(5);

/// Why a daemon did not start, or ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] BindError),
    /// The web server cannot listen.
    #[error(transparent)]
    Http(#[from] http::BindError),
    /// There is no control socket.
    #[error(transparent)]
    Control(#[from] SocketError),
    /// The kernel's table cannot be kept.
    #[error("cannot keep the kernel's routing table: {0}")]
    Kernel(io::Error),
    /// The system refused something else.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
    /// The speaker's thread has ended by itself: a bug.
    #[error("the speaker has died")]
    Died,
}

/// A running daemon.
pub(crate) struct Daemon {
    /// What the program's name and arguments decide, which a file cannot change.
    pub(crate) program: Program,
    pub(crate) path: PathBuf,
    pub(crate) settings: Settings,
    /// What they were read from.
    pub(crate) digest: Digest,
    /// What was in force before the last change.
    pub(crate) before: Option<Before>,
    /// A change that waits to be confirmed.
    pub(crate) trial: Option<Trial>,
    pub(crate) inbox: Inbox,
    pub(crate) arrivals: Arrivals,
    pub(crate) listeners: Listeners,
    pub(crate) kernel: Option<fib_sync::Handle>,
    pub(crate) log: log::Handle,
    pub(crate) facts: watch::Sender<Facts>,
    /// A drain that is under way.
    pub(crate) drain: Option<Drain>,
    /// How many there have been.
    pub(crate) drains: u64,
    /// The last one of which every peer has been told.
    pub(crate) drained: watch::Receiver<u64>,
    /// What has happened how often.
    occurrences: Arc<Occurrences>,
}

/// How a daemon ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Farewell {
    /// Another one may follow: with graceful restart on peers keep forwarding to us, and our routes are left
    /// as configured.
    ToReturn,
    /// For good: peers forget us, and our kernel routes go.
    ForGood,
}

/// Runs a daemon until it is told to stop.
///
/// # Errors
///
/// See [`Failure`].
pub async fn run(program: Program, path: &Path, loaded: Loaded, log: log::Handle) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let socket = {
        let control = &loaded.settings.control;
        Socket::bind(&control.socket, control.mode, None)?
    };
    let bird = loaded.settings.bird.as_ref().map(bird::Sockets::bind).transpose()?;
    let web = loaded.settings.http.map(http::Server::bind).transpose()?;
    let (daemon, mut end) = start(program, path, loaded, log).await?;
    let (commands, mut asked) = mpsc::channel(8);
    let context = Context {
        inbox: daemon.inbox.clone(),
        kernel: daemon.kernel.clone(),
        pulse: Pulse::start(&daemon.inbox, daemon.kernel.as_ref()),
        occurrences: Arc::clone(&daemon.occurrences),
        facts: daemon.facts.subscribe(),
        sockets: daemon.listeners.table(),
        commands,
        watchers: Arc::new(Semaphore::new(WATCHERS)),
    };
    let mut serving = JoinSet::new();
    if let Some(sockets) = bird {
        serving.spawn(sockets.serve(context.clone()));
    }
    if let Some(server) = web {
        info!(event = "http.listening", address = %server.address());
        serving.spawn(server.serve(context.clone()));
    }
    if let Some(patience) = notify::patience() {
        serving.spawn(context.pulse.clone().reassure(patience, || notify::tell("WATCHDOG=1")));
    }
    serving.spawn(socket.serve(context));
    let outcome = daemon.obey(&mut signals, &mut asked, &mut end).await;
    // The sockets' files go with the tasks.
    serving.shutdown().await;
    outcome
}

async fn start(
    program: Program,
    path: &Path,
    Loaded { settings, digest, .. }: Loaded,
    log: log::Handle,
) -> Result<(Daemon, oneshot::Receiver<()>), Failure> {
    crate::files::allow(&settings.core);
    let (inbox, driver) = Driver::new(Clock::start());
    let arrivals = Arrivals::new(inbox.clone());
    let table = Arc::new(SocketTable::new(settings.sockets.clone()));
    let mut listeners = Listeners::new(arrivals.clone(), table);
    listeners.bind(&settings.listen.socket_addresses())?;
    let (kernel, outbox) = match fib::config(&settings) {
        Some(config) => {
            let (handle, events) = fib_sync::start(config).map_err(Failure::Kernel)?;
            let outbox = fib::Outbox::open(handle.clone(), events, inbox.clone());
            (Some(handle), Some(outbox))
        }
        None => (None, None),
    };
    let dialer = Dialer::new(Handle::current(), arrivals.clone(), listeners.table());
    let first = settings.originate.iter().cloned();
    let first = first.map(|Originated { prefix, route, place: _ }| Input::Originate {
        prefix,
        source: LocalSource::Static,
        route,
    });
    let (teller, drained) = watch::channel(0);
    let occurrences = Arc::<Occurrences>::default();
    let outside = Outside { dialer, kernel: outbox, occurrences: Arc::clone(&occurrences), drained: teller };
    let mut core = settings.core.clone();
    core.graceful_restart.forwarding_preserved = is_forwarding(kernel.as_ref()).await;
    let end = driver.start(core, first.collect(), outside)?;
    let facts = watch::Sender::new(facts(&settings, path, &digest, &listeners));
    let path = path.to_owned();
    if change::draft::clear(&path) {
        warn!(
            event = "config.unconfirmed",
            "the last daemon died before a change was confirmed: it is undone"
        );
    }
    let (drain, drains) = (None, 0);
    let (before, trial) = (None, None);
    let daemon = Daemon {
        program,
        path,
        settings,
        digest,
        before,
        trial,
        inbox,
        arrivals,
        listeners,
        kernel,
        log,
        facts,
        drain,
        drains,
        drained,
        occurrences,
    };
    Ok((daemon, end))
}

/// Whether packets of what our predecessor announced are still forwarded: its kernel routes are there, or
/// this speaker forwards nothing anyway.
async fn is_forwarding(kernel: Option<&fib_sync::Handle>) -> bool {
    let Some(kernel) = kernel else { return true };
    let first_view = async {
        loop {
            match kernel.metrics().await {
                Ok(table) if table.synced => break table.gauges.adopted > 0,
                Ok(_) => sleep(FIRST_VIEW_PACE).await,
                Err(_) => break false,
            }
        }
    };
    timeout(FIRST_VIEW, first_view).await.unwrap_or(false)
}

fn facts(settings: &Settings, path: &Path, digest: &Digest, listeners: &Listeners) -> Facts {
    let now = SystemTime::now();
    Facts {
        role: settings.role,
        started: now,
        config: path.to_owned(),
        generation: 1,
        configured: now,
        config_error: None,
        digest: digest.to_string(),
        unconfirmed: None,
        listening: listeners.addresses().map(|address| address.to_string()).collect(),
        draining: None,
        origins: settings.origins(),
    }
}

impl Daemon {
    async fn obey(
        mut self,
        signals: &mut Signals,
        asked: &mut mpsc::Receiver<Command>,
        end: &mut oneshot::Receiver<()>,
    ) -> Result<(), Failure> {
        self.greet();
        let farewell = self.attend(signals, asked, end).await?;
        notify::tell("STOPPING=1");
        tokio::select! {
            () = self.stop(farewell, end) => {}
            Signalled::End(name) = signals.next() => warn!(event = "daemon.impatient", signal = name),
        }
        info!(event = "daemon.stopped");
        Ok(())
    }

    /// Does as it is told until it is told to end, and how.
    async fn attend(
        &mut self,
        signals: &mut Signals,
        asked: &mut mpsc::Receiver<Command>,
        end: &mut oneshot::Receiver<()>,
    ) -> Result<Farewell, Failure> {
        loop {
            tokio::select! {
                _ = &mut *end => {
                    error!(event = "daemon.died", "the speaker has died; kernel routes stay");
                    return Err(Failure::Died);
                }
                signal = signals.next() => match signal {
                    Signalled::Reload => {
                        // The reason is logged, and kept for `status`.
                        let _ = self.reload(None).await;
                    }
                    Signalled::End(name) => {
                        info!(event = "daemon.stopping", signal = name);
                        // Who is told to hurry while leaving for good leaves for good.
                        return Ok(if self.drain.is_some() { Farewell::ForGood } else { Farewell::ToReturn });
                    }
                },
                Some(command) = asked.recv() => self.command(command).await,
                () = trial::expiry(self.trial.as_ref()) => self.expire().await,
                step = drain::next(&mut self.drain) => match step {
                    Step::Told => self.drain_told().await,
                    Step::Over => return Ok(self.drain_over()),
                },
            }
        }
    }

    fn greet(&self) {
        let core = &self.settings.core;
        info!(
            event = "daemon.started",
            version = env!("CARGO_PKG_VERSION"),
            asn = core.asn.0,
            router_id = %core.router_id,
            peers = core.peers.len(),
            config = %self.path.display(),
            control = %self.settings.control.socket.display(),
        );
        notify::tell("READY=1");
    }

    async fn command(&mut self, command: Command) {
        match command {
            // Whoever asked may have gone away meanwhile.
            Command::Reload { max_effect, answer } => drop(answer.send(self.reload(max_effect).await)),
            Command::Diff { draft, answer } => drop(answer.send(self.diff(&draft))),
            Command::Prospect { draft, answer } => drop(answer.send(self.prospect(&draft))),
            Command::Apply { draft, confirm, max_effect, answer } => {
                let _ = answer.send(self.apply(&draft, confirm, max_effect).await);
            }
            Command::Confirm(answer) => drop(answer.send(self.confirm().await)),
            Command::Undo(answer) => drop(answer.send(self.undo().await)),
            Command::Log { change, answer } => drop(answer.send(self.log(change))),
            Command::Drain { limit, answer } => {
                self.begin_drain(limit).await;
                let _ = answer.send(Ok(()));
            }
            Command::Undrain(answer) => drop(answer.send(self.end_drain().await)),
        }
    }

    /// How much is logged, after `change` where there is one.
    fn log(&self, change: Option<Loudness>) -> Result<Vec<LogLevel>, Refusal> {
        let usage = |error: LogError| Refusal::usage(error.to_string());
        match change {
            None => {}
            Some(Loudness::OfEverything(level)) => {
                self.log.order(&level, self.settings.log.level.as_str()).map_err(usage)?;
                info!(event = "log.level", level);
            }
            Some(Loudness::OfPeer { peer, level }) => {
                self.log.order_of(&peer, &level).map_err(usage)?;
                info!(event = "log.level", %peer, level);
            }
        }
        self.log.levels().map_err(|error| Refusal::refused(error.to_string()))
    }

    /// Begins to leave for good, or to leave sooner or later than said before.
    async fn begin_drain(&mut self, limit: Duration) {
        info!(event = "drain.began", seconds = limit.as_secs());
        let reason = format!("it ends after {} s at the latest", limit.as_secs());
        self.inbox.note(Note::new(Fact::Drain(chronicle::Drain::Began), reason)).await;
        if let Some(drain) = &mut self.drain {
            drain.limit(limit);
        } else {
            self.drains += 1;
            self.drain = Some(Drain::begin(self.drains, limit, self.drained.clone()));
            self.inbox.tell(Input::Drain).await;
        }
        self.picture_drain();
    }

    /// Stays after all.
    async fn end_drain(&mut self) -> Result<(), Refusal> {
        if self.drain.take().is_none() {
            return Err(Refusal::not_found("nothing is being drained"));
        }
        info!(event = "drain.undone");
        self.inbox.note(Note::new(Fact::Drain(chronicle::Drain::Undone), "")).await;
        self.inbox.tell(Input::Undrain).await;
        self.picture_drain();
        Ok(())
    }

    async fn drain_told(&self) {
        info!(event = "drain.told", "every peer has been told");
        self.inbox.note(Note::new(Fact::Drain(chronicle::Drain::Told), "every peer has been told")).await;
        self.picture_drain();
    }

    fn drain_over(&self) -> Farewell {
        if !self.drain.as_ref().is_some_and(Drain::is_told) {
            warn!(event = "drain.untold", "not every peer has been told");
        }
        info!(event = "daemon.stopping");
        Farewell::ForGood
    }

    fn picture_drain(&self) {
        let draining = self.drain.as_ref().map(Drain::picture);
        self.facts.send_modify(|facts| facts.draining = draining);
    }

    /// Ends every session in good order, then leaves the kernel's table as it is to be left.
    async fn stop(self, how: Farewell, end: &mut oneshot::Receiver<()>) {
        drop(self.listeners);
        // With graceful restart on, peers keep forwarding to us as long as no Cease says we are leaving.
        let returns = how == Farewell::ToReturn;
        let silently = returns && self.settings.core.graceful_restart.enabled;
        let text = if returns { "" } else { "drained" };
        let farewell = async {
            self.inbox.tell(Input::Stop { silently, text: text.to_owned() }).await;
            let _ = end.await;
            self.arrivals.drained().await;
        };
        if timeout(FAREWELL, farewell).await.is_err() {
            warn!(event = "daemon.farewell", "not every session ended in time");
        }
        let Some(kernel) = self.kernel else { return };
        // However many routes there are: the table gives up by itself where the kernel does.
        let left = match (self.settings.kernel.on_exit, how) {
            (OnExit::Keep, Farewell::ToReturn) => kernel.stop().await.map(|()| Leftover::default()),
            (OnExit::Remove, _) | (_, Farewell::ForGood) => kernel.remove_all().await,
        };
        match left {
            Ok(Leftover { routes: 0, .. }) => {}
            Ok(Leftover { routes, examples }) => {
                let prefixes: Vec<String> = examples.iter().map(|route| route.prefix.to_string()).collect();
                let prefixes = prefixes.join(" ");
                warn!(event = "kernel.left", routes, prefixes, "routes could not be removed");
            }
            Err(_) => warn!(event = "kernel.left", "the table was left as it was"),
        }
    }
}

/// The signals that mean something.
struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signalled {
        tokio::select! {
            _ = self.hangup.recv() => Signalled::Reload,
            _ = self.interrupt.recv() => Signalled::End("SIGINT"),
            _ = self.terminate.recv() => Signalled::End("SIGTERM"),
        }
    }
}

/// What a signal asks for.
enum Signalled {
    Reload,
    End(&'static str),
}
