//! Requests answered.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bgp_core::speaker::{Admin, Cursor, Input, RouteQuery, Speaker, Summary};
use fib_sync::Listing;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::explain;
use super::kernel;
use super::loudness::{self, Loudness};
use super::picture::{self, Painter};
use super::query::{find, query};
use super::recall;
use super::rehearsal::{self, Prospect};
use super::reply::{Failure, Reader};
use super::trouble;
use crate::api::{self, Action, Change, Draft, Effect, LogLevel, Refusal, Reloaded, Selection, Verb};
use crate::chronicle::{Fact, Note};
use crate::clock::Timestamp;
use crate::config::{Origins, Role};
use crate::driver::{Inbox, Occurrences};
use crate::health::{self, Pulse};
use crate::transport::SocketTable;

/// Paths in one page: some milliseconds of the speaker's time.
const PAGE: usize = 1000;

/// Peers in one line of an answer, and kernel prefixes looked at for one.
const LINE: usize = 1000;

/// What answers are made from.
#[derive(Clone, Debug)]
pub struct Context {
    /// The speaker.
    pub inbox: Inbox,
    /// The kernel's table, where it is programmed.
    pub kernel: Option<fib_sync::Handle>,
    /// Whether its parts answer.
    pub pulse: Pulse,
    /// What has happened how often.
    pub occurrences: Arc<Occurrences>,
    /// What the daemon knows about itself.
    pub facts: watch::Receiver<Facts>,
    /// What the sockets of peers need.
    pub sockets: watch::Receiver<Arc<SocketTable>>,
    /// What only the daemon can do.
    pub commands: mpsc::Sender<Command>,
    /// Places for clients of the control socket that watch what happens.
    pub watchers: Arc<Semaphore>,
}

impl Context {
    /// Has the daemon do something, and waits until it has.
    pub(crate) async fn command<T, F>(&self, make: F) -> Result<T, Refusal>
    where
        F: FnOnce(oneshot::Sender<Result<T, Refusal>>) -> Command,
    {
        let stopping = || Refusal::refused("the daemon is stopping");
        let (answer, answered) = oneshot::channel();
        self.commands.send(make(answer)).await.map_err(|_| stopping())?;
        answered.await.map_err(|_| stopping())?
    }
}

/// What the daemon knows about itself.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What it is for.
    pub role: Role,
    /// When it started.
    pub started: SystemTime,
    /// Its configuration file.
    pub config: PathBuf,
    /// How often a configuration was put in force.
    pub generation: u64,
    /// When the last one was.
    pub configured: SystemTime,
    /// Why the last reload was refused.
    pub config_error: Option<String>,
    /// SHA-256 of the texts it was read from.
    pub digest: String,
    /// It is undone then unless somebody confirms it.
    pub unconfirmed: Option<Instant>,
    /// Addresses listened on.
    pub listening: Vec<String>,
    /// It is about to leave for good.
    pub draining: Option<Draining>,
    /// Where routes of our own stand in it.
    pub origins: Arc<Origins>,
}

/// A drain, as people are told about it.
#[derive(Clone, Copy, Debug)]
pub struct Draining {
    /// When it began.
    pub since: SystemTime,
    /// When it ends at the latest.
    pub until: Instant,
    /// Every peer has been told.
    pub told: bool,
}

/// What only the daemon can do.
#[derive(Debug)]
pub enum Command {
    /// Read the configuration file again.
    Reload {
        /// Refuse what costs more.
        max_effect: Option<Effect>,
        /// What it did, or why not.
        answer: oneshot::Sender<Result<Reloaded, Refusal>>,
    },
    /// Say what another configuration would change.
    Diff {
        /// The configuration.
        draft: Draft,
        /// Every difference, or what is wrong with it.
        answer: oneshot::Sender<Result<Vec<Change>, Refusal>>,
    },
    /// Say what another configuration would tell the speaker.
    Prospect {
        /// The configuration.
        draft: Draft,
        /// What it would, or what is wrong with it.
        answer: oneshot::Sender<Result<Prospect, Refusal>>,
    },
    /// Put another configuration in force.
    Apply {
        /// The configuration.
        draft: Draft,
        /// Go back after this time unless it is confirmed.
        confirm: Option<Duration>,
        /// Refuse what costs more.
        max_effect: Option<Effect>,
        /// What it did, or why not.
        answer: oneshot::Sender<Result<Reloaded, Refusal>>,
    },
    /// What is on trial stays.
    Confirm(oneshot::Sender<Result<(), Refusal>>),
    /// Go back to what was in force before.
    Undo(oneshot::Sender<Result<Reloaded, Refusal>>),
    /// Change how much is logged, or only say it.
    Log {
        /// The change.
        change: Option<Loudness>,
        /// What holds then, or why it cannot be changed so.
        answer: oneshot::Sender<Result<Vec<LogLevel>, Refusal>>,
    },
    /// Ask traffic away, then leave for good.
    Drain {
        /// How long that may take.
        limit: Duration,
        /// It has begun.
        answer: oneshot::Sender<Result<(), Refusal>>,
    },
    /// Stay after all.
    Undrain(oneshot::Sender<Result<(), Refusal>>),
}

/// Answers one request, part by part, each after the one before it has been taken.
pub(crate) async fn answer(verb: Verb, context: &Context, replies: &mut impl Reader) -> Result<(), Failure> {
    match verb {
        Verb::Status => replies.items(&[status(context).await?]).await,
        Verb::Ready => replies.items(&[health::readiness(context).await?]).await,
        Verb::Peers => {
            for page in peers(context).await?.chunks(LINE) {
                replies.items(page).await?;
            }
            Ok(())
        }
        Verb::Peer { name } => replies.items(&[peer(context, name).await?]).await,
        Verb::Routes(selection) => routes(context, selection, replies).await,
        Verb::Explain { prefix, peer, about } => {
            replies.items(&[explain::prefix(context, &prefix, peer, about).await?]).await
        }
        Verb::ExplainPeer { name } => replies.items(&[explain_peer(context, name).await?]).await,
        Verb::Kernel { drift } => kernel_routes(context, drift, replies).await,
        Verb::KernelSummary => {
            let metrics = table(context)?.metrics().await?;
            replies.items(&[kernel::summary(metrics)]).await
        }
        Verb::SweepAnyway => sweep_anyway(context).await,
        Verb::Reload { max_effect } => {
            let reloaded = command(context, |answer| Command::Reload { max_effect, answer }).await?;
            replies.items(&[reloaded]).await
        }
        Verb::Diff(draft) => {
            for page in command(context, |answer| Command::Diff { draft, answer }).await?.chunks(LINE) {
                replies.items(page).await?;
            }
            Ok(())
        }
        Verb::DiffRoutes(draft) => rehearsal::consequences(context, draft, replies).await,
        Verb::Apply { draft, confirm, max_effect } => {
            let confirm = confirm.map(Duration::from_secs);
            let apply = |answer| Command::Apply { draft, confirm, max_effect, answer };
            replies.items(&[command(context, apply).await?]).await
        }
        Verb::Confirm => command(context, Command::Confirm).await,
        Verb::Undo => replies.items(&[command(context, Command::Undo).await?]).await,
        Verb::Log { level } => replies.items(&loudness::levels(context, level).await?).await,
        Verb::Drain { limit } => {
            let limit = Duration::from_secs(limit);
            command(context, |answer| Command::Drain { limit, answer }).await
        }
        Verb::Undrain => command(context, Command::Undrain).await,
        Verb::History(recall) => recall::history(context, recall, replies).await,
        Verb::Watch(recall) => recall::watch(context, recall, &context.watchers, replies).await,
        Verb::Admin { peer, action, text } => admin(context, peer, action, text).await,
    }
}

async fn status(context: &Context) -> Result<api::Status, Failure> {
    let ask = |speaker: &Speaker, now| (speaker.view().summary(), speaker.view().groups(), now);
    let (summary, groups, now) = context.inbox.ask(ask).await?;
    let kernel = match &context.kernel {
        Some(table) => Some(kernel::totals(table.metrics().await?.gauges)),
        None => None,
    };
    let facts = context.facts.borrow().clone();
    let Summary { asn, router_id, peers, established, disabled, tables, settled, headless, flaws, .. } =
        summary;
    let tables = tables
        .into_iter()
        .map(|(family, prefixes, paths)| (family.to_string(), api::TableTotals { prefixes, paths }));
    Ok(api::Status {
        role: match facts.role {
            Role::Node => "node".to_owned(),
            Role::Reflector => "reflector".to_owned(),
        },
        version: env!("CARGO_PKG_VERSION").to_owned(),
        asn: asn.0,
        router_id: router_id.to_string(),
        started: Timestamp(facts.started).to_string(),
        uptime: facts.started.elapsed().unwrap_or_default().as_secs(),
        config: facts.config.display().to_string(),
        generation: facts.generation,
        configured: Timestamp(facts.configured).to_string(),
        config_error: facts.config_error,
        digest: facts.digest,
        unconfirmed: facts.unconfirmed.map(|until| until.saturating_duration_since(Instant::now()).as_secs()),
        listening: facts.listening,
        peers: api::PeerTotals { total: peers, established, disabled },
        routes: tables.collect::<BTreeMap<_, _>>(),
        settled,
        headless: headless.map(|since| now.since(since).as_secs()),
        draining: facts.draining.map(draining),
        kernel,
        groups: groups.into_iter().map(picture::group).collect(),
        topology: flaws.iter().map(ToString::to_string).collect(),
    })
}

fn draining(Draining { since, until, told }: Draining) -> api::Draining {
    let remaining = until.saturating_duration_since(Instant::now()).as_secs();
    api::Draining { since: Timestamp(since).to_string(), remaining, told }
}

async fn peers(context: &Context) -> Result<Vec<api::Peer>, Failure> {
    let (peers, painter) = look(context, |speaker| speaker.view().peers()).await?;
    Ok(peers.into_iter().map(|peer| painter.peer(peer)).collect())
}

async fn peer(context: &Context, name: String) -> Result<api::Peer, Failure> {
    let (peer, painter) = look(context, move |speaker| find(&name, &speaker.view())).await?;
    Ok(painter.peer(peer?))
}

async fn explain_peer(context: &Context, name: String) -> Result<api::PeerExplanation, Failure> {
    let (peer, painter) = look(context, move |speaker| find(&name, &speaker.view())).await?;
    let peer = peer?;
    let options = context.sockets.borrow().of(&peer.name, peer.address).cloned();
    Ok(trouble::explain(&peer, options.as_ref(), painter))
}

async fn routes(context: &Context, selection: Selection, replies: &mut impl Reader) -> Result<(), Failure> {
    let asked = context.inbox.ask(move |speaker, now| query(&selection, &speaker.view(), now)).await??;
    let mut from = None;
    loop {
        let (routes, next) = page(context, &asked, from, PAGE).await?;
        replies.items(&routes).await?;
        if next.is_none() {
            return Ok(());
        }
        from = next;
    }
}

/// About `limit` routes of a listing from a place on, always whole prefixes, and where to go on.
pub(crate) async fn some_routes(
    context: &Context,
    selection: Selection,
    from: Option<Cursor>,
    limit: usize,
) -> Result<(Vec<api::Route>, Option<Cursor>), Failure> {
    let asked = context.inbox.ask(move |speaker, now| query(&selection, &speaker.view(), now)).await??;
    let (mut routes, mut next) = page(context, &asked, from, limit.min(PAGE)).await?;
    while next.is_some() && routes.len() < limit {
        let (more, then) = page(context, &asked, next, (limit - routes.len()).min(PAGE)).await?;
        routes.extend(more);
        next = then;
    }
    Ok((routes, next))
}

async fn page(
    context: &Context,
    asked: &RouteQuery,
    from: Option<Cursor>,
    most: usize,
) -> Result<(Vec<api::Route>, Option<Cursor>), Failure> {
    let asked = asked.clone();
    let (page, painter) = look(context, move |speaker| speaker.view().routes(&asked, from, most)).await?;
    Ok((page.routes.into_iter().map(|route| painter.route(route)).collect(), page.next))
}

/// The kernel's table, where there is one.
fn table(context: &Context) -> Result<&fib_sync::Handle, Refusal> {
    let off = || Refusal::refused("the kernel is not programmed: [kernel] enabled = false");
    context.kernel.as_ref().ok_or_else(off)
}

async fn kernel_routes(context: &Context, drift: bool, replies: &mut impl Reader) -> Result<(), Failure> {
    let table = table(context)?;
    let which = if drift { Listing::Differing } else { Listing::All };
    let mut after = None;
    loop {
        let page = table.page(which, after, LINE).await?;
        let now = SystemTime::now();
        let routes: Vec<api::KernelRoute> =
            page.routes.iter().map(|route| kernel::route(route, now)).collect();
        replies.items(&routes).await?;
        if page.next.is_none() {
            return Ok(());
        }
        after = page.next;
    }
}

async fn sweep_anyway(context: &Context) -> Result<(), Failure> {
    let table = table(context)?;
    match table.metrics().await?.held {
        Some(_) => Ok(table.sweep_anyway().await?),
        None => Err(Refusal::not_found("no sweep is held").into()),
    }
}

async fn admin(context: &Context, name: String, action: Action, text: String) -> Result<(), Failure> {
    let peer = context.inbox.ask(move |speaker, _| find(&name, &speaker.view())).await??;
    let fact = Fact::Asked(action.as_str());
    context.inbox.note(Note { peer: Some(peer.name), fact, reason: String::new() }).await;
    let action = match action {
        Action::Enable => Admin::Enable,
        Action::Disable => Admin::Disable { text },
        Action::Reset => Admin::Reset,
        Action::RefreshIn => Admin::RefreshIn,
        Action::RefreshOut => Admin::RefreshOut,
    };
    context.inbox.order(Input::Admin { peer: peer.id, action }).await;
    Ok(())
}

/// Looks at the speaker and remembers when.
pub(super) async fn look<T, F>(context: &Context, glance: F) -> Result<(T, Painter), Failure>
where
    T: Send + 'static,
    F: FnOnce(&Speaker) -> T + Send + 'static,
{
    let (seen, now) = context.inbox.ask(|speaker, now| (glance(speaker), now)).await?;
    Ok((seen, Painter { clock: context.inbox.clock(), now }))
}

pub(super) async fn command<T, F>(context: &Context, make: F) -> Result<T, Failure>
where
    F: FnOnce(oneshot::Sender<Result<T, Refusal>>) -> Command,
{
    Ok(context.command(make).await?)
}
