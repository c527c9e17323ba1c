//! `bird6`: one daemon speaks for both families, and this is only there to be found beside it.
//!
//! Calico looks for a process of that name and for a service that runs. It ends when it is told to.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use super::daemon::Orders;

/// Between two looks for the daemon.
const PACE: Duration = Duration::from_secs(1);

/// Waits beside the daemon for as long as it lives, and for the next one.
pub(super) fn main(arguments: impl IntoIterator<Item = OsString>) -> Result<ExitCode, String> {
    let orders = match Orders::read(arguments)? {
        Ok(orders) => orders,
        Err(done) => return Ok(done),
    };
    let (loaded, _) = orders.load()?;
    if orders.only_check() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("bird6: `bird` speaks for both families; this process waits beside it");
    loop {
        wait_beside(&loaded.settings.control.socket);
        sleep(PACE);
    }
}

/// Returns when the daemon behind `socket` has gone, or if there is none.
fn wait_beside(socket: &Path) {
    let Ok(mut stream) = UnixStream::connect(socket) else { return };
    // It has nothing to say to who asks nothing: the end of this is its end, or its patience's.
    let _ = stream.read(&mut [0; 1]);
}
