//! MRT files: reading ends, finds the same again, and judges what it finds as a peer's.

use bgp_core::mrt::{Body, Record, Records, Rib, Unreadable};

/// A file, decompressed.
pub fn mrt(octets: &[u8]) {
    let all: Vec<Result<Record<'_>, Unreadable>> = Records::new(octets).collect();
    assert!(all.len() <= octets.len() / HEADER + 1, "{} records in {} octets", all.len(), octets.len());
    let mut next = 0;
    for record in all.iter().flatten() {
        assert!(record.offset >= next && record.offset + HEADER <= octets.len(), "not there: {record:?}");
        next = record.offset + HEADER;
        match &record.body {
            Body::Rib(rib) => entries(rib),
            Body::Message(stored) => drop(stored.decode()),
            Body::PeerIndex(_) | Body::StateChange(_) | Body::Other { .. } => {}
        }
    }
    // What stands in front of a record does not depend on what follows.
    if let Some(Ok(middle)) = all.get(all.len() / 2) {
        let before: Vec<_> = Records::new(&octets[..middle.offset]).collect();
        assert_eq!(before, all[..all.len() / 2]);
    }
}

/// The UPDATE of an entry speaks of its prefix and of no other.
fn entries(rib: &Rib<'_>) {
    for update in rib.entries.iter().filter_map(|entry| entry.update(rib).ok()) {
        let mut spoken_of = update.announced.iter().chain(&update.withdrawn);
        assert!(spoken_of.all(|nlri| nlri.prefix == rib.prefix), "{update:?} of {rib:?}");
    }
}

/// Octets in front of every record.
const HEADER: usize = 12;
