//! Operations on their way: packed into batches, answers matched by sequence number.
//!
//! Only the last request of a batch asks for an acknowledgement. The kernel works through a batch in order and
//! answers a refused request at once, so the answer to the last one says yes to every earlier one not refused.

use std::collections::VecDeque;
use std::mem;

use rtnetlink::packet_core::NLM_F_ACK;

use super::answer::{Answer, Asked};
use super::filter::QUIET;
use super::sender::Batch;
use super::{encode, object};
use crate::seen::{Operation, Ticket};
use crate::{ObjectOperation, Refused};

/// Batches sent and the one being filled.
#[derive(Debug, Default)]
pub(super) struct Pipeline {
    sequence: u32,
    buffer: Vec<u8>,
    last_begin: usize,
    filling: Vec<Request>,
    sent: VecDeque<Vec<Request>>,
}

#[derive(Clone, Copy, Debug)]
struct Request {
    sequence: u32,
    ticket: Ticket,
    asked: Asked,
}

/// An operation and how it ended.
pub(super) type Ended = (Ticket, Result<(), Refused>);

impl Pipeline {
    /// A sequence number that no answer of the moment carries, without the mark of the quiet ones. Events carry 0.
    pub(super) const fn next_sequence(&mut self) -> u32 {
        self.sequence = (self.sequence + 1) % QUIET;
        if self.sequence == 0 {
            self.sequence = 1;
        }
        self.sequence
    }

    /// Puts an operation into the batch.
    pub(super) fn push(&mut self, ticket: Ticket, operation: &Operation, table: u32) {
        let mark = if operation.is_plain() { QUIET } else { 0 };
        let sequence = self.next_sequence() | mark;
        self.last_begin = self.buffer.len();
        encode::operation(&mut self.buffer, operation, table, sequence);
        self.filling.push(Request { sequence, ticket, asked: operation.into() });
    }

    /// Puts an operation on a next-hop object into the batch.
    pub(super) fn push_object(&mut self, ticket: Ticket, operation: &ObjectOperation) {
        let sequence = self.next_sequence();
        self.last_begin = self.buffer.len();
        object::operation(&mut self.buffer, operation, sequence);
        self.filling.push(Request { sequence, ticket, asked: operation.into() });
    }

    /// Whether the batch should be sent before more is put in.
    pub(super) fn is_full(&self) -> bool {
        self.filling.len() >= BATCH || self.buffer.len() >= BATCH_OCTETS
    }

    /// How many more fill the batch, as far as their number goes.
    pub(super) fn room(&self) -> usize {
        BATCH.saturating_sub(self.filling.len())
    }

    /// Whether no answer is waited for: what is there may go, full or not.
    pub(super) fn is_idle(&self) -> bool {
        self.sent.is_empty()
    }

    /// Closes the batch: what to send, if there is something. It counts as sent.
    pub(super) fn take_batch(&mut self) -> Option<Batch> {
        let sequence = self.filling.last()?.sequence;
        let flags = self.last_begin + FLAGS_AT;
        if let Some(octets) = self.buffer.get_mut(flags..flags + 2)
            && let Ok(present) = <[u8; 2]>::try_from(&*octets)
        {
            octets.copy_from_slice(&(u16::from_ne_bytes(present) | NLM_F_ACK).to_ne_bytes());
        }
        // The next batch is likely as large.
        let (requests, octets) = (self.filling.len(), self.buffer.len());
        self.sent.push_back(mem::replace(&mut self.filling, Vec::with_capacity(requests)));
        self.last_begin = 0;
        Some(Batch { sequence, octets: mem::replace(&mut self.buffer, Vec::with_capacity(octets)) })
    }

    /// The batch of this last request could not be sent.
    pub(super) fn unsent(&mut self, sequence: u32, answer: &Answer) -> Vec<Ended> {
        let batch = self.ended_by(sequence).and_then(|at| self.sent.remove(at)).unwrap_or_default();
        batch.into_iter().map(|request| (request.ticket, answer.clone().result(request.asked))).collect()
    }

    /// An answer came: which operations it ends.
    pub(super) fn answered(&mut self, sequence: u32, answer: Answer) -> Vec<Ended> {
        if let Some(mut batch) = self.ended_by(sequence).and_then(|at| self.sent.remove(at)) {
            let last = batch.pop().map(|last| (last.ticket, answer.result(last.asked)));
            return batch.into_iter().map(|request| (request.ticket, Ok(()))).chain(last).collect();
        }
        let is_it = |request: &Request| request.sequence == sequence;
        let request = self.sent.iter_mut().find_map(|batch| {
            let at = batch.iter().position(is_it)?;
            Some(batch.remove(at))
        });
        request.map(|request| (request.ticket, answer.result(request.asked))).into_iter().collect()
    }

    /// The batch whose last request this is; nearly always the first.
    fn ended_by(&self, sequence: u32) -> Option<usize> {
        self.sent.iter().position(|batch| batch.last().is_some_and(|last| last.sequence == sequence))
    }

    /// Answers were lost: nothing sent is waited for any more, and what is not sent is decided anew.
    pub(super) fn forget(&mut self) {
        self.sent.clear();
        self.filling.clear();
        self.buffer.clear();
    }
}

/// The kernel holds the routing lock for a whole batch; beyond this more is not faster.
const BATCH: usize = 128;
/// Well below the default send buffer.
const BATCH_OCTETS: usize = 64 << 10;
/// Where the flags are in a message header.
const FLAGS_AT: usize = 6;
