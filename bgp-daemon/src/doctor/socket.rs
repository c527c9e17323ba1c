//! Whether the control socket answers whoever asks.

use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::api::Finding;

const CHECK: &str = "control_socket";
const WHY: &str = "every verb that asks the daemon goes through it";

/// Says what became of an attempt to reach a daemon at `socket`: `failure` is the kind of error and its words.
pub(super) fn look(socket: &Path, failure: Option<&(ErrorKind, String)>, program: &str) -> Finding {
    let shown = socket.display();
    let Some((kind, words)) = failure else {
        return Finding::ok(CHECK, format!("the daemon at {shown} answers"));
    };
    match kind {
        ErrorKind::NotFound => Finding::unknown(CHECK, format!("no daemon listens at {shown}"), WHY)
            .repair(format!("systemctl start {program}    # or --socket where it runs elsewhere")),
        ErrorKind::ConnectionRefused => {
            Finding::warning(CHECK, format!("a daemon has left {shown} behind and does not run"), WHY)
                .repair(format!("systemctl start {program}"))
        }
        ErrorKind::PermissionDenied => {
            let seen = format!("you may not open {shown}{}", permissions(socket));
            Finding::error(CHECK, seen, WHY).repair(format!("sudo {program} doctor"))
        }
        ErrorKind::TimedOut => {
            Finding::error(CHECK, words.clone(), WHY).repair(format!("journalctl -u {program} -n 100"))
        }
        _ => Finding::unknown(CHECK, words.clone(), WHY),
    }
}

fn permissions(socket: &Path) -> String {
    match std::fs::metadata(socket) {
        Ok(it) => {
            format!(" (mode {:04o}, user {}, group {})", it.permissions().mode() & 0o7777, it.uid(), it.gid())
        }
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Standing;

    #[test]
    fn every_way_not_to_be_reached_has_its_standing() {
        let standing = |kind| look(Path::new("/x"), Some(&(kind, "words".to_owned())), "caracal").standing;
        assert_eq!(standing(ErrorKind::NotFound), Standing::Unknown, "it need not run");
        assert_eq!(standing(ErrorKind::ConnectionRefused), Standing::Warning);
        assert_eq!(standing(ErrorKind::PermissionDenied), Standing::Error);
        assert_eq!(standing(ErrorKind::TimedOut), Standing::Error);
        assert_eq!(look(Path::new("/x"), None, "caracal").standing, Standing::Ok);
    }
}
