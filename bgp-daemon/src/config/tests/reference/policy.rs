//! The sections about policies.

use super::kind::Kind;
use super::{Default, Key, Section, key, least};

pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "[[policy]]",
        head: least!("[[peer]]\naddress = \"192.0.2.2\"\nasn = 64512\nimport = \"p\"\n[[policy]]\n"),
        required: &[("name", "\"p\"")],
        separator: "\n",
        tail: "\n[[policy]]\nname = \"q\"\n",
        keys: POLICY,
    },
    Section {
        title: "[[policy.rules]]",
        head: least!(
            "[[peer]]\naddress = \"192.0.2.2\"\nasn = 64512\nimport = \"p\"\n[[policy]]\nname = \"p\"\nrules = [{ "
        ),
        required: &[("action", "\"accept\"")],
        separator: ", ",
        tail: " }]\n",
        keys: RULE,
    },
    Section {
        title: "match",
        head: least!(
            "[[peer]]\naddress = \"192.0.2.2\"\nasn = 64512\nimport = \"p\"\n[[policy]]\nname = \"p\"\nrules = [{ match = { "
        ),
        required: &[],
        separator: ", ",
        tail: " }, action = \"accept\" }]\n",
        keys: MATCH,
    },
    Section {
        title: "as_path_length",
        head: least!(
            "[[peer]]\naddress = \"192.0.2.2\"\nasn = 64512\nimport = \"p\"\n[[policy]]\nname = \"p\"\n\
             rules = [{ match = { as_path_length = { "
        ),
        required: &[],
        separator: ", ",
        tail: " } }, action = \"accept\" }]\n",
        keys: LENGTH,
    },
    Section {
        title: "set",
        head: least!(
            "[[peer]]\naddress = \"192.0.2.2\"\nasn = 64512\nimport = \"p\"\n[[policy]]\nname = \"p\"\nrules = [{ set = { "
        ),
        required: &[],
        separator: ", ",
        tail: " }, action = \"accept\" }]\n",
        keys: SET,
    },
];

/// Any number of 32 bits.
const NUMBER: Kind = Kind::Number("0", "4294967295");

const POLICY: &[Key] = &[
    key("name", Kind::Text, Default::Required, "\"p\"", "under which others call it"),
    key(
        "default",
        Kind::Word(&["\"accept\"", "\"reject\"", "\"next\""]),
        Default::Is("\"reject\""),
        "\"accept\"",
        "what happens where no rule decides; `\"next\"` asks the following policy",
    ),
    key(
        "rules",
        Kind::Table,
        Default::Is("[]"),
        "[{ action = \"accept\" }]",
        "list of tables, asked in order",
    ),
];

const RULE: &[Key] = &[
    key("name", Kind::Text, Default::Says("its number"), "\"pods\"", "shown where it decides"),
    key(
        "match",
        Kind::Table,
        Default::Is("{}"),
        "{ family = \"ipv6\" }",
        "conditions; all must hold, of a list any. Without conditions it matches everything",
    ),
    key(
        "action",
        Kind::Word(&["\"accept\"", "\"reject\"", "\"next\""]),
        Default::Required,
        "\"reject\"",
        "`\"next\"` leaves the decision to the rules below, which see the changed route",
    ),
    key("set", Kind::Table, Default::Is("{}"), "{ med = 7 }", "changes of a route that is not rejected"),
];

const MATCH: &[Key] = &[
    key(
        "prefix",
        Kind::PrefixRanges,
        Default::Says(""),
        "[\"10.244.0.0/16+\"]",
        "the prefix is `\"P\"`, inside P with a length of `\"P{min,max}\"`, or `\"P+\"`: P and everything inside",
    ),
    key("family", Kind::Word(&["\"ipv4\"", "\"ipv6\""]), Default::Says(""), "\"ipv6\"", ""),
    key(
        "source",
        Kind::Words(&["\"bgp\"", "\"kernel\"", "\"direct\"", "\"static\""]),
        Default::Says(""),
        "\"static\"",
        "the route is from a peer, foreign and learned, connected, or of `[[originate]]`",
    ),
    key(
        "peer",
        Kind::NamePatterns,
        Default::Says(""),
        "\"tor-*\"",
        "the session's peer has such a name: on import the peer the route comes from, on export the one it would go to, \
         towards the kernel the one it came from",
    ),
    key(
        "peer_type",
        Kind::Word(&["\"internal\"", "\"external\""]),
        Default::Says(""),
        "\"internal\"",
        "of that peer",
    ),
    key(
        "learned_from",
        Kind::NamePatterns,
        Default::Says(""),
        "\"tor-*\"",
        "the peer the route came from has such a name, wherever it goes",
    ),
    key(
        "interface",
        Kind::NamePatterns,
        Default::Says(""),
        "\"eth*\"",
        "the route goes out of such an interface; no route without one",
    ),
    key(
        "next_hop",
        Kind::Networks,
        Default::Says(""),
        "\"192.0.2.0/24\"",
        "the next hop lies in such a prefix; no route without one",
    ),
    key(
        "community",
        Kind::CommunityPatterns,
        Default::Says(""),
        "\"64512:*\"",
        "a community of any kind matches",
    ),
    key("as_path_prefix", Kind::Asns, Default::Says(""), "[65001]", "the AS path begins with these numbers"),
    key(
        "as_path_length",
        Kind::Table,
        Default::Says(""),
        "{ min = 1, max = 3 }",
        "`{ min = 1, max = 3 }`, as the decision process counts",
    ),
    key("origin_asn", Kind::Asns, Default::Says(""), "[65001]", "the last AS of the path is one of these"),
    key("local_preference", NUMBER, Default::Says(""), "100", "equal; absent, it counts 100"),
    key("med", NUMBER, Default::Says(""), "7", "equal; absent, it counts 0"),
    key(
        "not",
        Kind::Table,
        Default::Says(""),
        "{ family = \"ipv6\" }",
        "the conditions in it do not all hold",
    ),
];

const LENGTH: &[Key] =
    &[key("min", NUMBER, Default::Is("0"), "1", ""), key("max", NUMBER, Default::Is("4294967295"), "3", "")];

const SET: &[Key] = &[
    key("local_preference", NUMBER, Default::Says(""), "200", ""),
    key("med", NUMBER, Default::Says(""), "7", ""),
    key("origin", Kind::Word(&["\"igp\"", "\"egp\"", "\"incomplete\""]), Default::Says(""), "\"igp\"", ""),
    key("next_hop", Kind::WordOrAddress(&["\"self\""]), Default::Says(""), "\"self\"", ""),
    key("remove_communities", Kind::CommunityPatterns, Default::Is("[]"), "[\"*\"]", "before adding"),
    key("add_communities", Kind::Communities, Default::Is("[]"), "[\"64512:7\"]", ""),
    key("prepend", Kind::Asns, Default::Is("[]"), "[64512, 64512]", "the first becomes leftmost"),
    key("metric", NUMBER, Default::Says(""), "7", "towards the kernel"),
    key("tunnel", Kind::Text, Default::Says(""), "\"tunl0\"", "towards the kernel: a device to send through"),
    key("source_address", Kind::Address, Default::Says(""), "\"192.0.2.1\"", "towards the kernel"),
];
