//! Chunks in, frames out. Holds at most one incomplete message, and copies nothing else.

use std::borrow::Cow;

use crate::wire::{self, Malformed};

/// The end of the last chunk, where it was the beginning of a message.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    partial: Vec<u8>,
}

impl Inbox {
    /// The next complete message, cut off the front of `chunk`; `None` once the rest of the chunk,
    /// being incomplete, has been kept for later.
    pub(super) fn next<'a>(
        &mut self,
        chunk: &mut &'a [u8],
        limit: usize,
    ) -> Result<Option<Cow<'a, [u8]>>, Malformed> {
        if self.partial.is_empty() {
            let Some(length) = wire::frame(chunk, limit)? else {
                self.partial.extend_from_slice(chunk);
                *chunk = &[];
                return Ok(None);
            };
            return Ok(Some(Cow::Borrowed(cut(chunk, length))));
        }
        loop {
            let wanted = self.wanted();
            self.partial.extend_from_slice(cut(chunk, wanted));
            match wire::frame(&self.partial, limit)? {
                Some(_) => return Ok(Some(Cow::Owned(std::mem::take(&mut self.partial)))),
                None if chunk.is_empty() => return Ok(None),
                None => {}
            }
        }
    }

    /// How many octets are missing: to the end of the header, then to the end of the message.
    fn wanted(&self) -> usize {
        let whole = match self.partial.get(LENGTH) {
            Some(&[high, low]) if self.partial.len() >= HEADER => {
                usize::from(u16::from_be_bytes([high, low]))
            }
            Some(_) | None => HEADER,
        };
        whole.saturating_sub(self.partial.len()).max(1)
    }
}

/// Takes at most `length` octets off the front.
fn cut<'a>(chunk: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (front, rest) = chunk.split_at(length.min(chunk.len()));
    *chunk = rest;
    front
}

const HEADER: usize = 19;
const LENGTH: std::ops::Range<usize> = 16..18;
