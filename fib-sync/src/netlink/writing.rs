//! Writing netlink messages straight into the buffer they are sent from.

use super::bytes::aligned;

/// Appends a message whose payload `fill` writes.
pub(super) fn message(
    buffer: &mut Vec<u8>,
    kind: u16,
    flags: u16,
    sequence: u32,
    fill: impl FnOnce(&mut Vec<u8>),
) {
    let begin = buffer.len();
    let mut header = [0; 16];
    header[4..6].copy_from_slice(&kind.to_ne_bytes());
    header[6..8].copy_from_slice(&flags.to_ne_bytes());
    header[8..12].copy_from_slice(&sequence.to_ne_bytes());
    buffer.extend_from_slice(&header);
    fill(buffer);
    let length = u32::try_from(buffer.len() - begin).unwrap_or(u32::MAX);
    if let Some(octets) = buffer.get_mut(begin..begin + 4) {
        octets.copy_from_slice(&length.to_ne_bytes());
    }
}

/// Appends an attribute.
pub(super) fn attribute(buffer: &mut Vec<u8>, kind: u16, value: &[u8]) {
    nested(buffer, kind, |buffer| buffer.extend_from_slice(value));
}

/// Appends an attribute whose value `fill` writes.
pub(super) fn nested(buffer: &mut Vec<u8>, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    let begin = buffer.len();
    let [low, high] = kind.to_ne_bytes();
    buffer.extend_from_slice(&[0, 0, low, high]);
    fill(buffer);
    measured(buffer, begin);
}

/// Appends a number as an attribute.
pub(super) fn number(buffer: &mut Vec<u8>, kind: u16, value: u32) {
    let [a, b] = 8_u16.to_ne_bytes();
    let [c, d] = kind.to_ne_bytes();
    let [e, f, g, h] = value.to_ne_bytes();
    buffer.extend_from_slice(&[a, b, c, d, e, f, g, h]);
}

/// Writes how much there is since `begin` into the two octets there, and fills up to where the next may begin.
pub(super) fn measured(buffer: &mut Vec<u8>, begin: usize) {
    let length = buffer.len() - begin;
    if let Some(octets) = buffer.get_mut(begin..begin + 2) {
        octets.copy_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_ne_bytes());
    }
    buffer.resize(begin + aligned(length), 0);
}
