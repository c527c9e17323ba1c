//! Leaving the cluster up, and telling how to look into it.

use std::thread;

use tests::cluster::{Setup, socket};
use tests::netns::NAMES;
use tests::sandbox::{Inside, SCRATCH};

use crate::programs::Programs;
use crate::speaker::Speaker;

/// Prints how to enter the hosts, then waits to be killed, which ends everything.
pub(crate) fn wait(setup: &Setup, speakers: &[Speaker], programs: &Programs, inside: Inside) -> ! {
    let pid = inside.outer_pid;
    let users = if inside.own_users { " -U --preserve-credentials" } else { "" };
    let caracal = programs.caracal();
    println!("\nThe cluster stays up until Ctrl-C. Each of these opens a shell on a host or in a pod:\n");
    let enter = |name: &str, socket: &str| {
        println!(
            "  nsenter -t {pid}{users} -m -p --net=/proc/{pid}/root{NAMES}/{name} \
             env PS1='{name}# ' CARACAL_SOCKET={socket} sh"
        );
    };
    for host in &setup.hosts {
        enter(host.name, &socket(host.name).display().to_string());
    }
    for host in &setup.hosts {
        for pod in &host.pods {
            enter(&format!("{}-{}", host.name, pod.name), "");
        }
    }
    let victim = &speakers[setup.hosts.len() - 1];
    println!(
        "
On a host, try:
  {caracal} peers                        the sessions
  {caracal} routes                       every route, and why the best is the best
  {caracal} explain 10.244.140.64/26     what was decided about one prefix
  ip route; ip monitor route             the kernel's view, as it changes
  kill -9 {victim:<30} the speaker of {name}; then watch the others
Configurations and logs are in {SCRATCH} of that shell.",
        caracal = caracal.display(),
        victim = victim.pid(),
        name = victim.name(),
    );
    loop {
        thread::park();
    }
}
