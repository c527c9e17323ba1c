//! Kinds of values: what the page calls them, some that are of the kind, and some that are not.

use std::fmt;

/// What a value may be.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Address,
    Addresses,
    Asn,
    Asns,
    Boolean,
    Communities,
    CommunityPatterns,
    Duration,
    Endpoint,
    Families,
    Group,
    Identifier,
    Name,
    NamePatterns,
    Networks,
    /// From the first to the second.
    Number(&'static str, &'static str),
    Path,
    Permissions,
    Policies,
    Port,
    Prefix,
    PrefixRanges,
    PeerAddress,
    PeerAsn,
    Protocol,
    RouterId,
    Share,
    Table,
    RoutingTable,
    /// Any text.
    Text,
    /// One of these.
    Word(&'static [&'static str]),
    /// Some of these.
    Words(&'static [&'static str]),
    /// One of these, or a number from 1.
    WordOrCount(&'static [&'static str]),
    /// One of these, or an address.
    WordOrAddress(&'static [&'static str]),
}

impl Kind {
    /// Values of this kind that any key of it takes.
    pub(super) const fn samples(self) -> &'static [&'static str] {
        match self {
            Self::Boolean => &["true", "false"],
            Self::Word(words) | Self::WordOrCount(words) | Self::WordOrAddress(words) => words,
            Self::Asn => &["65010", "\"65010\"", "\"1.10\""],
            Self::PeerAsn => &["\"external\"", "\"internal\"", "\"1.10\""],
            Self::Asns => &["65010", "[1, 2]"],
            Self::Families => &["[\"ipv4\"]", "[\"ipv4\", \"ipv6\"]", "\"ipv6\""],
            Self::Protocol => &["\"bgp\"", "200"],
            Self::RoutingTable => &["\"main\"", "\"default\"", "100"],
            Self::RouterId => &["\"auto\"", "\"env:POD_IP\"", "\"10.0.0.1\""],
            Self::NamePatterns => &["\"cali*\"", "[\"eth?\", \"a\\\\*\"]"],
            Self::Communities => &["\"64512:1\"", "[\"64512:1:2\", \"rt:64512:1\", \"no-export\"]"],
            Self::CommunityPatterns => &["\"64512:*\"", "[\"64512:100-199\", \"*\"]"],
            Self::Duration => &["\"2m\"", "\"1m60s\""],
            Self::PrefixRanges => &["\"10.0.0.0/8\"", "[\"10.0.0.0/8+\", \"10.0.0.0/8{16,24}\"]"],
            _ => &[],
        }
    }

    /// Values that no key of this kind takes.
    pub(super) const fn strangers(self) -> &'static [&'static str] {
        match self {
            Self::Boolean => &["\"true\"", "1"],
            Self::Duration => &["7", "\"7\"", "true"],
            Self::Number(..) => &["-1", "\"1\"", "4294967296"],
            Self::Port => &["0", "65536", "\"179\""],
            Self::Share => &["1.5", "-0.1", "\"a half\""],
            Self::Asn | Self::Asns | Self::PeerAsn => &["0", "1.5", "\"nobody\"", "4294967296"],
            Self::Permissions => &["660", "\"rw\"", "\"1777\""],
            Self::Prefix => &["\"10.0.0.1/8\"", "\"10.0.0.0\"", "8"],
            Self::PrefixRanges => &["\"10.0.0.1/8\"", "\"10.0.0.0/8{9,7}\"", "8"],
            Self::Networks => &["\"10.0.0.1/8\"", "8"],
            Self::Table => &["1", "\"one\""],
            Self::Protocol => &["2", "\"static\"", "256"],
            Self::RoutingTable => &["0", "255", "\"mine\""],
            Self::WordOrCount(_) => &["0", "\"nothing like it\""],
            Self::Word(_) | Self::Words(_) => &["\"no such word\"", "1"],
            Self::Policies => &["\"nobody\"", "1"],
            Self::Address | Self::Addresses | Self::PeerAddress | Self::WordOrAddress(_) => {
                &["\"nowhere\"", "1"]
            }
            Self::Families => &["\"ipv5\"", "4"],
            _ => &["7.5", "true"],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list =
            |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        match self {
            Self::Number(least, most) => return write!(f, "number, {least} to {most}"),
            Self::Word(words) => return f.write_str(&list(words)),
            Self::Words(words) => return write!(f, "list of {}", list(words)),
            Self::WordOrCount(words) => return write!(f, "{} or a number", list(words)),
            Self::WordOrAddress(words) => return write!(f, "{} or an address", list(words)),
            _ => {}
        }
        f.write_str(match self {
            Self::Address | Self::PeerAddress => "address",
            Self::Addresses => "list of addresses",
            Self::Asn => "AS number",
            Self::Asns => "list of AS numbers",
            Self::Boolean => "boolean",
            Self::Communities => "list of communities",
            Self::CommunityPatterns => "list of community patterns",
            Self::Duration => "duration",
            Self::Endpoint => "address with port",
            Self::Families => "list of `\"ipv4\"`, `\"ipv6\"`",
            Self::Group => "name or number",
            Self::Identifier | Self::RouterId => "identifier",
            Self::Name => "name",
            Self::NamePatterns => "list of name patterns",
            Self::Networks => "list of prefixes or addresses",
            Self::Path => "path",
            Self::Permissions => "permissions",
            Self::Policies => "list of policies",
            Self::Port => "port",
            Self::Prefix => "prefix",
            Self::PrefixRanges => "list of prefix ranges",
            Self::PeerAsn => "AS number, `\"external\"`, `\"internal\"`",
            Self::Protocol | Self::RoutingTable => "number or name",
            Self::Share => "0 to 1",
            Self::Table => "table",
            Self::Text => "text",
            _ => "",
        })
    }
}
