//! The same routes by fib-sync, through its public front.

use std::time::{Duration, Instant};

use fib_sync::{Config, Event, Events, Handle, Hop, Route};
use tests::failure::{Doing, Failure};
use tokio::runtime::{Builder, Runtime};

use crate::workload::{DEVICE, METRIC, PROTOCOL, Step, TABLE, Workload};

/// As many threads as a small machine has cores.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().doing("start a runtime")
}

/// The settings of everything measured: it writes, and learns as it would in a router.
pub(crate) fn config() -> Config {
    Config::new(TABLE, PROTOCOL, METRIC)
}

/// Does one step: from the first wish to the last acknowledgement, or, for a dump, from the start to the whole view.
pub(crate) fn step(step: Step, load: Workload) -> Result<Duration, Failure> {
    runtime()?.block_on(async {
        let begin = Instant::now();
        let (handle, events) = start().await?;
        if step == Step::Dump {
            let took = begin.elapsed();
            handle.stop().await.doing("stop")?;
            return Ok(took);
        }
        // Somebody reads what is told, as in a router.
        let listening = tokio::spawn(listen(events));
        let begin = Instant::now();
        wish(&handle, step, load).await?;
        handle.stop().await.doing("finish")?;
        let took = begin.elapsed();
        listening.await.doing("listen")?;
        Ok(took)
    })
}

/// Starts and waits for the first whole view.
pub(crate) async fn start() -> Result<(Handle, Events), Failure> {
    let (handle, mut events) = fib_sync::start(config()).doing("start fib-sync")?;
    while let Some(event) = events.next().await {
        if matches!(event, Event::Synced { .. }) {
            return Ok((handle, events));
        }
    }
    Err(Failure::new("read the table", "the task stopped"))
}

/// Wishes every route of the step.
pub(crate) async fn wish(handle: &Handle, step: Step, load: Workload) -> Result<(), Failure> {
    let route = Route::unicast([Hop::via(load.gateway(step)).over(DEVICE)]);
    for prefix in load.prefixes() {
        let wished = (step != Step::Delete).then(|| route.clone());
        handle.want(prefix, wished).await.doing("wish for a route")?;
    }
    Ok(())
}

async fn listen(mut events: Events) {
    while events.next().await.is_some() {}
}
