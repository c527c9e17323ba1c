//! All of nom: a cursor over octets that have been cut out of their parent already.
//!
//! nom's strength is BGP's shape, lengths before values; its weakness is telling what went wrong. So a
//! parser here says only *it does not fit*, and the caller, who knows which field it is reading, says
//! what that means. No parser sees an octet beyond the field it was given.

use nom::Parser;
use nom::combinator::rest;
use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u16};

use crate::Family;

/// What is left to read of a field, and where in the message it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    octets: &'a [u8],
    offset: usize,
}

/// The three variable fields of an UPDATE.
pub(in crate::wire) struct UpdateFields<'a> {
    pub(in crate::wire) withdrawn: Cursor<'a>,
    pub(in crate::wire) attributes: Cursor<'a>,
    pub(in crate::wire) nlri: Cursor<'a>,
}

/// An attribute cut out of its field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FramedAttribute<'a> {
    pub(crate) flags: u8,
    pub(crate) code: u8,
    pub(crate) value: Cursor<'a>,
}

/// Why no attribute could be cut out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unframed {
    /// Too few octets for a header.
    Header { left: usize },
    /// The value runs past the field.
    Value { code: u8, length: u16, left: usize },
}

const EXTENDED_LENGTH: u8 = crate::wire::attribute::EXTENDED_LENGTH;

impl<'a> Cursor<'a> {
    /// A cursor at `octets`, which begin at `offset` in the message.
    pub(crate) const fn new(octets: &'a [u8], offset: usize) -> Self {
        Self { octets, offset }
    }

    /// What is left.
    pub(crate) const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// How much is left.
    pub(crate) const fn len(&self) -> usize {
        self.octets.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Where in the message reading goes on.
    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn octet(&mut self) -> Option<u8> {
        self.array().map(|[octet]| octet)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(in crate::wire) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// Asked for every prefix, so cut by hand: a combinator cost three times as much.
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.octets.split_at_checked(count)?;
        self.pass(left);
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, left) = self.octets.split_first_chunk()?;
        self.pass(left);
        Some(*array)
    }

    /// AFI and SAFI.
    pub(in crate::wire) fn family(&mut self) -> Option<Family> {
        self.run((be_u16, be_u8)).map(|(afi, safi)| Family { afi, safi })
    }

    /// A value with its length in one octet before it.
    pub(in crate::wire) fn short_field(&mut self) -> Option<Self> {
        let octets = self.run(length_data(be_u8))?;
        Some(self.just_read(octets))
    }

    /// A value with its length in two octets before it.
    pub(crate) fn long_field(&mut self) -> Option<Self> {
        let octets = self.run(length_data(be_u16))?;
        Some(self.just_read(octets))
    }

    /// The fields of an UPDATE's body ([RFC 4271 §4.3](https://www.rfc-editor.org/rfc/rfc4271#section-4.3)).
    pub(in crate::wire) fn update_fields(mut self) -> Option<UpdateFields<'a>> {
        let fields = (length_data(be_u16), length_data(be_u16), rest);
        let (withdrawn, attributes, nlri): (&[u8], &[u8], &[u8]) = self.run(fields)?;
        let nlri = self.just_read(nlri);
        let attributes = Self::new(attributes, nlri.offset.saturating_sub(attributes.len()));
        let before = attributes.offset.saturating_sub(2).saturating_sub(withdrawn.len());
        Some(UpdateFields { withdrawn: Self::new(withdrawn, before), attributes, nlri })
    }

    /// The next attribute.
    pub(crate) fn attribute(&mut self) -> Result<FramedAttribute<'a>, Unframed> {
        let left = self.len();
        let (flags, code, length) = self.attribute_header().ok_or(Unframed::Header { left })?;
        let left = self.len();
        let value = self.take(usize::from(length)).ok_or(Unframed::Value { code, length, left })?;
        Ok(FramedAttribute { flags, code, value: self.just_read(value) })
    }

    /// Flags, code and length; nothing is read where they do not fit.
    fn attribute_header(&mut self) -> Option<(u8, u8, u16)> {
        let (header, left) = match self.octets {
            [flags, code, length, left @ ..] if flags & EXTENDED_LENGTH == 0 => {
                ((*flags, *code, u16::from(*length)), left)
            }
            [flags, code, high, low, left @ ..] if flags & EXTENDED_LENGTH != 0 => {
                ((*flags, *code, u16::from_be_bytes([*high, *low])), left)
            }
            _ => return None,
        };
        self.pass(left);
        Some(header)
    }

    fn run<T>(&mut self, mut parser: impl Parser<&'a [u8], Output = T, Error = ()>) -> Option<T> {
        let (left, value) = parser.parse(self.octets).ok()?;
        self.pass(left);
        Some(value)
    }

    /// Goes on at `left`, the end of what there was.
    const fn pass(&mut self, left: &'a [u8]) {
        self.offset = self.offset.saturating_add(self.octets.len().saturating_sub(left.len()));
        self.octets = left;
    }

    /// A cursor over octets that were the last to be read.
    const fn just_read(&self, octets: &'a [u8]) -> Self {
        Self::new(octets, self.offset.saturating_sub(octets.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_know_where_they_stand() {
        let body = [0, 1, 0, 0, 2, 9, 9, 8, 8, 8];
        let fields = Cursor::new(&body, 19).update_fields().unwrap();
        assert_eq!((fields.withdrawn.offset(), fields.withdrawn.octets()), (21, &body[2..3]));
        assert_eq!((fields.attributes.offset(), fields.attributes.octets()), (24, &body[5..7]));
        assert_eq!((fields.nlri.offset(), fields.nlri.octets()), (26, &body[7..]));
    }

    #[test]
    fn a_field_that_does_not_fit_is_not_half_read() {
        let mut cursor = Cursor::new(&[5, 1, 2], 0);
        assert!(cursor.short_field().is_none());
        assert_eq!((cursor.offset(), cursor.len()), (0, 3));
    }

    #[test]
    fn an_attribute_says_what_it_lacks() {
        let mut cursor = Cursor::new(&[0x50, 2, 0], 0);
        assert_eq!(cursor.attribute().unwrap_err(), Unframed::Header { left: 3 });
        let mut cursor = Cursor::new(&[0x40, 1, 2, 0], 0);
        assert_eq!(cursor.attribute().unwrap_err(), Unframed::Value { code: 1, length: 2, left: 1 });
    }
}
