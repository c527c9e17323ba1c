//! Channels: what a protocol exchanges with a table, through which filters, now and in the course of its session.

use std::sync::Arc;

use bgp_core::rib::{LocalSource, Source};
use bgp_core::speaker::{PeerView, RouteCounts};

use super::protocol::Lines;
use super::protocols::detail;

/// What a protocol exchanges with a table.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    preference: u16,
    /// What routes from the protocol have to pass.
    pub(crate) input: String,
    /// What routes to the protocol have to pass.
    pub(crate) output: String,
    /// `None` where no session is up.
    pub(crate) counts: Option<RouteCounts>,
}

impl Channel {
    /// That of routes of this machine's own.
    pub(crate) fn local(source: LocalSource, counts: RouteCounts) -> Self {
        let output = if source == LocalSource::Kernel { ACCEPT } else { REJECT };
        let (input, output) = (ACCEPT.to_owned(), output.to_owned());
        Self { preference: source.preference(), input, output, counts: Some(counts) }
    }

    /// That of a peer.
    pub(crate) fn bgp(peer: &PeerView, counts: RouteCounts) -> Self {
        let is_internal = peer.asn == Some(peer.local_asn);
        Self {
            preference: Source::BGP_PREFERENCE,
            input: filter(peer.import.as_deref(), is_internal),
            output: filter(peer.export.as_deref(), is_internal),
            counts: peer.negotiated.is_some().then_some(counts),
        }
    }

    /// Prints it, each line behind `indent`.
    pub(super) fn print(&self, indent: &str, lines: &mut Lines) {
        let mut say = |text: &str| detail(lines, format_args!("{indent}{text}"));
        say(&format!("Preference:     {}", self.preference));
        say(&format!("Input filter:   {}", self.input));
        say(&format!("Output filter:  {}", self.output));
        let Some(counts) = &self.counts else { return };
        let routes = routes(counts).map(|(what, count)| format!("{count} {what}"));
        say(&format!("Routes:         {}", routes.join(", ")));
        say("Route change stats:     received   rejected   filtered    ignored   accepted");
        for (what, cells) in changes(counts) {
            let cells = cells.map(|cell| cell.map_or_else(|| "---".to_owned(), |count| count.to_string()));
            let row = cells.map(|cell| format!("{cell:>10}")).join(" ");
            say(&format!("  {what:<20}{row}"));
        }
    }
}

/// Routes that there are, by what became of them.
pub(super) fn routes(counts: &RouteCounts) -> [(&'static str, u64); 4] {
    let RouteCounts { received, accepted, best, advertised, .. } = *counts;
    let filtered = received.saturating_sub(accepted);
    [("imported", accepted), ("filtered", filtered), ("exported", advertised), ("preferred", best)]
}

/// Changes that were received, rejected, filtered, ignored and accepted; `None` where a BIRD counts nothing. What import
/// refuses it counts once more as a withdrawal, and so do we here: accepted where a route went by it, otherwise ignored.
pub(crate) fn changes(counts: &RouteCounts) -> [(&'static str, [Option<u64>; 5]); 4] {
    let RouteCounts { import, export, .. } = counts;
    let announced =
        [import.announcements(), import.rejected, import.filtered, import.ignored, import.accepted];
    let told = (export.announcements(), export.rejected, export.filtered, export.announced);
    [
        ("Import updates:", announced.map(Some)),
        (
            "Import withdraws:",
            [Some(import.withdrawals), Some(0), None, Some(import.missed), Some(import.gone)],
        ),
        ("Export updates:", [Some(told.0), Some(told.1), Some(told.2), None, Some(told.3)]),
        ("Export withdraws:", [Some(export.lost), None, None, None, Some(export.withdrawn)]),
    ]
}

const ACCEPT: &str = "ACCEPT";
const REJECT: &str = "REJECT";

/// Policies as the one filter that BIRD would have. Without any, internal peers are trusted and others are not
/// ([RFC 8212](https://www.rfc-editor.org/rfc/rfc8212)).
fn filter(policies: Option<&[Arc<str>]>, is_internal: bool) -> String {
    let Some(policies) = policies else {
        return if is_internal { ACCEPT } else { REJECT }.to_owned();
    };
    let word = |name: &Arc<str>| match &**name {
        "accept-all" => ACCEPT.to_owned(),
        "reject-all" => REJECT.to_owned(),
        name => name.to_owned(),
    };
    policies.iter().map(word).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use bgp_core::export::ExportTally;
    use bgp_core::rib::ImportTally;

    use super::*;

    #[test]
    fn policies_are_a_filter() {
        assert_eq!(filter(None, true), "ACCEPT");
        assert_eq!(filter(None, false), "REJECT");
        assert_eq!(filter(Some(&["to-tor".into(), "reject-all".into()]), false), "to-tor,REJECT");
    }

    /// The table as a BIRD of 2.0.12 printed it of an external peer whose filter kept one route out.
    #[test]
    fn changes_stand_under_their_names() {
        let import = ImportTally { filtered: 1, accepted: 2, missed: 1, ..ImportTally::default() };
        let export = ExportTally { rejected: 2, announced: 9, withdrawn: 2, ..ExportTally::default() };
        let counts = RouteCounts { received: 3, accepted: 2, best: 2, advertised: 7, import, export };
        let mut lines = Lines::new(false);
        Channel::local(LocalSource::Static, counts).print("    ", &mut lines);
        let expected = "1006-    Preference:     200
     Input filter:   ACCEPT
     Output filter:  REJECT
     Routes:         2 imported, 1 filtered, 7 exported, 2 preferred
     Route change stats:     received   rejected   filtered    ignored   accepted
       Import updates:              3          0          1          0          2
       Import withdraws:            0          0        ---          1          0
       Export updates:             11          2          0        ---          9
       Export withdraws:            0        ---        ---        ---          2
";
        assert_eq!(lines.take(), expected);
    }
}
