//! Leaving the cluster up, and telling how to look into it.

use std::thread;

use tests::cluster::Setup;
use tests::netns::NAMES;
use tests::sandbox::{Inside, SCRATCH};

use crate::programs::Programs;
use crate::speaker::Speaker;

/// Prints how to enter the hosts, then waits to be killed, which ends everything.
pub(crate) fn wait(setup: &Setup, speakers: &[Speaker], programs: &Programs, inside: Inside) -> ! {
    let pid = inside.outer_pid;
    let users = if inside.own_users { " -U --preserve-credentials" } else { "" };
    let folder = programs.folder().display();
    println!(
        "
The cluster stays up until Ctrl-C. In another shell, paste this:

  enter() {{ nsenter -t {pid}{users} -m -p --net=/proc/{pid}/root{NAMES}/$1 \\
    env PS1=\"$1# \" CARACAL_SOCKET={SCRATCH}/$1.sock PATH={folder}:$PATH sh; }}

then enter a host or a pod:
"
    );
    for host in &setup.hosts {
        let pods = host.pods.iter().map(|pod| format!("   enter {}-{}", host.name, pod.name));
        println!("  enter {}{}", host.name, pods.collect::<String>());
    }
    let victim = &speakers[setup.hosts.len() - 1];
    println!(
        "
On a host, try:

  caracal peers                       the sessions
  caracal routes                      every route, and why the best is the best
  caracal explain 10.244.140.64/26    what was decided about one prefix
  ip route; ip monitor route          the kernel's view, and its changes
  kill -9 {victim:<4}                        the speaker of {name}; watch the others, and how its routes stay

Configurations and logs are in {SCRATCH} of that shell.",
        victim = victim.pid(),
        name = victim.name(),
    );
    loop {
        thread::park();
    }
}
