//! UPDATE to octets.

use bytes::{BufMut, BytesMut};

use super::{Reach, Routes, Unreach, Update};
use crate::Family;
use crate::wire::attribute::{Known, put_attribute};
use crate::wire::build::{
    AttributeBlock, announce, end_of_rib, put_family, put_field, put_unreach, withdraw,
};
use crate::wire::header::{Kind, put_message};
use crate::wire::{Dialect, NextHop};

impl Update {
    /// Appends the update, in as many messages as it takes: one kind of NLRI in each, withdrawals first,
    /// none above the peer's limit ([RFC 7606 §5.1](https://www.rfc-editor.org/rfc/rfc7606#section-5.1)).
    ///
    /// Routes without the attributes or the next hop they need, and those whose attributes leave no room
    /// for them, cannot be told and are left out.
    pub(in crate::wire) fn encode(&self, dialect: &Dialect, out: &mut BytesMut) {
        if let Some(family) = self.end_of_rib() {
            return end_of_rib(family, out);
        }
        withdraw(&self.withdrawn, Family::IPV4, dialect, out);
        for unreach in &self.unreach {
            unreach.encode(dialect, out);
        }
        let Some(attributes) = &self.attributes else { return };
        let block = AttributeBlock::encode(attributes, dialect);
        if let Some(reach) = &self.reach {
            reach.encode(&block, dialect, out);
        }
        if let Some(next_hop) = self.next_hop {
            // Refused only for want of room, where leaving it out is right.
            let _ = announce(&self.announced, Family::IPV4, &NextHop::V4(next_hop), &block, dialect, out);
        }
        if self.reach.is_none() && self.next_hop.is_none() {
            put_within(dialect, out, |out| {
                out.put_u16(0);
                put_field(out, |out| block.put(out));
            });
        }
    }
}

impl Reach {
    fn encode(&self, block: &AttributeBlock, dialect: &Dialect, out: &mut BytesMut) {
        match (&self.routes, &self.next_hop) {
            (Routes::Unicast(nlri), Some(next_hop)) if !nlri.is_empty() => {
                let _ = announce(nlri, self.family, next_hop, block, dialect, out);
            }
            (Routes::Unicast(_), Some(next_hop)) => put_within(dialect, out, |out| {
                put_reach(self.family, block, out, |out| next_hop.put(out), &[]);
            }),
            (Routes::Unicast(_), None) => {}
            (Routes::Opaque { next_hop, nlri }, _) => put_within(dialect, out, |out| {
                let put_next_hop = |out: &mut BytesMut| {
                    out.put_u8(u8::try_from(next_hop.len()).unwrap_or(u8::MAX));
                    out.put_slice(next_hop);
                };
                put_reach(self.family, block, out, put_next_hop, nlri);
            }),
        }
    }
}

impl Unreach {
    fn encode(&self, dialect: &Dialect, out: &mut BytesMut) {
        match &self.routes {
            Routes::Unicast(nlri) if nlri.is_empty() => end_of_rib(self.family, out),
            Routes::Unicast(nlri) => withdraw(nlri, self.family, dialect, out),
            Routes::Opaque { nlri, .. } => put_within(dialect, out, |out| {
                put_unreach(self.family, out, |out| out.put_slice(nlri));
            }),
        }
    }
}

fn put_reach(
    family: Family,
    block: &AttributeBlock,
    out: &mut BytesMut,
    next_hop: impl FnOnce(&mut BytesMut),
    nlri: &[u8],
) {
    out.put_u16(0);
    put_field(out, |out| {
        put_attribute(Known::MpReach.flags(), Known::MpReach.code(), out, |out| {
            put_family(family, out);
            next_hop(out);
            out.put_u8(0);
            out.put_slice(nlri);
        });
        block.put(out);
    });
}

/// Appends an UPDATE that cannot be divided, unless it is above the limit.
fn put_within(dialect: &Dialect, out: &mut BytesMut, body: impl FnOnce(&mut BytesMut)) {
    let start = out.len();
    put_message(Kind::Update, out, body);
    if out.len().saturating_sub(start) > dialect.send_limit {
        out.truncate(start);
    }
}
