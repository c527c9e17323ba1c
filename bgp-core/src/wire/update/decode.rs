//! UPDATE from octets.
//!
//! The RFC's version ([RFC 7606]): find the fields, find every prefix, then judge the attributes; an
//! error costs the least that keeps both sides' routes the same, several errors cost the worst.
//! Ours, in this order: the two length fields; withdrawn routes and NLRI; every attribute to the last,
//! its framing, repetition, flags, length and value; what is missing; what the faults cost together.
//!
//! [RFC 7606]: https://www.rfc-editor.org/rfc/rfc7606

use std::net::Ipv4Addr;

use bytes::Bytes;

use super::{Reach, Unreach, Update};
use crate::Family;
use crate::wire::attribute::{Collected, Known, OPTIONAL, TRANSITIVE, cost_of_flags};
use crate::wire::header::HEADER_LENGTH;
use crate::wire::parse::{Cursor, FramedAttribute, Unframed, UpdateFields};
use crate::wire::prefix::{self, Misplaced, Unroutable};
use crate::wire::reach::{decode_reach, decode_unreach, is_host};
use crate::wire::{Dialect, ErrorCode, Fault, Malformed, Nlri, Notification, PeerKind, Reason, Treatment};

/// LOCAL_PREF is required from internal peers ([RFC 4271 §5.1.5]). Unlike daemons that fall back to a
/// default: a route without it would be judged differently by each router of the AS.
///
/// [RFC 4271 §5.1.5]: https://www.rfc-editor.org/rfc/rfc4271#section-5.1.5
const LOCAL_PREF_REQUIRED: bool = true;

impl Update {
    /// Decodes a message whose header was checked.
    pub(in crate::wire) fn decode(frame: &[u8], body: &[u8], dialect: &Dialect) -> Result<Self, Malformed> {
        let body = Cursor::new(body, HEADER_LENGTH);
        let Some(fields) = body.update_fields() else {
            return Err(refuse(1, Reason::UpdateLengths, body.offset(), &[]));
        };
        let UpdateFields { withdrawn, attributes, nlri } = fields;
        let withdrawn = prefix::withdrawn(withdrawn, Family::IPV4, dialect).map_err(refuse_field)?;
        let (announced, unroutable) = prefix::announced(nlri, Family::IPV4, dialect).map_err(refuse_field)?;
        let mut reader = Reader::new(frame, dialect, nlri);
        reader.leave_out(None, &unroutable);
        reader.read_attributes(attributes)?;
        reader.check_path();
        reader.check_next_hop();
        reader.check_missing();
        reader.escalate()?;
        Ok(reader.finish(withdrawn, announced))
    }
}

/// An error in a classic field leaves nothing of the message that can be trusted
/// ([RFC 7606 §5.3](https://www.rfc-editor.org/rfc/rfc7606#section-5.3)).
fn refuse_field(misplaced: Misplaced) -> Malformed {
    refuse(10, misplaced.reason, misplaced.offset, &[])
}

/// Where something stands in the message.
#[derive(Clone, Copy)]
struct Place {
    offset: usize,
    length: usize,
}

struct Reader<'a> {
    frame: &'a [u8],
    dialect: &'a Dialect,
    /// The NLRI field.
    nlri: Cursor<'a>,
    collected: Collected,
    as_path_place: Option<Place>,
    next_hop_place: Option<Place>,
    reach: Option<Reach>,
    unreach: Vec<Unreach>,
    /// Some route is announced, be it of a family that is not agreed on.
    is_announcing: bool,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    fn new(frame: &'a [u8], dialect: &'a Dialect, nlri: Cursor<'a>) -> Self {
        Self {
            frame,
            dialect,
            nlri,
            collected: Collected::default(),
            as_path_place: None,
            next_hop_place: None,
            reach: None,
            unreach: Vec::new(),
            is_announcing: !nlri.is_empty(),
            faults: Vec::new(),
        }
    }

    /// Reads every attribute to the end of the field, whatever the first errors were.
    fn read_attributes(&mut self, mut field: Cursor<'_>) -> Result<(), Malformed> {
        while !field.is_empty() {
            let start = Place { offset: field.offset(), length: field.len() };
            let attribute = match field.attribute() {
                Ok(attribute) => attribute,
                Err(Unframed::Header { left }) => {
                    self.fault(None, start, (Treatment::Withdraw, Reason::AttributeHeader(left)));
                    return Ok(());
                }
                Err(Unframed::Value { code, length, left }) => {
                    let reason = Reason::AttributeOverrun { length, left };
                    self.fault(Some(code), start, (Treatment::Withdraw, reason));
                    return Ok(());
                }
            };
            let length = field.offset().saturating_sub(start.offset);
            self.read_attribute(&attribute, Place { length, ..start })?;
        }
        Ok(())
    }

    fn read_attribute(&mut self, attribute: &FramedAttribute<'_>, place: Place) -> Result<(), Malformed> {
        let Err((treatment, reason)) = self.judge(attribute, place) else { return Ok(()) };
        if treatment < Treatment::Reset {
            self.fault(Some(attribute.code), place, (treatment, reason));
            return Ok(());
        }
        // What is wrong with the NLRI attributes is an optional attribute error, RFC 7606 §5.3.
        let is_nlri = matches!(Known::from_code(attribute.code), Some(Known::MpReach | Known::MpUnreach));
        let subcode = match reason {
            Reason::Repeated => 1,
            _ if is_nlri => 9,
            _ => reason.update_subcode(),
        };
        Err(refuse(subcode, reason, place.offset, self.octets(place)))
    }

    fn judge(&mut self, attribute: &FramedAttribute<'_>, place: Place) -> Result<(), (Treatment, Reason)> {
        let known = Known::from_code(attribute.code);
        if !self.collected.note(attribute.code) {
            let treatment = match known {
                Some(Known::MpReach | Known::MpUnreach) => Treatment::Reset,
                Some(_) | None => Treatment::Discard,
            };
            return Err((treatment, Reason::Repeated));
        }
        let Some(known) = known else { return self.collected.take_unknown(attribute) };
        if (attribute.flags ^ known.flags()) & (OPTIONAL | TRANSITIVE) != 0 {
            return Err((cost_of_flags(known, attribute.flags), Reason::Flags(attribute.flags)));
        }
        match known {
            Known::MpReach => self.read_reach(attribute.value),
            Known::MpUnreach => self.read_unreach(attribute.value),
            known => {
                match known {
                    Known::AsPath => self.as_path_place = Some(place),
                    Known::NextHop => self.next_hop_place = Some(place),
                    _ => {}
                }
                self.collected.take(known, attribute, self.dialect)
            }
        }
    }

    fn read_reach(&mut self, value: Cursor<'_>) -> Result<(), (Treatment, Reason)> {
        let announced = decode_reach(value, self.dialect).map_err(|reason| (Treatment::Reset, reason))?;
        self.is_announcing |= announced.has_nlri;
        self.reach = announced.reach;
        self.leave_out(Some(Known::MpReach.code()), &announced.unroutable);
        announced.verdict.map_or(Ok(()), Err)
    }

    fn read_unreach(&mut self, value: Cursor<'_>) -> Result<(), (Treatment, Reason)> {
        let unreach = decode_unreach(value, self.dialect).map_err(|reason| (Treatment::Reset, reason))?;
        self.unreach.push(unreach?);
        Ok(())
    }

    fn check_path(&mut self) {
        if let (Err(verdict), Some(place)) = (self.collected.merge(self.dialect), self.as_path_place) {
            self.fault(Some(Known::AsPath.code()), place, verdict);
        }
    }

    /// NEXT_HOP must be a host, unless every route has its next hop in MP_REACH_NLRI
    /// ([RFC 4760 §3](https://www.rfc-editor.org/rfc/rfc4760#section-3)).
    fn check_next_hop(&mut self) {
        let is_needed = !self.nlri.is_empty() || self.reach.is_none();
        let address: Option<Ipv4Addr> =
            self.collected.next_hop.filter(|address| is_needed && !is_host(*address));
        if let (Some(address), Some(place)) = (address, self.next_hop_place) {
            let verdict = (Treatment::Withdraw, Reason::NextHopAddress(address.into()));
            self.fault(Some(Known::NextHop.code()), place, verdict);
        }
    }

    /// Attributes without which a route cannot exist
    /// ([RFC 7606 §3d](https://www.rfc-editor.org/rfc/rfc7606#section-3)).
    fn check_missing(&mut self) {
        let internal = self.dialect.peer_kind == PeerKind::Internal;
        for (known, required) in [
            (Known::Origin, self.is_announcing),
            (Known::AsPath, self.is_announcing),
            (Known::NextHop, !self.nlri.is_empty()),
            (Known::LocalPref, self.is_announcing && internal && LOCAL_PREF_REQUIRED),
        ] {
            if required && !self.collected.has(known) {
                let place = Place { offset: HEADER_LENGTH, length: 0 };
                self.fault(Some(known.code()), place, (Treatment::Withdraw, Reason::Missing));
            }
        }
    }

    /// Without a route to treat as withdrawn, an error in the attributes may hide which routes were
    /// meant, so it ends the session ([RFC 7606 §5.2](https://www.rfc-editor.org/rfc/rfc7606#section-5.2)).
    fn escalate(&self) -> Result<(), Malformed> {
        let severe = self.faults.iter().find(|fault| fault.treatment > Treatment::Discard);
        match severe.filter(|_| !self.is_announcing) {
            Some(fault) => {
                let place = Place { offset: fault.offset, length: fault.length };
                Err(refuse(fault.reason.update_subcode(), fault.reason, fault.offset, self.octets(place)))
            }
            None => Ok(()),
        }
    }

    fn finish(mut self, mut withdrawn: Vec<Nlri>, mut announced: Vec<Nlri>) -> Update {
        let has_classic = !withdrawn.is_empty() || !announced.is_empty();
        if has_classic && !self.dialect.families.contains(&Family::IPV4) {
            let place = Place { offset: self.nlri.offset(), length: self.nlri.len() };
            self.fault(None, place, (Treatment::Discard, Reason::FamilyNotNegotiated(Family::IPV4)));
            withdrawn.clear();
            announced.clear();
        }
        let is_withdrawn = self.faults.iter().any(|fault| fault.treatment > Treatment::Discard);
        if is_withdrawn {
            withdrawn.append(&mut announced);
            let routes = self.reach.take().map(|reach| (reach.family, reach.routes.into_withdrawn()));
            self.unreach.extend(routes.map(|(family, routes)| Unreach { family, routes }));
            let octets = Bytes::copy_from_slice(self.frame);
            let Self { unreach, faults, .. } = self;
            return Update { withdrawn, unreach, faults, octets, ..Update::default() };
        }
        forget_announced(&mut withdrawn, &announced);
        let next_hop = self.collected.next_hop.filter(|_| !announced.is_empty());
        let octets = if self.faults.is_empty() { Bytes::new() } else { Bytes::copy_from_slice(self.frame) };
        let Self { collected, reach, unreach, faults, .. } = self;
        let attributes = collected.finish();
        Update { withdrawn, unreach, attributes, next_hop, announced, reach, faults, octets }
    }

    /// Notes the prefixes that nobody can be reached at; the others stand
    /// ([RFC 4271 §6.3](https://www.rfc-editor.org/rfc/rfc4271#section-6.3)).
    fn leave_out(&mut self, attribute: Option<u8>, unroutable: &[Unroutable]) {
        for Unroutable { prefix, offset, length } in unroutable.iter().copied() {
            let place = Place { offset, length };
            self.fault(attribute, place, (Treatment::Discard, Reason::NotUnicast(prefix)));
        }
    }

    fn fault(&mut self, attribute: Option<u8>, place: Place, (treatment, reason): (Treatment, Reason)) {
        let Place { offset, length } = place;
        self.faults.push(Fault { attribute, offset, length, treatment, reason });
    }

    fn octets(&self, place: Place) -> &'a [u8] {
        let rest = self.frame.get(place.offset..).unwrap_or(&[]);
        rest.get(..place.length).unwrap_or(rest)
    }
}

/// A prefix both withdrawn and announced counts as announced
/// ([RFC 4271 §4.3](https://www.rfc-editor.org/rfc/rfc4271#section-4.3)).
fn forget_announced(withdrawn: &mut Vec<Nlri>, announced: &[Nlri]) {
    if withdrawn.is_empty() || announced.is_empty() {
        return;
    }
    let mut sorted = announced.to_vec();
    sorted.sort_unstable();
    withdrawn.retain(|nlri| sorted.binary_search(nlri).is_err());
}

/// The NOTIFICATION of an error in an UPDATE, with the attribute where
/// [RFC 4271 §6.3](https://www.rfc-editor.org/rfc/rfc4271#section-6.3) wants it.
fn refuse(subcode: u8, reason: Reason, offset: usize, attribute: &[u8]) -> Malformed {
    let data = match subcode {
        2 | 4 | 5 | 6 | 8 | 9 => Bytes::copy_from_slice(attribute),
        _ => Bytes::new(),
    };
    let notification = Notification { data, ..Notification::new(ErrorCode::UpdateMessage, subcode) };
    Malformed { notification: Some(notification), offset, reason }
}
