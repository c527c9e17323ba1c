//! The sending side: a table encoded beforehand, so that the feeder costs next to nothing.

use std::io;
use std::time::Duration;

use bgp_core::Family;
use bgp_core::wire::{AsPath, AttributeBlock, Dialect, NextHop, announce};
use bgp_core::{Asn, wire};
use bytes::BytesMut;

use super::link::{Heard, Link};
use super::table::Batch;

/// About how many octets go in one write.
const WRITE: usize = 1 << 16;

/// Encodes a table as `asn` would announce it: many whole messages in each buffer.
///
/// # Panics
/// When a batch does not fit a message, which [`table`](super::table::table) never makes.
#[must_use]
pub fn encode(
    batches: &[Batch],
    family: Family,
    asn: Asn,
    next_hop: NextHop,
    dialect: &Dialect,
) -> Vec<(BytesMut, u64)> {
    let (mut buffers, mut buffer, mut messages) = (Vec::new(), BytesMut::new(), 0);
    for batch in batches {
        let mut attributes = batch.attributes.clone();
        let rest: Vec<Asn> = attributes.as_path.asns().collect();
        attributes.as_path = AsPath::from_sequence(&[&[asn], rest.as_slice()].concat());
        let block = AttributeBlock::encode(&attributes, dialect);
        announce(&batch.nlri, family, &next_hop, &block, dialect, &mut buffer)
            .expect("a batch fits a message");
        messages += 1;
        if buffer.len() >= WRITE {
            buffers.push((std::mem::take(&mut buffer), std::mem::take(&mut messages)));
        }
    }
    wire::end_of_rib(family, &mut buffer);
    buffers.push((buffer, messages + 1));
    buffers
}

/// Sends everything, listening in between so that nobody's window closes.
///
/// # Errors
/// What the socket says, or why the session ended.
pub fn feed(link: &mut Link, buffers: &[(BytesMut, u64)]) -> io::Result<()> {
    for (index, (octets, messages)) in buffers.iter().enumerate() {
        link.send(octets, *messages)?;
        if index % 64 == 63
            && let Heard::Over(why) = link.hear(Duration::from_millis(1))?
        {
            return Err(io::Error::other(why));
        }
    }
    Ok(())
}
