//! What happened, told once, or for as long as somebody reads.
//!
//! Nobody is remembered who reads: each page is asked for with the number up to which the reader has seen everything. Who
//! reads slowly finds what is remembered by then, and is told what is not.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bgp_core::speaker::Speaker;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::answer::Context;
use super::event::Chronicler;
use super::picture::Painter;
use super::query::{Asked, among, prefix};
use super::reply::{Failure, Reader};
use crate::api::{self, EventId, Only, Recall, Refusal};
use crate::chronicle::{Chronicle, Page, Prefixes, Topic, Wanted};
use crate::driver::Stopped;

/// Events of one page of a stream.
const PAGE: usize = 500;

/// Between two pages of a stream: who follows a million changes of routes costs the speaker ten pages a second.
const PACE: Duration = Duration::from_millis(100);

/// How long a stream is silent before it shows that it is there.
const BEAT: Duration = Duration::from_secs(15);

/// Events told at once where nobody says how many.
const ENOUGH: usize = 100;

/// Most events told at once: more than are remembered of all peers together.
pub(crate) const MOST: usize = 10_000;

/// Most peers that can be named at once: they are looked for on the speaker's thread.
const PEERS: usize = 64;

/// Events in one line of an answer.
const LINE: usize = 1000;

/// What somebody wants to read, as this daemon understands it.
struct Reading {
    wanted: Wanted,
    /// What has been read; `None` where nothing is said about it.
    after: Option<u64>,
    /// It was another daemon's life that was read.
    elsewhere: bool,
    /// The number of what had happened last when this was asked.
    numbered: u64,
    run: u64,
}

/// The last events, or those that follow one.
pub(super) async fn history(
    context: &Context,
    recall: Recall,
    replies: &mut impl Reader,
) -> Result<(), Failure> {
    let (events, _) = some_events(context, recall).await?;
    for line in events.chunks(LINE) {
        replies.items(line).await?;
    }
    Ok(())
}

/// The same at once, and after which to go on where there are more.
pub(crate) async fn some_events(
    context: &Context,
    recall: Recall,
) -> Result<(Vec<api::Event>, Option<String>), Failure> {
    let limit = recall.limit.unwrap_or(ENOUGH);
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::usage(format!("`limit` lies between 1 and {MOST}")).into());
    }
    let reading = begin(context, &recall).await??;
    let (page, chronicler) = match reading.after {
        Some(after) => look(context, &reading, after, limit).await?,
        None => {
            let wanted = reading.wanted.clone();
            let glance = move |speaker: &Speaker, chronicle: &Chronicle| {
                chronicle.latest(&wanted, limit, speaker.view())
            };
            paint(context, reading.run, glance).await?
        }
    };
    let next = page.has_more.then(|| chronicler.id(page.read_until).to_string());
    Ok((reading.events(&page, reading.after, chronicler), next))
}

/// What happens, from now on or from what was read, until the reader or the speaker is gone, or the reader has heard as
/// much as it asked for. One of the `places` is taken meanwhile.
pub(crate) async fn watch(
    context: &Context,
    recall: Recall,
    places: &Arc<Semaphore>,
    replies: &mut impl Reader,
) -> Result<(), Failure> {
    let full = |_| Refusal::refused("as many are watching as may: try again when one of them has gone");
    let _place = Arc::clone(places).try_acquire_owned().map_err(full)?;
    let Ok(begun) = begin(context, &recall).await else { return Ok(()) };
    let reading = begun?;
    follow(context, reading, recall.limit.unwrap_or(usize::MAX), replies).await
}

/// Tells page after page, at most `left` events. Whoever hears of nothing hears how far that is: at once, and again and
/// again, so that a break costs nothing and nobody has to wonder whether we are there.
async fn follow(
    context: &Context,
    mut reading: Reading,
    mut left: usize,
    replies: &mut impl Reader,
) -> Result<(), Failure> {
    let mut news = context.inbox.news();
    // Who asks for what happens from now on may act as soon as it hears from us.
    let mut at = reading.after.unwrap_or(reading.numbered);
    let mut beat_at = Instant::now();
    loop {
        // What happens from here on wakes us, whether the page has it or not.
        news.mark_unchanged();
        let Ok((page, chronicler)) = look(context, &reading, at, PAGE).await else { return Ok(()) };
        let mut events = reading.events(&page, Some(at), chronicler);
        events.truncate(left);
        at = page.read_until;
        if !events.is_empty() {
            replies.items(&events).await?;
            beat_at = Instant::now() + BEAT;
        } else if beat_at <= Instant::now() {
            replies.beat(chronicler.id(at)).await?;
            beat_at = Instant::now() + BEAT;
        }
        left -= events.len();
        if left == 0 {
            return Ok(());
        }
        reading.elsewhere = false;
        sleep(PACE).await;
        if !page.has_more && !something_happens(&mut news, beat_at, replies).await {
            return Ok(());
        }
    }
}

/// Waits until something happens, or it is time to show that we are there; `false` once the reader or the speaker is
/// not.
async fn something_happens(news: &mut watch::Receiver<u64>, beat_at: Instant, replies: &impl Reader) -> bool {
    tokio::select! {
        happened = news.changed() => happened.is_ok(),
        () = sleep_until(beat_at) => true,
        () = replies.gone() => false,
    }
}

/// Understands what somebody wants to read.
async fn begin(context: &Context, recall: &Recall) -> Result<Result<Reading, Refusal>, Stopped> {
    let (run, recall) = (run(context), recall.clone());
    let question = move |speaker: &Speaker, chronicle: &Chronicle, now| {
        let wanted = wanted(&recall, speaker, chronicle, now)?;
        Reading::begin(wanted, recall.after.as_deref(), speaker.view().numbered(), run)
    };
    context.inbox.recall(question).await
}

fn wanted(
    recall: &Recall,
    speaker: &Speaker,
    chronicle: &Chronicle,
    now: bgp_core::Instant,
) -> Result<Wanted, Refusal> {
    let since =
        recall.since.map_or(0, |seconds| now.as_micros().saturating_sub(seconds.saturating_mul(1_000_000)));
    Ok(Wanted {
        peers: recall.peer.as_deref().map_or(Ok(BTreeSet::new()), |text| peers(text, speaker, chronicle))?,
        prefixes: match recall.prefix.as_deref().map(prefix).transpose()? {
            None => Prefixes::Any,
            Some(Asked::Prefix(prefix)) => Prefixes::Exactly(prefix),
            Some(Asked::Address(address)) => Prefixes::Covering(address),
        },
        since: bgp_core::Instant::from_micros(since),
        topic: match recall.only {
            Only::All => Topic::All,
            Only::Events => Topic::Events,
            Only::Routes => Topic::Routes,
        },
    })
}

/// The peers that a list names, former ones too.
fn peers(list: &str, speaker: &Speaker, chronicle: &Chronicle) -> Result<BTreeSet<String>, Refusal> {
    let names: BTreeSet<&str> = list.split(',').collect();
    if names.len() > PEERS {
        return Err(Refusal::usage(format!("{} peers are named, at most {PEERS} can be", names.len())));
    }
    let known = speaker.view().peers();
    let name = |text: &str| match among(text, &known) {
        Ok(peer) => Ok(peer.name.to_string()),
        Err(_) if chronicle.knows(text) => Ok(text.to_owned()),
        Err(refusal) => Err(refusal),
    };
    names.into_iter().map(name).collect()
}

async fn look(
    context: &Context,
    reading: &Reading,
    after: u64,
    most: usize,
) -> Result<(Page, Chronicler), Stopped> {
    let wanted = reading.wanted.clone();
    let glance =
        move |speaker: &Speaker, chronicle: &Chronicle| chronicle.after(after, &wanted, most, speaker.view());
    paint(context, reading.run, glance).await
}

async fn paint<F>(context: &Context, run: u64, glance: F) -> Result<(Page, Chronicler), Stopped>
where
    F: FnOnce(&Speaker, &Chronicle) -> Page + Send + 'static,
{
    let question = move |speaker: &Speaker, chronicle: &Chronicle, now| (glance(speaker, chronicle), now);
    let (page, now) = context.inbox.recall(question).await?;
    let painter = Painter { clock: context.inbox.clock(), now };
    Ok((page, Chronicler { painter, run }))
}

impl Reading {
    /// Begins where `after` says, in the life `run` of a daemon in which so much has happened.
    fn begin(wanted: Wanted, after: Option<&str>, numbered: u64, run: u64) -> Result<Self, Refusal> {
        let after = after.map(str::parse::<EventId>).transpose();
        let after = after.map_err(|error| Refusal::usage(error.to_string()))?;
        let is_ours = |id: &EventId| id.run.is_none_or(|theirs| theirs == run) && id.seq <= numbered;
        let elsewhere = after.is_some_and(|id| !is_ours(&id));
        let after = after.map(|id| if elsewhere { 0 } else { id.seq });
        Ok(Self { wanted, after, elsewhere, numbered, run })
    }

    /// A page, and before it what is missing.
    fn events(&self, page: &Page, after: Option<u64>, chronicler: Chronicler) -> Vec<api::Event> {
        let mut events = Vec::with_capacity(page.items.len() + 1);
        let after = after.unwrap_or_default();
        if self.elsewhere {
            let reason = "the daemon was started again: what was remembered before is gone";
            events.push(chronicler.gap(after, page.lost_until, reason));
        } else if page.lost_until.is_some() {
            let reason = "some of what followed is not remembered any more";
            events.push(chronicler.gap(after, page.lost_until, reason));
        }
        events.extend(page.items.iter().map(|item| chronicler.event(item)));
        events
    }
}

fn run(context: &Context) -> u64 {
    let started = context.facts.borrow().started;
    let age = started.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
}
