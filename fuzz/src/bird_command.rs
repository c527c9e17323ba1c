//! Lines that clients of a BIRD send.

use bgp_daemon::bird::{Command, parse};

/// Any line is understood or refused; understanding it twice says the same, and blanks around it mean nothing.
pub fn bird_command(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    for line in text.lines() {
        let first = parse(line);
        assert_eq!(first, parse(line));
        assert_eq!(first, parse(&format!("  {line}\t \r")), "blanks mean something");
        match first {
            Ok(Command::Route(route)) => {
                // `where` may be cut down to its first letter.
                assert!(line.contains('w') || route.condition.is_none(), "a condition out of nothing");
            }
            Ok(_) => {}
            Err(wrong) => assert!(!wrong.to_string().is_empty(), "refused without a reason"),
        }
    }
}
