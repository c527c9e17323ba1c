//! What a host's main table must read when the cluster has converged, to the line.

use std::cmp::Ordering;

use ipnet::IpNet;

use super::topology::{GATEWAY4, GATEWAY6, HOST_METRIC, NETWORK4, NETWORK6, Overlay, Setup};
use crate::kernel::Ip;

/// The lines of `ip route` (or `ip -6 route`) on one of the hosts, in the kernel's order.
pub fn expected_routes(setup: &Setup, which: usize, ip: Ip) -> Vec<String> {
    let mut lines = match ip {
        Ip::V4 => ipv4(setup, which),
        Ip::V6 => ipv6(setup, which),
    };
    lines.sort_by(|(a, _), (b, _)| kernel_order(a, b));
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Compares a table with what it should read; the difference is told line by line, `-` for what is missing
/// and `+` for what is too much. Link-local routes, which come and go with devices, do not count.
pub fn compare(seen: &[String], expected: &[String]) -> Result<(), String> {
    let seen: Vec<&String> = seen.iter().filter(|line| !line.starts_with("fe80::/64 ")).collect();
    if seen.iter().copied().eq(expected) {
        return Ok(());
    }
    let missing = expected.iter().filter(|line| !seen.contains(line)).map(|line| format!("- {line}"));
    let surplus = seen.iter().filter(|line| !expected.contains(line)).map(|line| format!("+ {line}"));
    let lines: Vec<String> = missing.chain(surplus).collect();
    Err(if lines.is_empty() { "the same lines in another order".to_owned() } else { lines.join("\n") })
}

/// IPv4 tables are read in the order of addresses, the shorter prefix first; IPv6 tables are read as a tree
/// whose branches come before the node they grow from.
fn kernel_order(a: &IpNet, b: &IpNet) -> Ordering {
    match (a, b) {
        (IpNet::V6(a), IpNet::V6(b)) if a.contains(b) => a.prefix_len().cmp(&b.prefix_len()).reverse(),
        (IpNet::V6(a), IpNet::V6(b)) if b.contains(a) => Ordering::Less,
        _ => a.cmp(b),
    }
}

fn ipv4(setup: &Setup, which: usize) -> Vec<(IpNet, String)> {
    let own = &setup.hosts[which];
    let network = IpNet::new_assert(NETWORK4.0.into(), NETWORK4.1);
    let metric = if setup.metric == 0 { String::new() } else { format!(" metric {}", setup.metric) };
    let mut lines = vec![
        (
            IpNet::V4(ipnet::Ipv4Net::default()),
            format!("default via {GATEWAY4} dev eth0 proto static metric {HOST_METRIC}"),
        ),
        (network, format!("{network} dev eth0 proto kernel scope link src {} metric {HOST_METRIC}", own.v4)),
        (own.block4.into(), format!("blackhole {} proto bird{metric}", own.block4)),
    ];
    for pod in &own.pods {
        lines
            .push((IpNet::from(pod.address(Ip::V4)), format!("{} dev {} scope link", pod.v4, pod.interface)));
    }
    for other in setup.others(which) {
        let way = match setup.overlay {
            Overlay::None => format!("dev eth0 proto bird{metric}"),
            Overlay::Ipip => format!("dev tunl0 proto bird{metric} onlink"),
        };
        lines.push((other.block4.into(), format!("{} via {} {way}", other.block4, other.v4)));
    }
    lines
}

fn ipv6(setup: &Setup, which: usize) -> Vec<(IpNet, String)> {
    let own = &setup.hosts[which];
    let network = IpNet::new_assert(NETWORK6.0.into(), NETWORK6.1);
    let metric = if setup.metric == 0 { V6_METRIC } else { setup.metric };
    let mut lines = vec![
        (network, format!("{network} dev eth0 proto kernel metric {HOST_METRIC} pref medium")),
        (
            IpNet::V6(ipnet::Ipv6Net::default()),
            format!("default via {GATEWAY6} dev eth0 proto static metric {HOST_METRIC} pref medium"),
        ),
        (
            own.block6.into(),
            format!("blackhole {} dev lo proto bird metric {metric} pref medium", own.block6),
        ),
    ];
    for pod in &own.pods {
        let to = IpNet::from(pod.address(Ip::V6));
        lines.push((to, format!("{} dev {} metric {V6_METRIC} pref medium", pod.v6, pod.interface)));
    }
    for other in setup.others(which) {
        let rest = format!("dev eth0 proto bird metric {metric} pref medium");
        lines.push((other.block6.into(), format!("{} via {} {rest}", other.block6, other.v6)));
    }
    lines
}

/// What the kernel makes of metric 0 in IPv6.
const V6_METRIC: u32 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node01_reads_as_documented() {
        let expected = "\
default via 192.168.56.1 dev eth0 proto static metric 100
10.244.140.64/26 via 192.168.56.102 dev eth0 proto bird
blackhole 10.244.196.128/26 proto bird
10.244.196.129 dev cali92466c287a9 scope link
10.244.196.130 dev cali2eca1a0b5b7 scope link
10.244.219.64/26 via 192.168.56.100 dev eth0 proto bird
192.168.56.0/24 dev eth0 proto kernel scope link src 192.168.56.101 metric 100";
        assert_eq!(expected_routes(&Setup::documented(), 1, Ip::V4).join("\n"), expected);
    }

    #[test]
    fn a_difference_is_told_line_by_line() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(compare(&lines("a\nfe80::/64 dev eth0"), &lines("a")), Ok(()));
        assert_eq!(compare(&lines("a\nc"), &lines("a\nb")), Err("- b\n+ c".to_owned()));
        assert!(compare(&lines("b\na"), &lines("a\nb")).is_err());
    }

    #[test]
    fn the_overlay_names_the_tunnel() {
        let lines = expected_routes(&Setup { overlay: Overlay::Ipip, ..Setup::documented() }, 1, Ip::V4);
        let expected = "10.244.140.64/26 via 192.168.56.102 dev tunl0 proto bird onlink";
        assert!(lines.iter().any(|line| line == expected), "{lines:#?}");
    }
}
