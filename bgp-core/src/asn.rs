//! Autonomous system numbers and their text forms.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// A four-octet autonomous system number ([RFC 6793]).
///
/// [RFC 6793]: https://www.rfc-editor.org/rfc/rfc6793
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Asn(pub u32);

impl Asn {
    /// AS_TRANS, which stands for a number that does not fit two octets ([RFC 6793 §9]).
    ///
    /// [RFC 6793 §9]: https://www.rfc-editor.org/rfc/rfc6793#section-9
    pub const TRANS: Self = Self(23456);

    /// The two-octet form: the number itself, or AS_TRANS where it does not fit.
    #[must_use]
    pub const fn two_octets(self) -> u16 {
        if self.0 > u16::MAX as u32 { Self::TRANS.0 as u16 } else { self.0 as u16 }
    }

    /// Whether the number may stand for a real AS: not 0 ([RFC 7607]) and not AS_TRANS.
    ///
    /// [RFC 7607]: https://www.rfc-editor.org/rfc/rfc7607
    #[must_use]
    pub const fn is_usable(self) -> bool {
        self.0 != 0 && self.0 != Self::TRANS.0
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is not an AS number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an AS number: write 1 to 4294967295, or two 16-bit numbers joined by a dot")]
pub struct AsnError {
    text: String,
}

impl FromStr for Asn {
    type Err = AsnError;

    /// Reads asplain (`"65546"`) and asdot (`"1.10"`), [RFC 5396](https://www.rfc-editor.org/rfc/rfc5396).
    fn from_str(text: &str) -> Result<Self, AsnError> {
        let parsed: Result<u32, ParseIntError> = match text.split_once('.') {
            None => text.parse(),
            Some((high, low)) => high
                .parse::<u16>()
                .and_then(|high| low.parse::<u16>().map(|low| u32::from(high) << 16 | u32::from(low))),
        };
        parsed.map(Self).map_err(|_| AsnError { text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_text_forms_are_read() {
        assert_eq!("64512".parse(), Ok(Asn(64512)));
        assert_eq!("1.10".parse(), Ok(Asn(65546)));
        assert!("1.70000".parse::<Asn>().is_err());
        assert!("-1".parse::<Asn>().is_err());
    }

    #[test]
    fn a_wide_number_is_as_trans_in_two_octets() {
        assert_eq!(Asn(65546).two_octets(), 23456);
        assert_eq!(Asn(64512).two_octets(), 64512);
    }
}
