//! The sections about this host: who we are, where we listen, what restarts and the kernel are to be like.

use super::kind::Kind;
use super::{Default, Key, Section, key, least};

const PEER: &str = "\n[[peer]]\naddress = \"192.0.2.2\"\nasn = 64512\n";

pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "the configuration",
        head: "",
        required: &[("asn", "64512"), ("router_id", "\"192.0.2.1\"")],
        separator: "\n",
        tail: PEER,
        keys: TOP,
    },
    table("[listen]", least!("[listen]\n"), LISTEN),
    Section { tail: PEER, ..table("[graceful_restart]", least!("[graceful_restart]\n"), GRACEFUL_RESTART) },
    table("[kernel]", least!("[kernel]\n"), KERNEL),
    Section {
        required: &[("prefix", "\"10.244.3.0/24\"")],
        ..table("[[originate]]", least!("[[originate]]\n"), ORIGINATE)
    },
    table("[control]", least!("[control]\n"), CONTROL),
    table("[log]", least!("[log]\n"), LOG),
    Section { required: &[("listen", "\"127.0.0.1:9470\"")], ..table("[http]", least!("[http]\n"), HTTP) },
    table("[metrics]", least!("[http]\nlisten = \"127.0.0.1:9470\"\n[metrics]\n"), METRICS),
    Section {
        required: &[("socket", "\"/run/bird/bird.ctl\"")],
        ..table("[compat.bird]", least!("[compat.bird]\n"), BIRD)
    },
    Section {
        separator: ", ",
        tail: " }\n",
        ..table("sockets", least!("[compat.bird]\nsockets = { "), SOCKETS)
    },
];

const fn table(title: &'static str, head: &'static str, keys: &'static [Key]) -> Section {
    Section { title, head, required: &[], separator: "\n", tail: "\n", keys }
}

const TOP: &[Key] = &[
    key(
        "role",
        Kind::Word(&["\"node\"", "\"reflector\""]),
        Default::Is("\"node\""),
        "\"reflector\"",
        "a reflector leaves the kernel's routes alone",
    ),
    key("asn", Kind::Asn, Default::Required, "64513", "our AS"),
    key(
        "router_id",
        Kind::RouterId,
        Default::Required,
        "\"192.0.2.9\"",
        "in the form of an IPv4 address; `\"auto\"` for the lowest global IPv4 address of this host, those of interfaces in \
         `kernel.direct_exclude_interfaces` not counted; `\"env:NAME\"` for an environment variable",
    ),
    key(
        "cluster_id",
        Kind::Identifier,
        Default::Follows("`router_id`", "\"192.0.2.1\""),
        "\"192.0.2.9\"",
        "for reflection",
    ),
    key(
        "hold_time",
        Kind::Duration,
        Default::Is("\"90s\""),
        "\"30s\"",
        "for peers without their own; `\"0s\"` for none, else at least `\"3s\"`",
    ),
    key(
        "families",
        Kind::Families,
        Default::Follows("the family of the peer's address", "[\"ipv4\"]"),
        "[\"ipv4\", \"ipv6\"]",
        "for peers without their own",
    ),
];

const LISTEN: &[Key] = &[
    key(
        "addresses",
        Kind::Addresses,
        Default::Is("[\"0.0.0.0\", \"::\"]"),
        "[\"192.0.2.1\"]",
        "local ones; an empty list: do not listen",
    ),
    key("port", Kind::Port, Default::Is("179"), "1790", ""),
];

const GRACEFUL_RESTART: &[Key] = &[
    key(
        "enabled",
        Kind::Boolean,
        Default::Is("true"),
        "false",
        "for peers without their own `graceful_restart`",
    ),
    key("restart_time", Kind::Duration, Default::Is("\"120s\""), "\"60s\"", "at most 4095 s"),
    key(
        "first_contact",
        Kind::Duration,
        Default::Is("\"10s\""),
        "\"20s\"",
        "a peer not Established this long after start is no longer waited for; one whose host refuses the connection is not \
         waited for at all before routes are told. End-of-RIB, which lets peers drop what our predecessor had told, and the \
         sweep of the kernel wait this long for everybody who may come yet, also from `[[dynamic_peers]]`, and for peers that \
         restart too",
    ),
    key(
        "max_wait",
        Kind::Duration,
        Default::Is("\"120s\""),
        "\"60s\"",
        "longest wait before routes are chosen after a restart",
    ),
    key(
        "notification",
        Kind::Boolean,
        Default::Is("true"),
        "false",
        "where the peer says so too, a session that a NOTIFICATION or a silent peer ended is a restart, and only a hard reset, \
         as `enabled = false`, a removed peer or a passed prefix limit cause one, takes routes along (RFC 8538)",
    ),
    key(
        "long_lived",
        Kind::Duration,
        Default::Is("\"0s\""),
        "\"1h\"",
        "stale time of RFC 9494, for every family; `\"0s\"`: off. Where the peer announces one too, its routes outlive its \
         restart time by that long, as the least preferred, marked `llgr-stale` and told only to peers that know what that \
         means",
    ),
];

const KERNEL: &[Key] = &[
    key("enabled", Kind::Boolean, Default::Follows("true for a node", "true"), "false", ""),
    key("table", Kind::RoutingTable, Default::Is("254"), "100", "number, `\"main\"` or `\"default\"`"),
    key(
        "protocol",
        Kind::Protocol,
        Default::Is("12"),
        "186",
        "number or name of 5 or above, not 80 (Felix's); what carries it in the table is taken for ours. `ip route` prints 12 \
         as `bird`",
    ),
    key(
        "metric",
        Kind::Number("0", "4294967295"),
        Default::Is("0"),
        "1024",
        "of what we install; for IPv6 the kernel makes 1024 of 0. Says who forwards where others have a route of the same \
         prefix: see below",
    ),
    key(
        "export",
        Kind::Policies,
        Default::Is("\"accept-all\""),
        "\"reject-all\"",
        "policies between our routes and the kernel; learned and connected routes are never written back",
    ),
    key(
        "multipath",
        Kind::Number("1", "256"),
        Default::Is("16"),
        "1",
        "most next hops of a route; 1 for one",
    ),
    key(
        "learn",
        Kind::Boolean,
        Default::Is("true"),
        "false",
        "foreign routes of the table become routes of ours",
    ),
    key(
        "learn_exclude_interfaces",
        Kind::NamePatterns,
        Default::Is("[\"kube-ipvs*\"]"),
        "[\"eth9\"]",
        "except those",
    ),
    key(
        "direct",
        Kind::Boolean,
        Default::Is("true"),
        "false",
        "connected prefixes become routes of ours; that of an address without one (`noprefixroute`, as NetworkManager sets \
         them) where a device route of protocol `kernel` stands for it",
    ),
    key(
        "direct_exclude_interfaces",
        Kind::NamePatterns,
        Default::Is("[\"cali*\", \"kube-ipvs*\"]"),
        "[\"eth9\"]",
        "except those",
    ),
    key(
        "on_exit",
        Kind::Word(&["\"keep\"", "\"remove\""]),
        Default::Is("\"keep\""),
        "\"remove\"",
        "what happens to our routes when we stop; a drain always removes them",
    ),
    key(
        "next_hop_objects",
        Kind::Boolean,
        Default::Is("false"),
        "true",
        "let next-hop objects of the kernel carry the hops of routes (Linux 5.3): what happens to a next hop is then one \
         message and not one per route; `ip route` shows `nhid`. The restart that a change needs loses no route",
    ),
    key(
        "sweep_limit",
        Kind::Share,
        Default::Is("0.5"),
        "0.25",
        "largest share of our routes that one sweep after a restart may remove; `caracal kernel --sweep-anyway` removes the \
         rest",
    ),
];

const ORIGINATE: &[Key] = &[
    key("prefix", Kind::Prefix, Default::Required, "\"10.244.4.0/24\"", ""),
    key(
        "kind",
        Kind::Word(&["\"blackhole\"", "\"unreachable\"", "\"prohibit\"", "\"announce\""]),
        Default::Is("\"blackhole\""),
        "\"announce\"",
        "`\"unreachable\"` and `\"prohibit\"` answer; `\"announce\"` installs nothing",
    ),
    key("via", Kind::Address, Default::Says(""), "\"192.0.2.7\"", "instead of a kind: a next hop"),
    key("communities", Kind::Communities, Default::Is("[]"), "[\"64512:100\"]", ""),
    key("local_preference", Kind::Number("0", "4294967295"), Default::Says(""), "200", ""),
    key("med", Kind::Number("0", "4294967295"), Default::Says(""), "10", ""),
];

const CONTROL: &[Key] = &[
    key("socket", Kind::Path, Default::Is("\"/run/caracal/caracal.sock\""), "\"/run/other.sock\"", ""),
    key(
        "mode",
        Kind::Permissions,
        Default::Is("\"0660\""),
        "\"0600\"",
        "who may write to it may do everything",
    ),
];

const LOG: &[Key] = &[
    key(
        "level",
        Kind::Word(&["\"off\"", "\"error\"", "\"warn\"", "\"info\"", "\"debug\"", "\"trace\""]),
        Default::Is("\"info\""),
        "\"debug\"",
        "`caracal log level debug` changes it until the daemon ends, `caracal log level PEER=debug` for one peer",
    ),
    key(
        "format",
        Kind::Word(&["\"auto\"", "\"text\"", "\"json\""]),
        Default::Is("\"auto\""),
        "\"json\"",
        "`\"auto\"`: text on a terminal, JSON elsewhere",
    ),
];

const HTTP: &[Key] = &[key(
    "listen",
    Kind::Endpoint,
    Default::Required,
    "\"127.0.0.1:9471\"",
    "without the section nothing listens",
)];

const METRICS: &[Key] = &[
    key(
        "per_peer",
        Kind::Word(&["\"external\"", "\"all\"", "\"none\""]),
        Default::Is("\"external\""),
        "\"all\"",
        "which peers have series of their own; `\"external\"`: those of other ASes that are configured one by one",
    ),
    key(
        "bird_aliases",
        Kind::Boolean,
        Default::Is("false"),
        "true",
        "tell all peers under the names of prometheus-bird-exporter too, for dashboards that are there: 26 series for \
         each family of each peer, whatever `per_peer` says",
    ),
];

const BIRD: &[Key] = &[
    key(
        "dialect",
        Kind::Word(&["\"1.6\"", "\"2\""]),
        Default::Is("\"1.6\""),
        "\"2\"",
        "whose words are used. Calico reads those of 1.6, newer tools those of 2",
    ),
    key(
        "socket",
        Kind::Path,
        Default::Required,
        "\"/run/bird/other.ctl\"",
        "where both families are answered for; this or `sockets`",
    ),
    key(
        "sockets",
        Kind::Table,
        Default::Says(""),
        "{ v4 = \"/run/bird/bird.ctl\" }",
        "`{ v4 = \"…\", v6 = \"…\" }`, instead of `socket`: one for the peers and routes of each family, as two BIRD 1.6 have \
         them. Either may be left out",
    )
    .beside(&[("socket", "")]),
    key("mode", Kind::Permissions, Default::Is("\"0660\""), "\"0600\"", "permissions of the sockets"),
    key(
        "group",
        Kind::Group,
        Default::Says("the daemon's"),
        "7",
        "group that the sockets belong to: a name of `/etc/group`, or a number",
    ),
];

const SOCKETS: &[Key] = &[
    key("v4", Kind::Path, Default::Says(""), "\"/run/bird/bird.ctl\"", "for IPv4"),
    key("v6", Kind::Path, Default::Says(""), "\"/run/bird/bird6.ctl\"", "for IPv6"),
];
