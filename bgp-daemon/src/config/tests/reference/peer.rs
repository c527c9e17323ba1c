//! The sections about neighbours.

use super::kind::Kind;
use super::{Default, Key, Section, key, least};

/// What a group's or a peer's name resolves to.
const NEIGHBOUR: &str = least!("[[group]]\nname = \"mesh\"\nhold_time = \"30s\"\n[[peer]]\n");

pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "[[peer]]",
        head: NEIGHBOUR,
        required: &[("address", "\"192.0.2.2\""), ("asn", "64512")],
        separator: "\n",
        tail: "\n",
        keys: PEER,
    },
    Section {
        title: "[[group]]",
        head: least!("[[group]]\n"),
        required: &[("name", "\"tor\"")],
        separator: "\n",
        tail: "\n",
        keys: GROUP,
    },
    Section {
        title: "[[dynamic_peers]]",
        head: least!("[[group]]\nname = \"mesh\"\nhold_time = \"30s\"\n[[dynamic_peers]]\n"),
        required: &[("prefix", "\"10.0.0.0/16\""), ("asn", "64512")],
        separator: "\n",
        tail: "\n",
        keys: RANGE,
    },
    Section {
        title: "max_prefixes",
        head: least!("[[peer]]\naddress = \"192.0.2.2\"\nasn = 64512\nmax_prefixes = { "),
        required: &[("ipv4", "1000"), ("action", "\"warn\"")],
        separator: ", ",
        tail: " }\n",
        keys: LIMITS,
    },
];

/// A peer of another AS, which has policies.
const EXTERNAL: &[(&str, &str)] =
    &[("asn", "65001"), ("import", "\"accept-all\""), ("export", "\"accept-all\"")];

const PEER: &[Key] = &[
    key(
        "name",
        Kind::Name,
        Default::Follows("the address", "\"192.0.2.2\""),
        "\"other\"",
        "letters, digits and `_ . : % -`",
    ),
    key(
        "address",
        Kind::PeerAddress,
        Default::Required,
        "\"192.0.2.3\"",
        "link-local ones with their interface: `\"fe80::1%eth1\"`",
    ),
    key("port", Kind::Port, Default::Is("179"), "1790", ""),
    key("inherit", Kind::Name, Default::Says(""), "\"mesh\"", "a group"),
    key(
        "asn",
        Kind::PeerAsn,
        Default::Required,
        "\"internal\"",
        "its AS; `\"external\"` and `\"internal\"` accept any such",
    ),
    key("local_asn", Kind::Asn, Default::Follows("`asn` above", "64512"), "64513", "our AS towards it")
        .beside(EXTERNAL),
    key(
        "local_address",
        Kind::Address,
        Default::Says(""),
        "\"192.0.2.1\"",
        "where we dial from and expect to be dialed",
    ),
    key("passive", Kind::Boolean, Default::Is("false"), "true", "never dial"),
    key("enabled", Kind::Boolean, Default::Is("true"), "false", ""),
    key("description", Kind::Text, Default::Is("\"\""), "\"rack 4\"", ""),
    key("families", Kind::Families, Default::Follows("see above", "[\"ipv4\"]"), "[\"ipv6\"]", ""),
    key("hold_time", Kind::Duration, Default::Follows("see above", "\"90s\""), "\"30s\"", ""),
    key(
        "send_hold_time",
        Kind::Duration,
        Default::Says("`\"8m\"`, or twice the hold time"),
        "\"10m\"",
        "how long it may take nothing of what waits for it (RFC 9687); longer than `hold_time`. From the next session on",
    ),
    key("connect_retry", Kind::Duration, Default::Is("\"5s\""), "\"9s\"", "pause between attempts"),
    key(
        "password_file",
        Kind::Path,
        Default::Says(""),
        "\"/proc/sys/kernel/ostype\"",
        "TCP MD5 key: the content of a file, relative to the configuration; never the configuration itself",
    ),
    key("password_env", Kind::Name, Default::Says(""), "\"POD_IP\"", "the same from an environment variable"),
    key(
        "ttl_security",
        Kind::Number("1", "254"),
        Default::Says("off"),
        "1",
        "most hops to the peer (GTSM, RFC 5082)",
    ),
    key(
        "multihop",
        Kind::Number("1", "255"),
        Default::Follows("64 inside, 1 outside our AS", "64"),
        "7",
        "TTL of what we send; not with `ttl_security`",
    ),
    key(
        "add_path",
        Kind::Word(&["\"off\"", "\"receive\"", "\"send\"", "\"both\""]),
        Default::Is("\"off\""),
        "\"both\"",
        "several paths for a prefix (RFC 7911)",
    ),
    key(
        "add_path_send",
        Kind::WordOrCount(&["\"all\"", "\"ecmp\""]),
        Default::Is("\"all\""),
        "2",
        "how many of the best; `\"ecmp\"`: the best and those that could share its traffic, so that an anycast address \
         keeps all hosts behind it",
    ),
    key("client", Kind::Boolean, Default::Is("false"), "true", "client of our reflector"),
    key(
        "client_to_client",
        Kind::Boolean,
        Default::Is("true"),
        "false",
        "false: it is not told what other clients of its cluster say, because they tell each other (RFC 4456 section 10)",
    ),
    key(
        "cluster_id",
        Kind::Identifier,
        Default::Follows("as above", "\"192.0.2.1\""),
        "\"192.0.2.9\"",
        "the reflection cluster it belongs to",
    ),
    key(
        "next_hop",
        Kind::Word(&["\"auto\"", "\"self\"", "\"keep\""]),
        Default::Is("\"auto\""),
        "\"self\"",
        "`\"auto\"`: as RFC 4271 has it; `\"self\"`: always ours; `\"keep\"`: always that of the route",
    ),
    key(
        "next_hop_address",
        Kind::Addresses,
        Default::Says("our end of the session; in the other family what its interface has"),
        "\"192.0.2.1\"",
        "our address, or a list with one of each family, as next hop",
    ),
    key(
        "allow_own_as",
        Kind::Number("0", "4294967295"),
        Default::Is("0"),
        "1",
        "how often our AS may stand in a path we accept",
    ),
    key(
        "role",
        Kind::Word(&[
            "\"provider\"",
            "\"customer\"",
            "\"peer\"",
            "\"route-server\"",
            "\"route-server-client\"",
        ]),
        Default::Says(""),
        "\"peer\"",
        "our role towards an external peer (RFC 9234)",
    )
    .beside(EXTERNAL),
    key(
        "import",
        Kind::Policies,
        Default::Says("see [policies](#policies)"),
        "\"reject-all\"",
        "what it is believed",
    ),
    key(
        "export",
        Kind::Policies,
        Default::Says("see [policies](#policies)"),
        "\"reject-all\"",
        "what it is told",
    ),
    key("max_prefixes", Kind::Table, Default::Says(""), "{ ipv4 = 7, action = \"drop\" }", "see below"),
    key(
        "graceful_restart",
        Kind::Boolean,
        Default::Follows("`enabled` of `[graceful_restart]`", "true"),
        "false",
        "",
    ),
    key(
        "headless",
        Kind::Duration,
        Default::Is("\"0s\""),
        "\"1h\"",
        "for how long the routes of the last of all internal, or all external, peers that have this key and speak a family are \
         kept when it goes too, however it goes: a cluster whose reflectors are all gone forwards as it did. The routes are \
         stale meanwhile, `status` and the log say so, and the first End-of-RIB of such a peer ends it. Unlike what the RFCs \
         say, hence off; for external peers, who may be gone because their routes are bad, rarely right",
    ),
];

const GROUP: &[Key] = &[
    key("name", Kind::Name, Default::Required, "\"other\"", "under which `inherit` finds it"),
    key("inherit", Kind::Name, Default::Says(""), "\"tor\"", "another group"),
];

const RANGE: &[Key] = &[
    key("name", Kind::Name, Default::Says("the prefix"), "\"nodes\"", "letters, digits and `_ . : % -`"),
    key("inherit", Kind::Name, Default::Says(""), "\"mesh\"", "a group"),
    key("prefix", Kind::Prefix, Default::Required, "\"10.1.0.0/16\"", "where connections are accepted from"),
    key("limit", Kind::Number("1", "4294967295"), Default::Is("1000"), "7", "most at once"),
];

const LIMITS: &[Key] = &[
    key("ipv4", Kind::Number("0", "4294967295"), Default::Says("no limit"), "7", "")
        .beside(&[("ipv6", "500")]),
    key("ipv6", Kind::Number("0", "4294967295"), Default::Says("no limit"), "7", ""),
    key(
        "action",
        Kind::Word(&["\"warn\"", "\"drop\"", "\"restart\""]),
        Default::Required,
        "\"drop\"",
        "`\"drop\"` keeps what is there; `\"restart\"` ends the session",
    ),
    key(
        "restart_after",
        Kind::Duration,
        Default::Says("never"),
        "\"5m\"",
        "when a session that the limit has ended may start again",
    )
    .beside(&[("action", "\"restart\"")]),
];
