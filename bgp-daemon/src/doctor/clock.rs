//! The clock, by which everybody reads what happened when.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Scene;
use super::process::began;
use crate::api::Finding;

const CHECK: &str = "clock";
const WHY: &str = "times in logs, `since` and history cannot be compared with those of other hosts; timers do not \
    depend on it";

/// How far the clock may have been moved before anybody hears of it; a daemon reads the kernel's table before it says
/// that it has started.
const TOLERANCE: Duration = Duration::from_secs(10);

/// Compares when the daemon says that it began with when the system says so: the system's answer moves with the clock.
/// `touched` is when the configuration was last written, which cannot be yet to come.
pub(super) fn look(
    scene: &Scene<'_>,
    said: Option<SystemTime>,
    touched: Option<SystemTime>,
    now: SystemTime,
) -> Finding {
    let repair = "timedatectl set-ntp true";
    if let Some(ahead) =
        touched.and_then(|touched| touched.duration_since(now).ok()).filter(|it| *it > TOLERANCE)
    {
        let seen = format!("the configuration was written {} s in the future", ahead.as_secs());
        return Finding::warning(CHECK, seen, WHY).repair(repair);
    }
    let began = scene.daemon.and_then(|id| began(scene.root, id));
    let began = began.and_then(|at| UNIX_EPOCH.checked_add(Duration::from_secs(at)));
    if let (Some(said), Some(began)) = (said, began) {
        let moved = began.duration_since(said).unwrap_or_else(|error| error.duration());
        if moved > TOLERANCE {
            let seen = format!("the clock was moved by {} s since the daemon began", moved.as_secs());
            return Finding::warning(CHECK, seen, WHY).repair(repair);
        }
    }
    if scene.root.has("/run/systemd/timesync/synchronized") {
        return Finding::ok(CHECK, "systemd-timesyncd keeps it right");
    }
    Finding::ok(CHECK, "nothing says that it is wrong")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Standing;
    use crate::doctor::root::fixture::Fixture;

    #[test]
    fn a_clock_that_was_moved_is_noticed() {
        let host = Fixture::new(&[
            ("/proc/stat", "btime 1000\n"),
            ("/proc/9/stat", "9 (caracal) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 5000 0\n"),
        ]);
        let root = host.root();
        let scene = Scene { daemon: Some(9), ..Scene::bare(&root) };
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let standing = |said| look(&scene, Some(at(said)), None, at(2000)).standing;
        assert_eq!(standing(1055), Standing::Ok);
        assert_eq!(standing(1100), Standing::Warning);
        assert_eq!(standing(1000), Standing::Warning);
        host.write("/proc/stat", &format!("btime {}\n", u64::MAX));
        assert_eq!(standing(1055), Standing::Ok, "no time is that far away");
        let from_the_future = look(&scene, None, Some(at(2100)), at(2000));
        assert!(from_the_future.seen.contains("100 s in the future"), "{}", from_the_future.seen);
        assert_eq!(look(&scene, None, Some(at(1999)), at(2000)).standing, Standing::Ok);
    }
}
