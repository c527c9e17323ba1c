//! What is said of wrong configurations.

use std::path::Path;

use super::super::{load_text, render};
use super::{Paper, good, read, said, wrong};

#[test]
fn everything_wrong_is_said_at_once_in_the_order_of_the_text() {
    let text = r#"
asn = 0
router_id = "10.0.0"
hold_tiem = "90s"
hold_time = "2s"

[[peer]]
address = "10.0.0.2"
asn = 64512
import = "acept-all"

[[originate]]
prefix = "10.244.1.0/16"
"#;
    let expected = [
        "2: AS 0 belongs to nobody (RFC 7607)",
        "3: expected an identifier in the form of an IPv4 address",
        "4: unknown key `hold_tiem` in the configuration",
        "5: a hold time is at least 3s, or 0s for none (RFC 4271)",
        "10: there is no policy named \"acept-all\"",
        "13: \"10.244.1.0/16\" has host bits set",
    ];
    assert_eq!(said(read(text)), expected);
}

#[test]
fn a_mistake_is_shown_as_a_compiler_would() {
    let text = "asn = 64512\nrouter_id = \"1.1.1.1\"\n[[peer]]\naddress = \"10.0.0.2\"\nasn = 64512\nhold_tiem = \"90s\"\n";
    let diagnostics = load_text(Path::new("/etc/caracal/caracal.toml"), text, &Paper).expect_err("a mistake");
    let expected = "\
error: unknown key `hold_tiem` in [[peer]]
 --> /etc/caracal/caracal.toml:6:1
  |
6 | hold_tiem = \"90s\"
  | ^^^^^^^^^
  = help: did you mean `hold_time`?

1 error
";
    assert_eq!(render(&diagnostics), expected);
}

#[test]
fn broken_syntax_is_shown_where_it_breaks() {
    assert_eq!(said(read("asn = 64512\nrouter_id = \n[peer\n")).len(), 2);
}

/// Texts with one mistake each, behind the two lines that every configuration needs.
const MISTAKES: &[(&str, &str)] = &[
    ("hold_time = 90", "3: a duration is a string with a unit"),
    ("hold_time = \"90\"", "3: \"90\" is not a duration"),
    ("hold_time = \"1500ms\"", "3: this goes out in whole seconds"),
    ("hold_time = \"65536s\"", "3: at most 65535s fit here"),
    ("families = []", "3: a session needs at least one family"),
    ("families = [\"ipv5\"]", "3: expected one of \"ipv4\", \"ipv6\""),
    ("role = \"nod\"", "3: expected one of \"node\", \"reflector\""),
    ("role = 1", "3: expected a string, found an integer"),
    ("peer = 1", "3: `peer` is a list of tables"),
    ("peer = [1]", "3: [[peer]] is a table, this is an integer"),
    ("listen = { port = 0 }", "3: expected a number from 1 to 65535"),
    ("listen = { port = 99999999999999999999 }", "3: expected a number from 1 to 65535"),
    ("listen = { addresses = [\"10.0.0\"] }", "3: \"10.0.0\" is not an address"),
    ("graceful_restart = { restart_time = \"4096s\" }", "3: at most 4095s fit here"),
    ("kernel = { protocol = \"brid\" }", "3: no routing protocol is called \"brid\""),
    ("kernel = { protocol = 0 }", "3: protocol 0 (unspec) marks routes that others made"),
    ("kernel = { protocol = \"static\" }", "3: protocol 4 (static) marks routes that others made"),
    ("kernel = { protocol = 80 }", "3: protocol 80 (felix) marks routes that others made"),
    ("kernel = { table = 255 }", "3: table 255 holds the kernel's own local routes"),
    ("kernel = { sweep_limit = 1.5 }", "3: expected a number from 0 to 1"),
    ("kernel = { learn = \"yes\" }", "3: expected true or false, found a string"),
    ("control = { mode = \"999\" }", "3: permissions are a string of octal digits"),
    ("metrics = { per_peer = \"some\" }", "3: expected one of \"external\", \"all\", \"none\""),
    ("metrics = { bird_aliases = \"all\" }", "3: expected true or false, found a string"),
    ("http = {}", "3: [http] needs `listen`"),
    ("http = { listen = \"9470\" }", "3: \"9470\" is not an address with a port"),
    ("compat = { bird = {} }", "3: [compat.bird] needs `socket` or `sockets`"),
    (
        "log = { level = \"loud\" }",
        "3: expected one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\"",
    ),
    ("originate = [{ prefix = \"10.0.0.1\" }]", "3: \"10.0.0.1\" has no prefix length"),
    (
        "originate = [{ prefix = \"10.0.0.0/8\" }, { prefix = \"10.0.0.0/8\" }]",
        "3: 10.0.0.0/8 is originated twice",
    ),
    (
        "originate = [{ prefix = \"10.0.0.0/8\", kind = \"blackhole\", via = \"10.0.0.1\" }]",
        "3: a route has a `kind` or goes `via` somewhere, not both",
    ),
    (
        "originate = [{ prefix = \"10.0.0.0/8\", communities = [\"1:*\"] }]",
        "3: \"1:*\" stands for more than one community",
    ),
    ("policy = [{ name = \"accept-all\" }]", "3: \"accept-all\" is built in"),
    ("policy = [{ name = \"a\" }, { name = \"a\" }]", "3: there are two policies named \"a\""),
    ("policy = [{ name = \"a\", rules = [{}] }]", "3: [[policy.rules]] needs `action`"),
    (
        "policy = [{ name = \"a\", rules = [{ action = \"accept\", match = { prefix = [\"10.0.0.0/16{8,32}\"] } }] }]",
        "3: lengths inside 10.0.0.0/16 lie between 16 and 32, the lesser first",
    ),
    (
        "policy = [{ name = \"a\", rules = [{ action = \"accept\", match = { not = { prefx = [] } } }] }]",
        "3: unknown key `prefx` in not",
    ),
    (
        "group = [{ name = \"a\", inherit = \"a\" }]\npeer = [{ address = \"10.0.0.2\", inherit = \"a\", asn = 1 }]",
        "3: group \"a\" inherits from itself",
    ),
    (
        "group = [{ name = \"a\", hold_time = \"1s\" }]",
        "3: a hold time is at least 3s, or 0s for none (RFC 4271)",
    ),
    (
        "dynamic_peers = [{ prefix = \"10.0.0.0/8\", asn = 1, passive = false }]",
        "3: nobody can dial a whole range",
    ),
];

#[test]
fn each_mistake_has_its_sentence() {
    for (text, expected) in MISTAKES {
        assert_eq!(wrong(text), [*expected], "{text}");
    }
}

/// What others call a thing, or how it looks elsewhere, and the hint that leads to how it is written here.
const HABITS: &[(&str, &str)] = &[
    ("hold_time = 90s", "put it between quotation marks"),
    ("originate = [{ prefix = 10.0.0.0/8 }]", "put it between quotation marks"),
    ("families = [ipv4]", "put it between quotation marks"),
    ("families = [\"ipv4\", ipv6]", "put it between quotation marks"),
    ("[[peer]]\naddress = 2001:db8::1\nasn = 1", "put it between quotation marks"),
    ("[log]\nlevel = \"info\"\nhold_time = \"9s\"", "`hold_time` stands at the top of the file"),
    (
        "[[originate]]\nprefix = \"10.0.0.0/8\"\ncluster_id = \"1.1.1.1\"",
        "`cluster_id` stands at the top of the file",
    ),
    (
        "policy = [{ name = \"a\", rules = [{ set = { local_pref = 1 }, action = \"accept\" }] }]",
        "did you mean `local_preference`?",
    ),
    (
        "policy = [{ name = \"a\", rules = [{ match = { prefix = \"10.0.0.0/8 le 24\" }, action = \"accept\" }] }]",
        "a range is \"10.244.0.0/16{24,32}\"",
    ),
    ("originate = [{ prefix = \"10.0.0.0/33\" }]", "write an address and a length"),
    ("[[peer]]\naddress = \"10.0.0.2/24\"\nasn = 1", "write \"10.0.0.2\", without a length"),
    (
        "[[peer]]\naddress = \"tor.example\"\nasn = 1",
        "write an IPv4 or IPv6 address; names are not looked up",
    ),
    ("[[peer]]\naddress = \"10.0.0.2\"\nasn = \"AS65001\"", "write 65001"),
    ("[[peer]]\naddress = \"10.0.0.2\"\nasn = 64512\npassive = \"yes\"", "write true, without quotes"),
    ("[kernel]\nlearn = 0", "write false, without quotes"),
    ("[[peer]]\naddress = \"10.0.0.2\"\nasn = 64512\nmax_prefixes = 1000", "write { ipv4 = 1000, action ="),
    ("[compat.bird]\nsocket = \"bird.ctl\"\ndialect = 2", "write \"2\""),
];

#[test]
fn habits_from_elsewhere_get_a_hint() {
    for (text, hint) in HABITS {
        let diagnostics =
            read(&format!("asn = 64512\nrouter_id = \"192.168.56.101\"\n{text}")).expect_err(text);
        let said = render(&diagnostics);
        assert!(said.contains(&format!("= help: {hint}")), "{text}: {said}");
    }
}

#[test]
fn a_key_without_quotes_is_shown_no_more_than_one_with_them() {
    let text = "asn = 64512\nrouter_id = \"1.1.1.1\"\n[[peer]]\naddress = \"10.0.0.2\"\nasn = 1\npassword = hunter2\n";
    let said = render(&read(text).expect_err("a key without quotes"));
    assert!(said.contains("quotation marks") && !said.contains("hunter2"), "{said}");
}

#[test]
fn syntax_that_no_quotes_would_mend_keeps_its_own_words() {
    for text in ["asn = \n", "[[peer\n", "asn = 1 2\n", "asn = \"1\n"] {
        let said = render(&read(text).expect_err(text));
        assert!(!said.contains("quotation marks"), "{text}: {said}");
    }
}

/// Keys of a peer with one mistake each.
const PEERS: &[(&str, &str)] = &[
    ("asn = 1", "[[peer]] needs `address`"),
    ("address = \"10.0.0.2\"", "peer \"10.0.0.2\" has no `asn`"),
    ("address = \"10.0.0.2\"\nasn = 1.10", "an AS number with a dot has to be quoted"),
    ("address = \"10.0.0.2\"\nasn = 23456", "AS 23456 stands for numbers that do not fit (RFC 6793)"),
    ("address = \"10.0.0.2\"\nasn = 4294967296", "an AS number lies between 1 and 4294967295"),
    ("address = \"10.0.0.2.3\"\nasn = 1", "\"10.0.0.2.3\" is not an address"),
    ("address = \"::ffff:10.0.0.2\"\nasn = 1", "this is an IPv4 address in disguise"),
    ("address = \"fe80::1\"\nasn = 1", "a link-local address needs the interface it is on"),
    ("address = \"10.0.0.2%eth0\"\nasn = 1", "only a link-local IPv6 address has a zone"),
    ("address = \"224.0.0.1\"\nasn = 1", "no peer can have this address"),
    (
        "address = \"10.0.0.2\"\nasn = 1\nname = \"a b\"",
        "a peer's name is made of letters, digits and _ . : % -",
    ),
    (
        "address = \"10.0.0.2\"\nasn = 1\nclient = true",
        "only a peer of our own AS can be a client of a reflector (RFC 4456)",
    ),
    ("address = \"10.0.0.2\"\nasn = 1\nlocal_address = \"10.0.0.2\"", "this is the peer's own address"),
    (
        "address = \"10.0.0.2\"\nasn = 1\nlocal_address = \"::1\"",
        "this is of another family than the peer's address",
    ),
    (
        "address = \"10.0.0.2\"\nasn = 1\nnext_hop_address = [\"10.0.0.1\", \"10.0.0.3\"]",
        "a route has one next hop: one address of each family at most",
    ),
    (
        "address = \"10.0.0.2\"\nasn = 1\nnext_hop_address = \"::1\"",
        "nobody else can reach us at this address",
    ),
    (
        "address = \"10.0.0.2\"\nasn = 1\nttl_security = 1\nmultihop = 2",
        "`ttl_security` says already how far away the peer may be",
    ),
    ("address = \"10.0.0.2\"\nasn = 1\ninherit = \"tor\"", "there is no group named \"tor\""),
    ("address = \"10.0.0.2\"\nasn = 1\npassword = \"secret\"", "a key does not belong into a configuration"),
    ("address = \"10.0.0.2\"\nasn = 1\npassword_env = \"KEY\"", "there is no environment variable KEY"),
    ("address = \"10.0.0.2\"\nasn = 1\nadd_path_send = 0", "expected a number from 1 to 4294967295"),
    (
        "address = \"10.0.0.2\"\nasn = 1\nmax_prefixes = { action = \"warn\" }",
        "max_prefixes limits no family",
    ),
    (
        "address = \"10.0.0.2\"\nasn = 1\n[[peer]]\naddress = \"10.0.0.2\"\nname = \"b\"\nasn = 1",
        "there are two peers at 10.0.0.2",
    ),
    (
        "address = \"10.0.0.2\"\nasn = 1\nname = \"b\"\n[[peer]]\naddress = \"10.0.0.3\"\nname = \"b\"\nasn = 1",
        "there are two peers named \"b\"",
    ),
];

#[test]
fn each_mistake_about_a_peer_has_its_sentence() {
    for (text, expected) in PEERS {
        let said = wrong(&format!("[[peer]]\n{text}"));
        let sentences: Vec<&str> =
            said.iter().filter_map(|line| line.split_once(": ")).map(|(_, sentence)| sentence).collect();
        assert_eq!(sentences, [*expected], "{text}");
    }
}

#[test]
fn what_may_not_be_meant_is_a_warning() {
    for (text, expected) in [
        (
            "[[peer]]\naddress = \"10.0.0.2\"\nasn = 1",
            "external peer \"10.0.0.2\" has neither `import` nor `export`: nothing is accepted or sent (RFC 8212)",
        ),
        (
            "[[peer]]\naddress = \"10.0.0.2\"\nasn = 1\nimport = \"accept-all\"",
            "external peer \"10.0.0.2\" has no `export`: nothing is sent (RFC 8212)",
        ),
        (
            "[[peer]]\naddress = \"10.0.0.2\"\nasn = 64512\npassive = true\n[listen]\naddresses = []",
            "\"10.0.0.2\" is never dialed, and nothing listens for it",
        ),
        ("[[peer]]\naddress = \"192.168.57.101\"\nasn = 64512", "192.168.57.101 is an address of this host"),
        ("[[peer]]\naddress = \"fe80::1%eth9\"\nasn = 64512", "this host has no such interface now"),
        ("[[policy]]\nname = \"a\"", "nothing uses policy \"a\""),
        ("[[group]]\nname = \"a\"", "nothing inherits from group \"a\""),
        (
            "[kernel]\nexport = \"a\"\n[[policy]]\nname = \"a\"\nrules = [{ action = \"accept\" }, { action = \"reject\" }]",
            "no route reaches this rule",
        ),
        (
            "[kernel]\nexport = \"a\"\n[[policy]]\nname = \"a\"\nrules = [{ action = \"reject\", set = { med = 1 } }]",
            "a rejected route takes its changes with it",
        ),
    ] {
        let warnings = good(text).warnings;
        let sentences: Vec<&str> = warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(sentences, [expected], "{text}");
    }
}

#[test]
fn a_value_that_many_inherit_is_complained_about_once() {
    let text = "[[group]]\nname = \"a\"\nasn = 0\n".to_owned()
        + &(2..9)
            .map(|n| format!("[[peer]]\naddress = \"10.0.0.{n}\"\ninherit = \"a\"\n"))
            .collect::<String>();
    assert_eq!(wrong(&text), ["5: AS 0 belongs to nobody (RFC 7607)"]);
}

#[test]
fn a_peer_that_answers_is_not_taken_for_deaf() {
    let text = "asn = 64512\nrouter_id = \"1.1.1.1\"\nhold_time = \"30s\"\n\
                [[peer]]\naddress = \"10.0.0.2\"\nasn = 64512\nsend_hold_time = \"30s\"\n";
    assert_eq!(said(read(text)), ["7: this is not longer than the hold time, 30 s (RFC 9687)"]);
    assert!(read(&text.replace("_time = \"30s\"\n[[", "_time = \"29s\"\n[[")).is_ok());
}

#[test]
fn a_rule_with_a_mistake_is_not_taken_for_one_without_conditions() {
    for first in
        ["match = { famly = \"ipv4\" }", "mach = { family = \"ipv4\" }", "match = { family = \"ipv5\" }"]
    {
        let text = format!(
            "asn = 64512\nrouter_id = \"192.168.56.101\"\n[kernel]\nexport = \"a\"\n[[policy]]\nname = \"a\"\n\
             rules = [{{ {first}, action = \"accept\" }}, {{ action = \"reject\" }}]"
        );
        let said = render(&read(&text).expect_err(first));
        assert!(!said.contains("no route reaches this rule"), "{first}: {said}");
    }
}
