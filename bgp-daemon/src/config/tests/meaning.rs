//! What right configurations mean.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bgp_core::peer::{AddPathSend, AfterLimit, NextHopRule, PeerAsn, PrefixLimit};
use bgp_core::policy::{Condition, Disposition, NextHopAction, Policy};
use bgp_core::rib::Forwarding;
use bgp_core::wire::{AddPathMode, Community, LargeCommunity, NextHop};
use bgp_core::{Asn, Family, RouterId};

use super::super::{BirdDialect, BirdSockets, Hops, LogFormat, LogLevel, OnExit, PerPeer, Role};
use super::{good, read};

#[test]
fn two_lines_are_a_configuration() {
    let loaded = good("");
    assert_eq!(loaded.warnings, []);
    let settings = loaded.settings;
    assert_eq!(settings.role, Role::Node);
    assert_eq!(settings.core.asn, Asn(64512));
    assert_eq!(settings.core.router_id, RouterId(Ipv4Addr::new(192, 168, 56, 101)));
    assert_eq!(settings.core.multipath, 16);
    assert_eq!(settings.core.kernel_export.as_deref(), Some(&[Policy::accept_all().into()][..]));
    assert_eq!(settings.core.graceful_restart.restart_time, Duration::from_secs(120));
    assert_eq!(settings.listen.port, 179);
    assert_eq!(settings.listen.addresses.len(), 2);
    assert_eq!((settings.kernel.table, settings.kernel.protocol, settings.kernel.metric), (254, 12, 0));
    assert!(settings.kernel.learn && settings.kernel.direct && settings.kernel.enabled);
    assert!(settings.kernel.direct_exclude_interfaces.iter().any(|glob| glob.matches("cali123")));
    assert_eq!(settings.kernel.on_exit, OnExit::Keep);
    assert_eq!(settings.control.mode, 0o660);
    assert_eq!(settings.log.level, LogLevel::Info);
}

#[test]
fn a_reflector_leaves_the_kernel_alone() {
    let settings = good("role = \"reflector\"").settings;
    assert!(!settings.kernel.enabled);
    assert_eq!(settings.core.kernel_export, None);
    let settings = good("role = \"reflector\"\nkernel = { enabled = true }").settings;
    assert!(settings.core.kernel_export.is_some());
}

#[test]
fn the_identifier_comes_from_where_it_says() {
    let id =
        |text: &str| read(&format!("asn = 1\nrouter_id = {text}")).expect("right").settings.core.router_id;
    assert_eq!(id("\"auto\"").to_string(), "192.168.56.101");
    assert_eq!(id("\"env:POD_IP\"").to_string(), "10.0.0.7");
    assert_eq!(id("\"1.2.3.4\"").to_string(), "1.2.3.4");
}

#[test]
fn as_numbers_come_in_every_form() {
    let asn = |text: &str| {
        read(&format!("asn = {text}\nrouter_id = \"1.1.1.1\"")).expect("right").settings.core.asn
    };
    assert_eq!(asn("4294967295"), Asn(u32::MAX));
    assert_eq!(asn("\"64512\""), Asn(64512));
    assert_eq!(asn("\"1.10\""), Asn(65546));
}

const PEER: &str = r#"
families = ["ipv4", "ipv6"]
hold_time = "30s"
cluster_id = "1.0.0.1"

[[peer]]
name = "node02"
address = "192.168.56.102"
port = 1790
asn = 64512
local_address = "192.168.56.101"
passive = true
description = "rack 4"
families = ["ipv4"]
add_path = "both"
add_path_send = 4
hold_time = "9s"
send_hold_time = "20s"
connect_retry = "500ms"
multihop = 7
client = true
client_to_client = false
next_hop = "self"
next_hop_address = ["192.0.2.1", "2001:db8::1"]
allow_own_as = 2
import = ["accept-all"]
export = "reject-all"
max_prefixes = { ipv4 = 1000, action = "restart", restart_after = "5m" }
graceful_restart = false
headless = "1h"
enabled = false

[[peer]]
address = "2001:db8::2"
asn = "internal"
"#;

#[test]
fn a_peer_may_have_a_cluster_of_its_own_and_the_paths_of_an_anycast_address() {
    let text = r#"
cluster_id = "1.0.0.1"

[[group]]
name = "rack"
asn = 64512
client = true
cluster_id = "1.0.0.2"
add_path = "send"
add_path_send = "ecmp"

[[peer]]
address = "192.0.2.1"
inherit = "rack"

[[peer]]
address = "192.0.2.2"
asn = 64512
"#;
    let settings = good(text).settings;
    let [ours, other] = settings.core.peers.as_slice() else { panic!("two peers") };
    assert_eq!(
        (ours.cluster_id.to_string(), other.cluster_id.to_string()),
        ("1.0.0.2".into(), "1.0.0.1".into())
    );
    assert_eq!((ours.add_path_send, ours.client_to_client), (AddPathSend::Ecmp, true));
}

#[test]
fn every_key_of_a_peer_arrives() {
    let settings = good(PEER).settings;
    let [peer, _] = settings.core.peers.as_slice() else { panic!("two peers") };
    assert_eq!(&*peer.name, "node02");
    assert_eq!(peer.remote, SocketAddr::from(([192, 168, 56, 102], 1790)));
    assert_eq!(peer.local_address, Some([192, 168, 56, 101].into()));
    assert_eq!(peer.asn, PeerAsn::Exactly(Asn(64512)));
    assert_eq!(peer.local_asn, Asn(64512));
    assert_eq!(peer.cluster_id.to_string(), "1.0.0.1");
    assert!(peer.passive && !peer.enabled && peer.client && !peer.client_to_client && !peer.graceful_restart);
    assert_eq!(&*peer.description, "rack 4");
    assert_eq!(peer.families, [Family::IPV4]);
    assert_eq!((peer.add_path, peer.add_path_send), (Some(AddPathMode::Both), AddPathSend::Best(4)));
    assert_eq!((peer.hold_time, peer.connect_retry), (Duration::from_secs(9), Duration::from_millis(500)));
    assert_eq!(peer.send_hold_time, Some(Duration::from_secs(20)));
    assert_eq!(peer.headless, Duration::from_secs(3600));
    assert_eq!(peer.next_hop, NextHopRule::Own);
    let ours = ["192.0.2.1", "2001:db8::1"].map(|text| text.parse::<IpAddr>().expect("an address"));
    assert_eq!(peer.next_hop_addresses, ours);
    assert_eq!(peer.allow_own_as, 2);
    assert_eq!(peer.import.as_deref(), Some(&[Policy::accept_all().into()][..]));
    assert_eq!(peer.export.as_deref(), Some(&[Policy::reject_all().into()][..]));
    let limits = peer.max_prefixes.as_ref().expect("limits");
    assert_eq!(limits.limits, [PrefixLimit { family: Family::IPV4, maximum: 1000 }]);
    assert_eq!(limits.action, AfterLimit::Restart(Some(Duration::from_secs(300))));
    assert_eq!(settings.sockets[0].hops, Hops::Reach(7));
}

#[test]
fn what_a_peer_leaves_out_comes_from_the_top() {
    let settings = good(PEER).settings;
    let [_, peer] = settings.core.peers.as_slice() else { panic!("two peers") };
    assert_eq!(&*peer.name, "2001:db8::2");
    assert_eq!(peer.remote.port(), 179);
    assert_eq!(peer.asn, PeerAsn::Internal);
    assert_eq!(peer.families, [Family::IPV4, Family::IPV6]);
    assert_eq!(peer.hold_time, Duration::from_secs(30));
    assert!(peer.graceful_restart && peer.enabled && !peer.passive && peer.multihop);
    assert_eq!((&peer.import, &peer.export), (&None, &None));
    assert_eq!(settings.sockets[1].hops, Hops::Reach(64));
}

#[test]
fn without_a_list_the_address_names_the_family() {
    let peers = good("[[peer]]\naddress = \"2001:db8::2\"\nasn = 64512\n").settings.core.peers;
    assert_eq!(peers[0].families, [Family::IPV6]);
}

#[test]
fn external_peers_are_one_hop_away_unless_told() {
    let hops = |keys: &str| {
        let text = format!("[[peer]]\naddress = \"10.0.0.2\"\nasn = 65001\n{keys}");
        let settings = good(&text).settings;
        (settings.sockets[0].hops, settings.core.peers[0].multihop)
    };
    assert_eq!(hops(""), (Hops::Reach(1), false));
    assert_eq!(hops("multihop = 64"), (Hops::Reach(64), true));
    assert_eq!(hops("ttl_security = 1"), (Hops::Within(1), false));
    assert_eq!(hops("ttl_security = 3"), (Hops::Within(3), true));
}

#[test]
fn a_link_local_peer_keeps_its_interface() {
    let settings = good("[[peer]]\naddress = \"fe80::1%eth1\"\nasn = \"external\"\n").settings;
    let SocketAddr::V6(remote) = settings.core.peers[0].remote else { panic!("an IPv6 peer") };
    assert_eq!(remote.scope_id(), 3);
    assert_eq!(&*settings.core.peers[0].name, "fe80::1%eth1");
    assert_eq!(settings.sockets[0].zone.as_deref(), Some("eth1"));
}

#[test]
fn groups_lend_what_a_peer_does_not_say() {
    let settings = good(
        r#"
[[group]]
name = "fabric"
hold_time = "9s"
asn = 65009
[[group]]
name = "tor"
inherit = "fabric"
asn = 65001
import = "accept-all"
export = "accept-all"
[[peer]]
address = "10.0.1.1"
inherit = "tor"
[[peer]]
address = "10.0.1.2"
inherit = "tor"
asn = 65002
"#,
    )
    .settings;
    let [a, b] = settings.core.peers.as_slice() else { panic!("two peers") };
    assert_eq!(&*a.name, "10.0.1.1");
    assert_eq!((a.asn, b.asn), (PeerAsn::Exactly(Asn(65001)), PeerAsn::Exactly(Asn(65002))));
    assert_eq!((a.hold_time, b.hold_time), (Duration::from_secs(9), Duration::from_secs(9)));
    assert!(a.import.is_some() && b.export.is_some());
}

#[test]
fn a_range_becomes_a_passive_template() {
    let settings =
        good("[[dynamic_peers]]\nprefix = \"10.0.0.0/16\"\nasn = 64512\nclient = true\nlimit = 9\n");
    let [range] = settings.settings.core.dynamic_peers.as_slice() else { panic!("one range") };
    assert_eq!((range.limit, range.template.passive, range.template.client), (9, true, true));
    assert_eq!(&*range.template.name, "10.0.0.0/16");
    assert_eq!(settings.settings.sockets[0].remote, range.prefix);
}

#[test]
fn routes_of_our_own_go_where_they_say() {
    let originate = good(
        r#"
[[originate]]
prefix = "10.244.196.128/26"
communities = ["64512:100", "1:2:3", "no-export"]
local_preference = 200
med = 5
[[originate]]
prefix = "10.1.0.0/16"
kind = "announce"
[[originate]]
prefix = "10.2.0.0/16"
kind = "unreachable"
[[originate]]
prefix = "10.3.0.0/16"
via = "192.0.2.1"
"#,
    )
    .settings
    .originate;
    let forwarding: Vec<&Forwarding> =
        originate.iter().map(|originated| &originated.route.forwarding).collect();
    let via = Forwarding::Via(NextHop::V4([192, 0, 2, 1].into()));
    assert_eq!(forwarding, [&Forwarding::Blackhole, &Forwarding::Nowhere, &Forwarding::Unreachable, &via]);
    let attributes = &originate[0].route.attributes;
    assert_eq!(*attributes.communities, [Community(64512 << 16 | 100), Community(0xffff_ff01)]);
    assert_eq!(*attributes.large_communities, [LargeCommunity { global: 1, local1: 2, local2: 3 }]);
    assert_eq!((attributes.local_preference, attributes.med), (Some(200), Some(5)));
    assert!(originate[1].place.ends_with(":10"), "{}", originate[1].place);
}

#[test]
fn every_key_of_a_policy_arrives() {
    let settings = good(
        r#"
[[peer]]
address = "10.0.0.2"
asn = 65001
import = ["everything"]
export = "reject-all"

[[policy]]
name = "everything"
default = "next"
[[policy.rules]]
name = "all"
action = "next"
match = { prefix = ["10.0.0.0/8", "10.244.0.0/16{16,32}", "::/0+"], source = ["bgp", "static"], peer = ["tor-*"], peer_type = "external", learned_from = ["node*"], interface = ["eth?"], community = ["64512:*", "rt:1:2"], as_path_prefix = [65001], as_path_length = { max = 3 }, origin_asn = ["1.10"], next_hop = ["192.0.2.0/24", "192.0.2.1"], local_preference = 100, med = 0, family = "ipv4", not = { med = 1 } }
set = { local_preference = 1, med = 2, next_hop = "self", origin = "egp", add_communities = ["1:1", "1:1:1", "rt:1:1"], remove_communities = ["*:666"], prepend = [64512, 64512], metric = 3, tunnel = "tunl0", source_address = "10.0.0.1" }
"#,
    )
    .settings;
    let policies = settings.core.peers[0].import.as_deref().expect("policies");
    let [policy] = policies else { panic!("one policy") };
    assert_eq!(policy.default, Disposition::Next);
    let [rule] = policy.rules.as_slice() else { panic!("one rule") };
    assert_eq!((&*rule.name, rule.conditions.len(), rule.action.disposition), ("all", 15, Disposition::Next));
    assert!(rule.place.starts_with("caracal.toml:1"), "{}", rule.place);
    assert!(rule.conditions.contains(&Condition::OriginAsn(vec![Asn(65546)])));
    assert!(rule.conditions.contains(&Condition::AsPathLength { min: 0, max: 3 }));
    assert!(rule.conditions.contains(&Condition::Not(vec![Condition::Med(1)])));
    let set = &rule.action.set;
    assert_eq!((set.local_preference, set.med, set.metric), (Some(1), Some(2), Some(3)));
    assert_eq!(set.next_hop, Some(NextHopAction::Own));
    assert_eq!(set.prepend, [Asn(64512), Asn(64512)]);
    let added = (&set.add_communities, &set.add_large_communities, &set.add_extended_communities);
    assert_eq!((added.0.len(), added.1.len(), added.2.len()), (1, 1, 1));
    assert_eq!(set.tunnel.as_deref(), Some("tunl0"));
}

#[test]
fn every_key_of_the_process_arrives() {
    let loaded = good(
        r#"
[listen]
addresses = ["127.0.0.2"]
port = 1179
[graceful_restart]
enabled = false
restart_time = "4095s"
first_contact = "1s"
max_wait = "2h"
long_lived = "1d"
notification = false
[kernel]
table = 100
protocol = "bgp"
metric = 1024
learn = false
direct = false
learn_exclude_interfaces = []
multipath = 1
export = "reject-all"
on_exit = "remove"
sweep_limit = 1
next_hop_objects = true
[control]
socket = "/tmp/c.sock"
mode = "0600"
[compat.bird]
dialect = "2"
socket = "/run/bird.ctl"
mode = "0600"
group = "root"
[http]
listen = "[::1]:9470"
[metrics]
per_peer = "all"
[log]
level = "debug"
format = "json"
"#,
    );
    let settings = loaded.settings;
    assert_eq!((settings.listen.addresses.len(), settings.listen.port), (1, 1179));
    let restart = &settings.core.graceful_restart;
    assert!(!restart.enabled && !restart.notification);
    assert_eq!(restart.restart_time.as_secs() + restart.long_lived.as_secs(), 4095 + 86400);
    let kernel = &settings.kernel;
    assert_eq!((kernel.table, kernel.protocol, kernel.metric), (100, 186, 1024));
    assert!(!kernel.learn && !kernel.direct && kernel.learn_exclude_interfaces.is_empty());
    assert_eq!((kernel.on_exit, kernel.sweep_limit), (OnExit::Remove, 1.0));
    assert!(kernel.next_hop_objects && settings.core.kernel_sets);
    assert_eq!(settings.core.kernel_export.as_deref(), Some(&[Policy::reject_all().into()][..]));
    assert_eq!(settings.core.multipath, 1);
    assert_eq!(settings.control.mode, 0o600);
    let bird = settings.bird.expect("a section");
    assert_eq!((bird.dialect, bird.sockets), (BirdDialect::Two, BirdSockets::Both("/run/bird.ctl".into())));
    assert_eq!((bird.mode, bird.group), (0o600, Some(0)));
    assert_eq!(settings.http.map(|it| (it.listen.port(), it.metrics.per_peer)), Some((9470, PerPeer::All)));
    assert_eq!((settings.log.level, settings.log.format), (LogLevel::Debug, LogFormat::Json));
    assert_eq!(loaded.warnings, []);
}

#[test]
fn the_names_of_an_exporter_are_told_where_asked_for() {
    let told = |more: &str| {
        let http = good(&format!("[http]\nlisten = \"[::1]:9470\"\n[metrics]\n{more}")).settings.http;
        http.map(|it| (it.metrics.per_peer, it.metrics.bird_aliases))
    };
    assert_eq!(told(""), Some((PerPeer::External, false)));
    assert_eq!(told("bird_aliases = true\n"), Some((PerPeer::External, true)));
}
