//! What is watched of a daemon: its metrics, the alerts and the dashboard in `deploy/`, by Prometheus' own tools.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bgp_daemon::http::metrics::table::{Kind, METRICS};
use tests::failure::{Doing, Failure};
use tests::netns::Netns;
use tests::process::Daemon;
use tests::programs;
use tests::sandbox::SCRATCH;
use tests::wait::until;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn deploy(path: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../deploy", path].iter().collect()
}

/// Runs promtool, with `input` to read, and fails with what it complains of.
fn promtool(words: &[&str], place: &Path, input: &str) {
    let mut command = Command::new("/usr/bin/promtool");
    command
        .args(words)
        .current_dir(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut tool = command.spawn().expect("promtool is installed: tests/peers does that");
    let mut pipe = tool.stdin.take().expect("it is a pipe");
    pipe.write_all(input.as_bytes()).expect("it reads");
    drop(pipe);
    let output = tool.wait_with_output().expect("it ends");
    let told = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "promtool {words:?}: {}", String::from_utf8_lossy(&told));
}

#[test]
fn alerts_do_what_they_say() {
    promtool(&["check", "rules", "caracal.rules.yml"], &deploy("prometheus"), "");
    promtool(&["test", "rules", "caracal.test.yml"], &deploy("prometheus"), "");
}

/// Names of metrics in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("caracal_") || word.starts_with("process_")).collect()
}

#[test]
fn every_metric_that_is_watched_exists() {
    let mut known: BTreeSet<String> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
    for metric in METRICS.iter().filter(|metric| metric.kind == Kind::Histogram) {
        known.extend(["_bucket", "_sum", "_count"].map(|part| format!("{}{part}", metric.name)));
    }
    for file in ["prometheus/caracal.rules.yml", "prometheus/caracal.test.yml", "grafana/caracal.json"] {
        let text = fs::read_to_string(deploy(file)).expect("it is there");
        let watched = named(&text);
        assert!(!watched.is_empty(), "{file} watches nothing");
        for name in watched {
            assert!(known.contains(name), "{file} names {name}, which nothing tells");
        }
    }
}

#[test]
fn the_dashboard_has_a_title_and_a_question_for_every_panel() {
    let text = fs::read_to_string(deploy("grafana/caracal.json")).expect("it is there");
    let dashboard: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(panel["title"].is_string() && panel["targets"][0]["expr"].is_string(), "{panel}");
        assert!(ids.insert(panel["id"].as_u64()), "{panel}");
    }
}

const ADDRESS: &str = "127.0.0.1:9470";

/// The body and the status line of a GET.
fn get(place: &Netns, path: &str) -> Result<(String, String), Failure> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let ask = || {
        let mut stream = TcpStream::connect(ADDRESS)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = place.run(ask)?.doing("ask the web server")?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Ok((head.lines().next().unwrap_or_default().to_owned(), body.to_owned()))
}

/// A daemon in a namespace of its own, ready within a moment, and what its probes and metrics say then.
fn watch(program: &str, more: &str) -> Result<(String, String), Failure> {
    let place = Netns::create(program)?;
    // The sandbox has this folder to itself.
    let path = |name: &str| Path::new(SCRATCH).join(name);
    let configuration = format!(
        "asn = 64512\nrouter_id = \"192.0.2.1\"\n[graceful_restart]\nfirst_contact = \"0s\"\n\
         [control]\nsocket = \"{}\"\n[http]\nlisten = \"{ADDRESS}\"\n\
         [[originate]]\nprefix = \"10.244.1.0/24\"\n{more}",
        path("control.sock").display()
    );
    fs::write(path("caracal.toml"), configuration).doing("write a configuration")?;
    let mut command = Command::new(programs::program(program));
    command.arg("run").arg("--config").arg(path("caracal.toml"));
    let daemon = Daemon::start(program, &mut command, &place, &path("log"))?;
    let ready = || {
        let (status, body) = get(&place, "/readyz").map_err(|failure| failure.to_string())?;
        if status.contains(" 200 ") { Ok(body) } else { Err(body) }
    };
    let readiness = until("readiness", PATIENCE, ready)?;
    let (status, _) = get(&place, "/livez")?;
    assert!(status.contains(" 200 "), "{status}");
    let (_, metrics) = get(&place, "/metrics")?;
    daemon.terminate(PATIENCE)?;
    Ok((readiness, metrics))
}

#[test]
fn a_node_is_ready_when_its_routes_are_in_the_kernel() {
    programs::prove(|| {
        let (readiness, metrics) = watch("caracal", "").expect("it becomes ready");
        assert!(readiness.contains("[+] kernel: "), "{readiness}");
        promtool(&["check", "metrics"], Path::new("/"), &metrics);
        for expected in [
            concat!("caracal_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\",role=\"node\"} 1\n"),
            "caracal_kernel_routes{standing=\"installed\"} 1\n",
            "caracal_kernel_ops_total{op=\"create\"} 1\n",
            "caracal_kernel_drift 0\n",
            "caracal_kernel_seconds_count 1\n",
        ] {
            assert!(metrics.contains(expected), "no {expected} in\n{metrics}");
        }
    });
}

#[test]
fn a_reflector_has_no_kernel_to_wait_for() {
    programs::prove(|| {
        let (readiness, metrics) = watch("caracal-rr", "kind = \"announce\"\n").expect("it becomes ready");
        assert!(!readiness.contains("kernel"), "{readiness}");
        assert!(
            metrics.contains("role=\"reflector\"} 1\n") && !metrics.contains("caracal_kernel"),
            "{metrics}"
        );
        promtool(&["check", "metrics"], Path::new("/"), &metrics);
    });
}
