//! The cluster at work: packets between all pods, a witness on every host, and daemons that go.

use std::net::IpAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ipnet::IpNet;

use super::router::Router;
use super::scenario::{End, Scenario};
use super::shape::Shape;
use crate::cluster::{Restarts, Seat, Sessions, Setup, Wiring, build};
use crate::failure::Failure;
use crate::flood::Flood;
use crate::kernel::Ip;
use crate::netns::Netns;
use crate::ping::ping;
use crate::removals::Removals;
use crate::wait;

/// A cluster whose daemons run and whose pods reach each other.
#[derive(Debug)]
pub struct Stage {
    setup: Setup,
    wiring: Wiring,
    routers: Vec<(Seat, Router)>,
    patience: Duration,
}

/// What a scenario cost.
#[derive(Debug)]
pub struct Outcome {
    /// Echo requests sent.
    pub sent: usize,
    /// Those without a reply.
    pub lost: usize,
    /// The longest time for which one pod did not answer another.
    pub gap: Duration,
    /// Routes to blocks of the cluster that the kernels said were deleted: on which host, and which.
    pub removed: Vec<(&'static str, IpNet)>,
    /// From the start of the daemons until everybody was whole again.
    pub recovery: Duration,
}

impl Stage {
    /// Starts everything and waits until every pod answers every other one.
    ///
    /// Reflectors promise `restarts`; `patience` is how long a recovery may take.
    pub fn set(shape: Shape, restarts: Restarts, patience: Duration) -> Result<Self, Failure> {
        let reflectors = Sessions::Reflectors(2);
        let setup = Setup { sessions: reflectors, restarts: Some(restarts), ..Setup::documented() };
        let wiring = build(&setup)?;
        let mut stage = Self { routers: Vec::new(), setup, wiring, patience };
        for seat in stage.setup.seats() {
            let (place, make) = match seat {
                Seat::Host(which) => (&stage.wiring.hosts[which], shape.hosts),
                Seat::Reflector(number) => (&stage.wiring.reflectors[number], shape.reflectors),
            };
            let mut router = Router::new(&stage.setup, seat, make, Arc::clone(place))?;
            router.start()?;
            stage.routers.push((seat, router));
        }
        stage.until_whole()?;
        stage.until_carrying()?;
        Ok(stage)
    }

    /// Plays a scenario.
    pub fn play(&mut self, scenario: &Scenario) -> Result<Outcome, Failure> {
        let hosts = self.setup.hosts.iter().map(|host| host.name).zip(&self.wiring.hosts);
        let witnesses: Vec<(&'static str, Removals)> = hosts
            .map(|(name, place)| Ok((name, Removals::begin(Arc::clone(place))?)))
            .collect::<Result<_, Failure>>()?;
        let floods: Vec<Flood> = self.wiring.pods.iter().map(|pod| self.flood(pod)).collect();
        let began = self.upset(scenario)?;
        self.until_whole()?;
        let recovery = began.elapsed();
        let mut outcome = Outcome { sent: 0, lost: 0, gap: Duration::ZERO, removed: Vec::new(), recovery };
        for flood in floods {
            let tally = flood.end()?;
            outcome.sent += tally.sent;
            outcome.lost += tally.lost.len();
            outcome.gap = outcome.gap.max(tally.gap);
        }
        for (name, witness) in witnesses {
            let removed = witness.end()?.removed.into_iter().filter(|prefix| self.is_to_stay(prefix));
            outcome.removed.extend(removed.map(|prefix| (name, prefix)));
        }
        Ok(outcome)
    }

    /// Ends the daemons and starts them again; returns when that was.
    fn upset(&mut self, scenario: &Scenario) -> Result<Instant, Failure> {
        let seats = scenario.who.seats();
        for (_, router) in self.routers.iter_mut().filter(|(seat, _)| seats.contains(seat)) {
            match scenario.end {
                End::Killed => router.kill(),
                End::Told => router.terminate()?,
            }
        }
        // The scenario itself: nothing is waited for.
        thread::sleep(scenario.away);
        let began = Instant::now();
        for (_, router) in self.routers.iter_mut().filter(|(seat, _)| seats.contains(seat)) {
            router.start()?;
        }
        Ok(began)
    }

    /// Everybody at one time: who looks whole early may have the worst before it.
    fn until_whole(&mut self) -> Result<(), Failure> {
        let whole = wait::until("a whole cluster", self.patience, || {
            self.routers.iter_mut().try_for_each(|(_, router)| router.check())
        });
        whole.map_err(|failure| {
            let words = self.routers.iter().map(|(_, router)| router.last_words());
            Failure::new(failure.to_string(), words.collect::<Vec<_>>().join("\n\n"))
        })
    }

    /// Both ways of every pair, so that no neighbour has to be found any more.
    fn until_carrying(&self) -> Result<(), Failure> {
        for (host, number, place) in &self.wiring.pods {
            for to in self.others(*host, *number) {
                let answer = || place.run(|| ping(to, Duration::from_millis(200)))?;
                wait::until(&format!("an answer from {to}"), self.patience, answer)?;
            }
        }
        Ok(())
    }

    /// From one pod to all others, in both families.
    fn flood(&self, (host, number, place): &(usize, usize, Arc<Netns>)) -> Flood {
        Flood::begin(Arc::clone(place), self.others(*host, *number))
    }

    fn others(&self, host: usize, number: usize) -> Vec<IpAddr> {
        let others = self.wiring.pods.iter().filter(|(other, pod, _)| (*other, *pod) != (host, number));
        let pods = others.map(|(other, pod, _)| &self.setup.hosts[*other].pods[*pod]);
        pods.flat_map(|pod| Ip::BOTH.map(|ip| pod.address(ip))).collect()
    }

    fn is_to_stay(&self, prefix: &IpNet) -> bool {
        self.setup.hosts.iter().any(|host| Ip::BOTH.iter().any(|ip| host.block(*ip) == *prefix))
    }
}
