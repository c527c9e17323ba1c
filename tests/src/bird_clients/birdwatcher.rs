//! birdwatcher, behind Alice-LG: how it reads `show protocols all` of either dialect, as birdc prints it. And bgperf2,
//! which reads less of the same.

use std::collections::BTreeMap;

/// A protocol as birdwatcher reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protocol {
    /// Its kind.
    pub kind: String,
    /// `up`, `start`, `down`.
    pub state: String,
    /// `Routes:`, by what they are called; of several channels the last one's.
    pub routes: BTreeMap<String, u64>,
    /// `Import updates` and the like: received, rejected, filtered, ignored, accepted.
    pub changes: BTreeMap<String, [Option<u64>; 5]>,
    /// Every other `Name: value`.
    pub values: BTreeMap<String, String>,
}

/// The protocols by name. One ends with an empty line, without which it is not there.
pub fn protocols(printed: &str) -> BTreeMap<String, Protocol> {
    let (mut protocols, mut lines) = (BTreeMap::new(), Vec::new());
    for line in printed.lines() {
        if line.trim().is_empty() {
            protocols.extend(protocol(&lines));
            lines.clear();
        } else {
            lines.push(line);
        }
    }
    protocols
}

fn protocol(lines: &[&str]) -> Option<(String, Protocol)> {
    let (mut name, mut protocol) = (None, Protocol::default());
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        if !line.starts_with(char::is_whitespace) {
            // The heading has no protocol's kind, and is overwritten by the line that follows it.
            let [its, kind, _table, state, ..] = words[..] else { continue };
            (name, protocol.kind, protocol.state) = (Some(its.to_owned()), kind.to_owned(), state.to_owned());
        } else if let ["Routes:", ..] = words[..] {
            let parts = line.trim().trim_start_matches("Routes:").split(',');
            let counts = parts.filter_map(|part| part.trim().split_once(' '));
            protocol.routes =
                counts.filter_map(|(count, what)| Some((what.to_owned(), count.parse().ok()?))).collect();
        } else if let Some((of, cells)) = changes(&words) {
            protocol.changes.insert(of, cells);
        } else if let Some((key, value)) = line.trim().split_once(':') {
            protocol.values.insert(key.to_owned(), value.trim().to_owned());
        }
    }
    Some((name?, protocol))
}

/// A row of exactly five cells.
fn changes(words: &[&str]) -> Option<(String, [Option<u64>; 5])> {
    let [way @ ("Import" | "Export"), of @ ("updates:" | "withdraws:"), cells @ ..] = words else {
        return None;
    };
    let cells: &[&str; 5] = cells.try_into().ok()?;
    let is_cell = |cell: &&str| *cell == "---" || cell.parse::<u64>().is_ok();
    let cells = cells.iter().all(is_cell).then(|| cells.map(|cell| cell.parse().ok()))?;
    Some((format!("{way} {}", of.trim_end_matches(':')), cells))
}

/// What bgperf2 takes from the same text: by neighbor's address how many routes were received and accepted, of those
/// that are Established.
pub fn neighbors(printed: &str) -> BTreeMap<String, (u64, u64)> {
    let (mut found, mut is_up, mut neighbor) = (BTreeMap::new(), false, None);
    for line in printed.lines() {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["BGP", "state:", state] => is_up = state == "Established",
            ["Neighbor", "address:", address] => neighbor = Some(address.to_owned()),
            ["Import", "updates:", received, _, _, _, accepted] if is_up => {
                if let (Some(neighbor), Ok(received), Ok(accepted)) =
                    (neighbor.take(), received.parse(), accepted.parse())
                {
                    found.insert(neighbor, (received, accepted));
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a BIRD 2.0.12 printed it.
    const PRINTED: &str = "Name       Proto      Table      State  Since         Info
tor_1      BGP        ---        up     2026-11-21 04:11:35  Established   
  Description:    tor
  BGP state:          Established
    Neighbor address: 10.99.0.3
    Hold timer:       58.244/90
  Channel ipv4
    State:          UP
    Routes:         2 imported, 1 filtered, 7 exported, 2 preferred
    Route change stats:     received   rejected   filtered    ignored   accepted
      Import updates:              3          0          1          0          2
      Import withdraws:            0          0        ---          1          0
      Export updates:             11          2          0        ---          9
      Export withdraws:            0        ---        ---        ---          2

";

    #[test]
    fn what_a_bird_printed_is_read() {
        let protocols = protocols(PRINTED);
        let tor = &protocols["tor_1"];
        assert_eq!((tor.kind.as_str(), tor.state.as_str()), ("BGP", "up"));
        assert_eq!((tor.routes["filtered"], tor.routes["preferred"]), (1, 2));
        assert_eq!(tor.changes["Import withdraws"], [Some(0), Some(0), None, Some(1), Some(0)]);
        assert_eq!(tor.changes.len(), 4);
        assert_eq!(tor.values["Hold timer"], "58.244/90");
        assert_eq!(neighbors(PRINTED)["10.99.0.3"], (3, 2));
    }
}
