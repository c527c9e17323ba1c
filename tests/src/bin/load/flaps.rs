//! One prefix comes and goes, and how long it takes until the last listener knows.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tests::failure::Failure;
use tests::load::daemon::Which;
use tests::load::mark::Passage;
use tests::load::table::Table;

use crate::figures::{Figures, Latency, mebibytes};
use crate::scene::{PATIENCE, Plan, Scene};

/// Nothing else happens.
pub(crate) fn alone(figures: Figures, which: Which, plan: &Plan<'_>) -> Result<Figures, Failure> {
    let mut scene = Scene::set(figures, which, plan, Passage::Reflected)?;
    scene.fill()?;
    let flap = Flap::of(&scene)?;
    flap.measure(&mut scene, "flap", None)?;
    scene.end()
}

/// The same speaker changes a thousand other routes a second.
pub(crate) fn among_others(figures: Figures, which: Which, plan: &Plan<'_>) -> Result<Figures, Failure> {
    let mut scene = Scene::set(figures, which, plan, Passage::Reflected)?;
    scene.fill()?;
    let (flap, mut others) = (Flap::of(&scene)?, Others::of(&scene));
    flap.measure(&mut scene, "flap among others", Some(&mut others))?;
    scene.end()
}

/// Among others too; then one listener stops reading, the whole table changes a few times, and all once more.
pub(crate) fn beside_a_deaf_one(figures: Figures, which: Which, plan: &Plan<'_>) -> Result<Figures, Failure> {
    let mut scene = Scene::set(figures, which, plan, Passage::Reflected)?;
    scene.fill()?;
    let (flap, mut others) = (Flap::of(&scene)?, Others::of(&scene));
    flap.measure(&mut scene, "all read", Some(&mut others))?;
    scene.deafen_one();
    let before = scene.running.usage()?.memory;
    for _ in 0..ROUNDS {
        change_all(&mut scene)?;
    }
    let (flap, mut others) = (Flap::of(&scene)?, Others::of(&scene));
    flap.measure(&mut scene, "one reads no more", Some(&mut others))?;
    let growth = mebibytes(scene.running.usage()?.memory.saturating_sub(before));
    scene.figures.remark = Some(format!("RSS grew by {growth:.0} MiB"));
    scene.end()
}

/// Every route is announced anew, and all but the deaf one follow.
fn change_all(scene: &mut Scene) -> Result<(), Failure> {
    let news = scene.tables[0].reconsidered(1);
    let said = scene.voices[0].announcing(&news, 0);
    scene.voices[0].apply(&news, &mut scene.marks);
    scene.tables[0] = news;
    scene.want_marks();
    scene.phase("table anew", |scene| {
        scene.crowd.say(0, &said);
        scene.until_complete()
    })
}

/// The first prefix that shares its attributes with no other, how it goes and how it comes.
struct Flap {
    number: u32,
    mark: u32,
    gone: Bytes,
    back: Bytes,
}

impl Flap {
    fn of(scene: &Scene) -> Result<Self, Failure> {
        let (table, voice) = (&scene.tables[0], &scene.voices[0]);
        let set = table.sets.iter().find(|set| set.members.len() == 1);
        let set = set.ok_or_else(|| Failure::new("find a lonely prefix", "no set of one"))?;
        Ok(Self {
            number: set.members.start as u32,
            mark: scene.marks[set.members.start],
            gone: voice.withdrawing(table, set),
            back: voice.announcing_set(table, set),
        })
    }

    fn measure(
        &self,
        scene: &mut Scene,
        what: &'static str,
        mut others: Option<&mut Others>,
    ) -> Result<(), Failure> {
        let mut times = Vec::with_capacity(FLAPS);
        scene.phase(what, |scene| {
            for flap in 0..FLAPS {
                let pause = Instant::now();
                while pause.elapsed() < PAUSE {
                    Others::act(others.as_deref_mut(), scene)?;
                }
                let (said, mark) = if flap % 2 == 0 { (&self.gone, 0) } else { (&self.back, self.mark) };
                times.push(self.once(scene, said, mark, others.as_deref_mut())?);
            }
            if let Some(others) = others {
                others.settle(scene);
            }
            scene.until_complete()
        })?;
        scene.figures.latencies.push(Latency::of(what, times));
        Ok(())
    }

    /// From the write until the last listener has read.
    fn once(
        &self,
        scene: &mut Scene,
        said: &Bytes,
        mark: u32,
        mut others: Option<&mut Others>,
    ) -> Result<Duration, Failure> {
        for client in scene.hearing() {
            scene.crowd.change(client, |client| {
                if let Some(sink) = &mut client.sink {
                    sink.watch(self.number, mark);
                }
            });
        }
        let start = Instant::now();
        scene.crowd.say(0, std::slice::from_ref(said));
        while scene.crowd.watching > 0 {
            Others::act(others.as_deref_mut(), scene)?;
            if start.elapsed() > PATIENCE {
                return Err(Failure::new("wait for a flap", scene.crowd.standing()));
            }
        }
        Ok(start.elapsed())
    }
}

/// Other routes that are alone with their attributes, changing at [`RATE`]: to another MED, and back.
struct Others {
    /// As they are, and as they become.
    forms: [Table; 2],
    said: [Vec<Bytes>; 2],
    start: Instant,
    count: usize,
}

impl Others {
    fn of(scene: &Scene) -> Self {
        let (table, voice) = (&scene.tables[0], &scene.voices[0]);
        let lonely = table.sets.iter().filter(|set| set.members.len() == 1).skip(1).cloned();
        let now = Table { prefixes: table.prefixes.clone(), sets: lonely.collect() };
        let forms = [now.reconsidered(1), now];
        let said = forms
            .each_ref()
            .map(|form| form.sets.iter().map(|set| voice.announcing_set(form, set)).collect::<Vec<Bytes>>());
        Self { forms, said, start: Instant::now(), count: 0 }
    }

    /// Turns the crowd once, after saying what is due.
    fn act(others: Option<&mut Self>, scene: &mut Scene) -> Result<(), Failure> {
        if let Some(others) = others {
            if others.count == 0 {
                others.start = Instant::now();
            }
            let due = (others.start.elapsed().as_secs_f64() * RATE) as usize + 1;
            for change in others.count..due {
                let (round, set) = (change / others.forms[0].sets.len(), change % others.forms[0].sets.len());
                scene.crowd.say(0, std::slice::from_ref(&others.said[round % 2][set]));
            }
            others.count = due.max(others.count);
        }
        scene.crowd.turn(TICK)
    }

    /// Sets what listeners hold when all that was said has come.
    fn settle(&self, scene: &mut Scene) {
        let sets = self.forms[0].sets.len();
        for set in 0..sets.min(self.count) {
            let form = &self.forms[(self.count - 1 - set) / sets % 2];
            let voice = scene.voices[0];
            let one = Table { prefixes: Vec::new(), sets: vec![form.sets[set].clone()] };
            voice.apply(&one, &mut scene.marks);
        }
        scene.want_marks();
    }
}

/// How often the prefix comes or goes.
const FLAPS: usize = 200;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(10);
/// Other changes a second.
const RATE: f64 = 1000.0;
const TICK: Duration = Duration::from_millis(1);
/// How often the whole table changes beside the deaf one.
const ROUNDS: usize = 10;
