//! Whether the kernel forwards packets, and how: sysctls below `net.ipv4` and `net.ipv6`.

use super::Scene;
use super::root::Root;
use crate::api::Finding;

/// Looks at what matters to a host whose kernel routes we write.
pub(super) fn look(scene: &Scene<'_>) -> Vec<Finding> {
    if scene.needs.kernel.is_none() {
        return Vec::new();
    }
    let mut found = vec![forwarding(scene, "ip_forward", "net.ipv4.ip_forward")];
    if scene.needs.ipv6 {
        found.push(forwarding(scene, "ipv6_forwarding", "net.ipv6.conf.all.forwarding"));
    }
    found.extend(rp_filter(scene));
    if scene.needs.multipath > 1 && scene.needs.external > 1 {
        found.push(hash_policy(
            scene.root,
            "fib_multipath_hash_policy",
            "net.ipv4.fib_multipath_hash_policy",
        ));
        if scene.needs.ipv6 {
            let sysctl = "net.ipv6.fib_multipath_hash_policy";
            found.push(hash_policy(scene.root, "ipv6_fib_multipath_hash_policy", sysctl));
        }
    }
    found
}

/// Where a sysctl stands.
pub(super) fn path_of(sysctl: &str) -> String {
    format!("/proc/sys/{}", sysctl.replace('.', "/"))
}

/// The command that sets a sysctl now; what survives the next start stands in `/etc/sysctl.d`.
pub(super) fn set(sysctl: &str, value: u64) -> String {
    format!("sysctl -w {sysctl}={value}    # and in /etc/sysctl.d/90-caracal.conf")
}

fn forwarding(scene: &Scene<'_>, check: &'static str, sysctl: &str) -> Finding {
    const WHY: &str = "packets for the addresses that are announced arrive here and are dropped, unless this host alone \
        has them";
    match scene.root.number(&path_of(sysctl)) {
        Ok(0) if scene.needs.blocks => {
            Finding::error(check, format!("{sysctl} = 0"), WHY).repair(set(sysctl, 1))
        }
        Ok(0) => Finding::warning(check, format!("{sysctl} = 0"), WHY).repair(set(sysctl, 1)),
        Ok(value) => Finding::ok(check, format!("{sysctl} = {value}")),
        Err(error) => Finding::unknown(check, format!("{sysctl} cannot be read: {error}"), WHY),
    }
}

/// The kernel takes the greater of an interface's value and that of all. Interfaces of workloads are strict on purpose.
fn rp_filter(scene: &Scene<'_>) -> Vec<Finding> {
    const CHECK: &str = "rp_filter";
    const WHY: &str = "a packet is dropped unless the route back leaves by the interface it came in by, which it need not \
        where there are several ways";
    const FOLDER: &str = "/proc/sys/net/ipv4/conf";
    let read = |name: &str| scene.root.number(&format!("{FOLDER}/{name}/rp_filter"));
    let all = match read("all") {
        Ok(all) => all,
        Err(error) => {
            return vec![Finding::unknown(
                CHECK,
                format!("net.ipv4.conf.all.rp_filter cannot be read: {error}"),
                WHY,
            )];
        }
    };
    let is_ours = |name: &String| {
        !["all", "default", "lo"].contains(&name.as_str())
            && !scene.needs.workloads.iter().any(|workload| workload.matches(name))
    };
    let interfaces = scene.root.names(FOLDER).into_iter().filter(is_ours);
    let strict: Vec<String> = interfaces.filter(|name| read(name).unwrap_or(0).max(all) == 1).collect();
    if strict.is_empty() {
        return vec![Finding::ok(CHECK, "no interface filters strictly by the way back")];
    }
    let seen = format!("net.ipv4.conf.*.rp_filter = 1 (strict) on {}", strict.join(", "));
    // Names of interfaces may have dots, which sysctl takes between slashes.
    let words: Vec<String> = strict.iter().map(|name| format!("net/ipv4/conf/{name}/rp_filter=2")).collect();
    vec![Finding::warning(CHECK, seen, WHY).repair(format!("sysctl -w {}", words.join(" ")))]
}

fn hash_policy(root: &Root, check: &'static str, sysctl: &str) -> Finding {
    const WHY: &str = "all connections between two hosts take the same of several next hops, so that one link may be full \
        while others are idle";
    match root.number(&path_of(sysctl)) {
        Ok(0) => {
            Finding::warning(check, format!("{sysctl} = 0 (by addresses alone)"), WHY).repair(set(sysctl, 1))
        }
        Ok(value) => Finding::ok(check, format!("{sysctl} = {value}")),
        Err(error) => Finding::unknown(check, format!("{sysctl} cannot be read: {error}"), WHY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Standing;
    use crate::doctor::root::fixture::Fixture;

    fn found(scene: &Scene<'_>, check: &str) -> Option<Finding> {
        look(scene).into_iter().find(|finding| finding.check == check)
    }

    #[test]
    fn a_node_with_a_block_has_to_forward() {
        let host = Fixture::new(&[("/proc/sys/net/ipv4/ip_forward", "0\n")]);
        let root = host.root();
        let mut scene = Scene::bare(&root);
        let finding = found(&scene, "ip_forward").expect("it is looked at");
        assert_eq!(finding.standing, Standing::Warning, "it may have nothing but addresses of its own");
        scene.needs.blocks = true;
        let finding = found(&scene, "ip_forward").expect("it is looked at");
        assert_eq!(finding.standing, Standing::Error);
        assert!(finding.repair.is_some_and(|it| it.starts_with("sysctl -w net.ipv4.ip_forward=1")));
        assert_eq!(found(&scene, "ipv6_forwarding"), None);
        scene.needs.ipv6 = true;
        assert_eq!(found(&scene, "ipv6_forwarding").expect("it is looked at").standing, Standing::Unknown);
        scene.needs.kernel = None;
        assert_eq!(look(&scene), [], "a reflector forwards nothing");
    }

    #[test]
    fn the_filter_of_an_interface_is_the_greater_of_two() {
        let host = Fixture::new(&[
            ("/proc/sys/net/ipv4/conf/all/rp_filter", "0\n"),
            ("/proc/sys/net/ipv4/conf/eth0.7/rp_filter", "1\n"),
            ("/proc/sys/net/ipv4/conf/eth1/rp_filter", "2\n"),
            ("/proc/sys/net/ipv4/conf/cali1/rp_filter", "1\n"),
        ]);
        let root = host.root();
        let mut scene = Scene::bare(&root);
        scene.needs.workloads = vec!["cali*".parse().expect("a pattern")];
        let finding = found(&scene, "rp_filter").expect("it is looked at");
        assert!(finding.seen.ends_with("on eth0.7"), "{}", finding.seen);
        assert_eq!(finding.repair.as_deref(), Some("sysctl -w net/ipv4/conf/eth0.7/rp_filter=2"));
        host.write("/proc/sys/net/ipv4/conf/all/rp_filter", "2\n");
        assert_eq!(found(&scene, "rp_filter").expect("it is looked at").standing, Standing::Ok, "loose wins");
    }

    #[test]
    fn two_ways_out_should_share_by_ports() {
        let host = Fixture::new(&[("/proc/sys/net/ipv4/fib_multipath_hash_policy", "0\n")]);
        let root = host.root();
        let mut scene = Scene::bare(&root);
        scene.needs.multipath = 16;
        assert_eq!(found(&scene, "fib_multipath_hash_policy"), None, "there is one way out");
        scene.needs.external = 2;
        let finding = found(&scene, "fib_multipath_hash_policy").expect("it is looked at");
        assert_eq!(finding.standing, Standing::Warning);
    }
}
