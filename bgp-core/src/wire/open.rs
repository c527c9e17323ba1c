//! OPEN: who a speaker is and what it can do.

use bytes::{BufMut, Bytes, BytesMut};

use crate::wire::dialect::STANDARD_LIMIT;
use crate::wire::header::{HEADER_LENGTH, Kind, put_message};
use crate::wire::parse::Cursor;
use crate::wire::{Capability, ErrorCode, Malformed, Notification, Reason};
use crate::{Asn, RouterId};

/// An OPEN message ([RFC 4271 §4.2](https://www.rfc-editor.org/rfc/rfc4271#section-4.2)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The speaker's AS: the four-octet one where that capability was present.
    pub asn: Asn,
    /// Hold time in seconds: 0 or at least 3.
    pub hold_time: u16,
    /// BGP Identifier.
    pub router_id: RouterId,
    /// Capabilities in the order received.
    pub capabilities: Vec<Capability>,
}

const VERSION: u8 = 4;
/// Optional parameter types; 255 in the first place means that lengths have two octets.
const CAPABILITIES: u8 = 2;
const EXTENDED: u8 = 255;
/// Octets of an OPEN without optional parameters.
const FIXED_LENGTH: usize = HEADER_LENGTH + 10;

impl Open {
    /// Decodes the body. What depends on our own configuration, such as the AS a peer must have, is
    /// not judged here.
    pub(in crate::wire) fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body, HEADER_LENGTH);
        let (Some(version), Some(narrow), Some(hold_time), Some(router_id)) =
            (cursor.octet(), cursor.u16(), cursor.u16(), cursor.u32())
        else {
            return Err(refuse(0, Reason::ParameterOverrun, cursor));
        };
        let fields = Cursor::new(body, HEADER_LENGTH);
        match (version, narrow, hold_time, router_id) {
            (VERSION, 1.., 0 | 3.., 1..) => {}
            (VERSION, 0, ..) => return Err(refuse(2, Reason::ZeroAsn, fields)),
            (VERSION, _, 1 | 2, _) => return Err(refuse(6, Reason::HoldTime(hold_time), fields)),
            (VERSION, _, _, 0) => return Err(refuse(3, Reason::ZeroRouterId, fields)),
            (version, ..) => return Err(refuse_version(version)),
        }
        let capabilities = parameters(cursor)?;
        let asn = effective_asn(narrow, &capabilities).map_err(|reason| refuse(2, reason, fields))?;
        Ok(Self { asn, hold_time, router_id: router_id.into(), capabilities })
    }

    /// Appends the message. Capabilities beyond the largest OPEN are left out, last ones first.
    pub(in crate::wire) fn encode(&self, out: &mut BytesMut) {
        put_message(Kind::Open, out, |out| {
            out.put_u8(VERSION);
            out.put_u16(self.asn.two_octets());
            out.put_u16(self.hold_time);
            out.put_u32(self.router_id.bits());
            put_parameters(&self.encoded_capabilities(), out);
        });
    }

    fn encoded_capabilities(&self) -> BytesMut {
        // Six octets go to the extended form's own lengths.
        const ROOM: usize = STANDARD_LIMIT - FIXED_LENGTH - 6;
        let mut all = BytesMut::new();
        for capability in &self.capabilities {
            let before = all.len();
            capability.encode(&mut all);
            if all.len() > ROOM {
                all.truncate(before);
                break;
            }
        }
        all
    }
}

/// One Capabilities parameter, with lengths of two octets where one is not enough
/// ([RFC 9072 §2](https://www.rfc-editor.org/rfc/rfc9072#section-2)).
fn put_parameters(capabilities: &[u8], out: &mut BytesMut) {
    if capabilities.is_empty() {
        out.put_u8(0);
        return;
    }
    let length = u16::try_from(capabilities.len()).unwrap_or(u16::MAX);
    match (u8::try_from(length), u8::try_from(length.saturating_add(2))) {
        (Ok(length), Ok(parameters)) => {
            out.put_slice(&[parameters, CAPABILITIES, length]);
        }
        _ => {
            out.put_slice(&[EXTENDED, EXTENDED]);
            out.put_u16(length.saturating_add(3));
            out.put_u8(CAPABILITIES);
            out.put_u16(length);
        }
    }
    out.put_slice(capabilities);
}

/// How wide the lengths of optional parameters are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Classic,
    Extended,
}

fn parameters(mut cursor: Cursor<'_>) -> Result<Vec<Capability>, Malformed> {
    let stated = cursor.octet().ok_or_else(|| refuse(0, Reason::ParameterOverrun, cursor))?;
    let (form, stated) = match cursor.octets().first() {
        Some(&EXTENDED) if stated != 0 => {
            let length = cursor.octet().and_then(|_| cursor.u16());
            (Form::Extended, length.ok_or_else(|| refuse(0, Reason::ParameterOverrun, cursor))?)
        }
        Some(_) | None => (Form::Classic, u16::from(stated)),
    };
    if usize::from(stated) != cursor.len() {
        return Err(refuse(0, Reason::ParametersLength { stated, left: cursor.len() }, cursor));
    }
    let mut capabilities = Vec::new();
    while let Some(kind) = cursor.octet() {
        let value = match form {
            Form::Classic => cursor.short_field(),
            Form::Extended => cursor.long_field(),
        };
        let value = value.ok_or_else(|| refuse(0, Reason::ParameterOverrun, cursor))?;
        if kind != CAPABILITIES {
            return Err(refuse(4, Reason::ParameterType(kind), value));
        }
        read_capabilities(value, &mut capabilities)?;
    }
    Ok(capabilities)
}

fn read_capabilities(mut parameter: Cursor<'_>, capabilities: &mut Vec<Capability>) -> Result<(), Malformed> {
    while let Some(code) = parameter.octet() {
        let value = parameter.short_field().ok_or_else(|| refuse(0, Reason::CapabilityOverrun, parameter))?;
        capabilities.push(Capability::decode(code, value).map_err(|reason| refuse(0, reason, value))?);
    }
    Ok(())
}

/// The four-octet number stands in lieu of the narrow one
/// ([RFC 6793 §4.1](https://www.rfc-editor.org/rfc/rfc6793#section-4.1)).
fn effective_asn(narrow: u16, capabilities: &[Capability]) -> Result<Asn, Reason> {
    let mut effective = None;
    for capability in capabilities {
        match (capability, effective) {
            (Capability::FourOctetAs(asn), Some(first)) if *asn != first => {
                return Err(Reason::TwoAsns(first, *asn));
            }
            (Capability::FourOctetAs(asn), _) => effective = Some(*asn),
            _ => {}
        }
    }
    match effective {
        Some(Asn(0)) => Err(Reason::ZeroAsn),
        Some(asn) => Ok(asn),
        None if u32::from(narrow) == Asn::TRANS.0 => Err(Reason::AsTransAlone),
        None => Ok(Asn(u32::from(narrow))),
    }
}

fn refuse(subcode: u8, reason: Reason, place: Cursor<'_>) -> Malformed {
    let notification = Some(Notification::new(ErrorCode::OpenMessage, subcode));
    Malformed { notification, offset: place.offset(), reason }
}

/// The data is the largest version we speak ([RFC 4271 §6.2](https://www.rfc-editor.org/rfc/rfc4271#section-6.2)).
fn refuse_version(version: u8) -> Malformed {
    let notification = Notification {
        data: Bytes::from_static(&[0, VERSION]),
        ..Notification::new(ErrorCode::OpenMessage, 1)
    };
    Malformed { notification: Some(notification), offset: HEADER_LENGTH, reason: Reason::Version(version) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    fn body(parameters: &[u8]) -> Vec<u8> {
        let mut body = vec![4, 0xfd, 0xe8, 0, 90, 192, 0, 2, 1];
        body.extend_from_slice(parameters);
        body
    }

    fn subcode(body: &[u8]) -> u8 {
        let malformed = Open::decode(body).expect_err("an error");
        malformed.notification.expect("an answer").subcode
    }

    #[test]
    fn many_capabilities_use_the_extended_form() {
        let family = |safi| Capability::Multiprotocol(Family { afi: 1, safi });
        for count in [0, 1, 42, 43, 200] {
            let open = Open {
                asn: Asn(4_200_000_001),
                hold_time: 90,
                router_id: 7.into(),
                capabilities: std::iter::once(Capability::FourOctetAs(Asn(4_200_000_001)))
                    .chain((0..count).map(family))
                    .collect(),
            };
            let mut out = BytesMut::new();
            open.encode(&mut out);
            assert!(out.len() <= STANDARD_LIMIT);
            assert_eq!(Open::decode(&out[HEADER_LENGTH..]), Ok(open));
        }
    }

    #[test]
    fn what_does_not_fit_an_open_is_left_out() {
        let capability = Capability::Unknown { code: 200, value: Bytes::from_static(&[0; 250]) };
        let open =
            Open { asn: Asn(1), hold_time: 0, router_id: 7.into(), capabilities: vec![capability; 20] };
        let mut out = BytesMut::new();
        open.encode(&mut out);
        assert!(out.len() <= STANDARD_LIMIT);
        assert_eq!(Open::decode(&out[HEADER_LENGTH..]).unwrap().capabilities.len(), 16);
    }

    #[test]
    fn parameters_of_every_small_shape_are_decoded_or_refused() {
        const OCTETS: [u8; 7] = [0, 1, 2, 4, 65, 69, 255];
        for length in 0..=6 {
            for number in 0..OCTETS.len().pow(length) {
                let parameters: Vec<u8> = (0..length)
                    .map(|place| OCTETS[number / OCTETS.len().pow(place) % OCTETS.len()])
                    .collect();
                let _ = Open::decode(&body(&parameters));
            }
        }
    }

    #[test]
    fn an_as_number_is_not_taken_from_the_next_capability() {
        // Four-octet AS of two octets, then route refresh.
        assert_eq!(subcode(&body(&[6, 2, 4, 65, 2, 2, 0])), 0);
    }

    #[test]
    fn fields_are_judged_in_the_order_of_the_message() {
        let with = |at: usize, octets: &[u8]| {
            let mut body = body(&[0]);
            body[at..at + octets.len()].copy_from_slice(octets);
            body
        };
        assert_eq!(subcode(&with(0, &[3])), 1);
        assert_eq!(subcode(&with(1, &[0, 0])), 2);
        assert_eq!(subcode(&with(1, &[0x5b, 0xa0])), 2);
        assert_eq!(subcode(&with(3, &[0, 2])), 6);
        assert_eq!(subcode(&with(5, &[0; 4])), 3);
        assert_eq!(subcode(&body(&[2, 1, 0])), 4);
    }
}
