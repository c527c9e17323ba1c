//! What the laboratory prints: tables, sessions, pings, and its judgement of each.

use std::net::IpAddr;
use std::time::Duration;

use tests::cluster::{Overlay, Sessions, Setup, Wiring, expected_routes};
use tests::failure::Failure;
use tests::kernel::Ip;
use tests::netns::Netns;
use tests::ping::ping;

use crate::options::Options;
use crate::reading::Reading;
use crate::speaker::Speaker;

/// How long one echo may take.
const PING_LIMIT: Duration = Duration::from_secs(2);

/// What is about to be built.
pub(crate) fn headline(setup: &Setup) -> String {
    let pods: usize = setup.hosts.iter().map(|host| host.pods.len()).sum();
    let sessions = match setup.sessions {
        Sessions::Mesh => "in full mesh",
        Sessions::Reflectors(_) => "around a route reflector",
    };
    let overlay = match setup.overlay {
        Overlay::None => "",
        Overlay::Ipip => ", through tunl0",
    };
    format!("building {} hosts {sessions} with {pods} pods{overlay}", setup.hosts.len())
}

/// Prints a host's tables and sessions; false when a table does not read as it should.
pub(crate) fn host(
    setup: &Setup,
    which: usize,
    place: &Netns,
    speaker: &Speaker,
    options: &Options,
) -> Result<bool, Failure> {
    let mut right = true;
    println!("\n== {} ==", setup.hosts[which].name);
    for ip in [Ip::V4, Ip::V6] {
        let command = if ip == Ip::V4 { "ip route" } else { "ip -6 route" };
        let seen = place.kernel(|kernel| kernel.routes(ip))?;
        println!("# {command}\n{}", seen.join("\n"));
        let expected = expected_routes(setup, which, ip);
        if let Err(difference) = Reading::of(speaker, ip, options).judge(&seen, &expected) {
            println!("!! not as it should be:\n{difference}");
            right = false;
        }
    }
    Ok(sessions(speaker) && right)
}

/// Prints a speaker's sessions; false when one is missing or the speaker does not answer.
pub(crate) fn sessions(speaker: &Speaker) -> bool {
    let title = format!("# sessions of {}", speaker.name());
    match speaker.session_table().and_then(|table| Ok((table, speaker.sessions()?))) {
        Ok((table, seen)) => {
            println!("{title}\n{}", table.trim_end());
            if seen.established != seen.wanted {
                println!("!! {} of {} sessions are Established", seen.established, seen.wanted);
            }
            seen.established == seen.wanted
        }
        Err(failure) => {
            println!("{title}\n!! {failure}");
            false
        }
    }
}

/// Pings every pod from every pod in both families and prints the times; false when one does not answer.
pub(crate) fn pings(setup: &Setup, wiring: &Wiring) -> Result<bool, Failure> {
    let mut right = true;
    let name =
        |host: usize, pod: usize| format!("{}/{}", setup.hosts[host].name, setup.hosts[host].pods[pod].name);
    for ip in [Ip::V4, Ip::V6] {
        let family = if ip == Ip::V4 { "IPv4" } else { "IPv6" };
        println!("\n== pings, {family}, ms ==");
        let header: String =
            wiring.pods.iter().map(|(host, pod, _)| format!("{:>16}", name(*host, *pod))).collect();
        println!("{:16}{header}", "from \\ to");
        for (host, pod, place) in &wiring.pods {
            let mut row = format!("{:16}", name(*host, *pod));
            for (host, pod, _) in &wiring.pods {
                let to: IpAddr = setup.hosts[*host].pods[*pod].address(ip);
                let cell = match place.run(|| ping(to, PING_LIMIT))? {
                    Ok(time) => format!("{:.2}", time.as_secs_f64() * 1e3),
                    Err(_) => {
                        right = false;
                        "no answer".to_owned()
                    }
                };
                row.push_str(&format!("{cell:>16}"));
            }
            println!("{row}");
        }
    }
    println!();
    Ok(right)
}
