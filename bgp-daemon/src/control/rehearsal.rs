//! What another configuration would make of the routes there are, page by page, beside the speaker's thread.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use bgp_core::rib::{Reach, Route};
use bgp_core::speaker::{Audience, Config, Consequence, Rehearsal, Said, Scene};
use ipnet::IpNet;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::answer::{Command, Context, command};
use super::picture;
use super::reply::{Failure, Reader};
use crate::api::{self, ChangeKind, Draft, Refusal};
use crate::fib;

/// Paths in one scene: about a millisecond of the speaker's time.
const SCENE: usize = 1000;

/// What another configuration would tell the speaker.
#[derive(Clone, Debug)]
pub struct Prospect {
    /// What it would be configured as.
    pub config: Config,
    /// Routes of our own that come, change (`Some`) or go (`None`).
    pub origins: BTreeMap<IpNet, Option<Route>>,
}

/// Writes every prefix of which something else would be said.
pub(super) async fn consequences(
    context: &Context,
    draft: Draft,
    replies: &mut impl Reader,
) -> Result<(), Failure> {
    let Prospect { config, origins } = command(context, |answer| Command::Prospect { draft, answer }).await?;
    let rehearse = move |speaker: &bgp_core::speaker::Speaker, _| speaker.view().rehearse(&config, origins);
    let mut rehearsal = context.inbox.ask(rehearse).await?;
    let mut kernel = Kernel { table: context.kernel.clone(), known: HashMap::new() };
    let mut from = None;
    loop {
        let scene = context.inbox.ask(move |speaker, _| speaker.view().scene(from, SCENE)).await?;
        from = scene.next();
        let played;
        (rehearsal, kernel, played) = aside(move || play(rehearsal, kernel, &scene)).await?;
        replies.items(&played).await?;
        if from.is_none() {
            break;
        }
    }
    let rest = aside(move || pictures(rehearsal.finish(&mut |address| kernel.look_up(address)))).await?;
    replies.items(&rest).await
}

fn play(
    mut rehearsal: Rehearsal,
    mut kernel: Kernel,
    scene: &Scene,
) -> (Rehearsal, Kernel, Vec<api::Consequence>) {
    let played = rehearsal.play(scene, &mut |address| kernel.look_up(address));
    (rehearsal, kernel, pictures(played))
}

/// Does what takes long where nobody waits for the thread.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    spawn_blocking(work).await.map_err(|error| Refusal::refused(format!("the rehearsal has failed: {error}")))
}

/// Asks how next hops are reached, each once.
struct Kernel {
    table: Option<fib_sync::Handle>,
    known: HashMap<IpAddr, Option<Reach>>,
}

impl Kernel {
    fn look_up(&mut self, address: IpAddr) -> Option<Reach> {
        let Self { table, known } = self;
        let ask = || Handle::current().block_on(table.as_ref()?.look_up(address)).ok()?.map(fib::reach);
        known.entry(address).or_insert_with(ask).clone()
    }
}

fn pictures(consequences: Vec<Consequence>) -> Vec<api::Consequence> {
    consequences.into_iter().map(picture).collect()
}

fn picture(Consequence { to, prefix, before, after }: Consequence) -> api::Consequence {
    let words = |said: Vec<Said>| {
        let mut words: Vec<String> = said.iter().map(said_in_words).collect();
        words.sort_unstable();
        words
    };
    let change = match (before.is_empty(), after.is_empty()) {
        (true, _) => ChangeKind::Added,
        (_, true) => ChangeKind::Removed,
        (false, false) => ChangeKind::Changed,
    };
    api::Consequence {
        peer: match to {
            Audience::Peer(name) => Some(name.to_string()),
            Audience::Kernel => None,
        },
        prefix: prefix.to_string(),
        change,
        before: words(before),
        after: words(after),
    }
}

fn said_in_words(said: &Said) -> String {
    match said {
        Said::Told(route) => picture::words(route),
        Said::Wished(route) => route.to_string(),
    }
}
