//! The manifests in `deploy/kubernetes`: rendered by kubectl, held to the schemas of Kubernetes, and to the daemon they run.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tests::programs;
use tests::sandbox::SCRATCH;

/// The oldest and the newest Kubernetes that the manifests are held to.
const VERSIONS: [&str; 2] = ["1.28", "1.37"];

const OVERLAYS: [&str; 3] = ["mesh", "reflectors", "monitored"];

/// Prints YAML documents as one JSON array.
const TO_JSON: &str = "import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)";

/// A program that `tests/peers` brings.
fn tool(program: &str, words: &[&str], input: &str) -> String {
    let path: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "../target/peers/kubernetes/bin", program].iter().collect();
    let mut command = Command::new(&path);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        panic!("{}: {error}: tests/peers installs kubectl and kubernetes-validate from PyPI", path.display())
    });
    let mut pipe = child.stdin.take().expect("it is a pipe");
    pipe.write_all(input.as_bytes()).expect("it reads");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program} {words:?}: {}{told}",
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8(output.stdout).expect("it prints text")
}

fn render(overlay: &str) -> String {
    let folder = format!("{}/../deploy/kubernetes/overlays/{overlay}", env!("CARGO_MANIFEST_DIR"));
    tool("kubectl", &["kustomize", &folder], "")
}

/// What an overlay comes to, document by document.
fn documents(overlay: &str) -> Vec<Value> {
    serde_json::from_str(&tool("python", &["-c", TO_JSON], &render(overlay))).expect("it is JSON")
}

/// What runs pods, and what kind it is.
fn workloads(documents: &[Value]) -> impl Iterator<Item = &Value> {
    documents.iter().filter(|document| document["kind"] == "DaemonSet" || document["kind"] == "Deployment")
}

fn named<'a>(documents: &'a [Value], kind: &str, name: &Value) -> &'a Value {
    let found =
        documents.iter().find(|document| document["kind"] == kind && document["metadata"]["name"] == *name);
    found.unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text"))
}

/// A port of a container by its name.
fn port(container: &Value, name: &Value) -> u64 {
    let found = items(&container["ports"]).iter().find(|port| port["name"] == *name);
    found.and_then(|port| port["containerPort"].as_u64()).unwrap_or_else(|| panic!("there is no port {name}"))
}

#[test]
fn every_overlay_is_what_kubernetes_understands() {
    for overlay in OVERLAYS {
        let documents = tool("python", &["-c", SCHEMATIC], &render(overlay));
        let file = std::env::temp_dir().join(format!("caracal-{overlay}-{}.yaml", std::process::id()));
        fs::write(&file, documents).expect("a writable file");
        for version in VERSIONS {
            let told =
                tool("kubernetes-validate", &["--strict", "-k", version, file.to_str().expect("text")], "");
            assert!(!told.contains("WARN"), "{told}");
        }
        fs::remove_file(&file).expect("our file");
    }
}

/// Prints what Kubernetes itself has a schema for; a PodMonitor is the Prometheus operator's.
const SCHEMATIC: &str = "import sys, yaml; \
    yaml.safe_dump_all([one for one in yaml.safe_load_all(sys.stdin) if one['kind'] != 'PodMonitor'], sys.stdout)";

/// The files of a workload's configuration, as a pod sees them, checked by the program that it runs.
fn check(documents: &[Value], workload: &Value) -> BTreeMap<String, String> {
    let pod = &workload["spec"]["template"]["spec"];
    let config = items(&pod["volumes"]).iter().find(|volume| volume["name"] == "config").expect("a volume");
    let map = named(documents, "ConfigMap", &config["configMap"]["name"]);
    let files: BTreeMap<String, String> = serde_json::from_value(map["data"].clone()).expect("files");
    let folder = Path::new(SCRATCH).join(text(&map["metadata"]["name"]));
    fs::create_dir_all(&folder).expect("a folder");
    for (name, content) in &files {
        fs::write(folder.join(name), content).expect("a writable file");
    }
    let container = &pod["containers"][0];
    let program =
        container["command"][0].as_str().map_or("caracal", |path| path.trim_start_matches("/usr/bin/"));
    let words: Vec<&str> = items(&container["args"]).iter().map(text).collect();
    let [verb, option, file] = words[..] else { panic!("{words:?}") };
    assert_eq!((verb, option), ("run", "--config"));
    let mounted =
        items(&container["volumeMounts"]).iter().find(|mount| mount["name"] == "config").expect("a mount");
    let name = file.strip_prefix(text(&mounted["mountPath"])).expect("the file is in the volume");
    let mut command = Command::new(programs::program(program));
    command.arg("check").arg(folder.join(name.trim_start_matches('/'))).env("NODE_IP", "192.0.2.21");
    let output = command.output().expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.is_empty(), "{program} check: {told}");
    files
}

/// The address that a file says after `listen =`.
fn listening(files: &BTreeMap<String, String>) -> &str {
    let line =
        files["http.toml"].lines().find_map(|line| line.strip_prefix("listen = ")).expect("it listens");
    line.trim_matches('"')
}

#[test]
fn every_configuration_is_valid_and_agrees_with_its_manifest() {
    programs::prove(|| {
        for overlay in OVERLAYS {
            let documents = documents(overlay);
            for workload in workloads(&documents) {
                let files = check(&documents, workload);
                let container = &workload["spec"]["template"]["spec"]["containers"][0];
                let (address, web) = listening(&files).rsplit_once(':').expect("an address and a port");
                assert_eq!(web, port(container, &"http".into()).to_string(), "{overlay}");
                assert_eq!(address, if overlay == "monitored" { "0.0.0.0" } else { "127.0.0.1" });
                let bgp = files["caracal.toml"].lines().find_map(|line| line.strip_prefix("port = "));
                assert_eq!(bgp.unwrap_or("179"), port(container, &"bgp".into()).to_string(), "{overlay}");
                if let Some(peers) = files.get("peers.toml").filter(|_| overlay != "mesh") {
                    assert!(peers.contains("port = 1790"), "clients call the reflectors' port");
                }
            }
        }
    });
}

#[test]
fn probes_ask_what_the_daemon_answers() {
    let answered = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../bgp-daemon/src/http/mod.rs"));
    let answered = answered.expect("the web server's routes");
    for overlay in OVERLAYS {
        for workload in workloads(&documents(overlay)) {
            let pod = &workload["spec"]["template"]["spec"];
            let container = &pod["containers"][0];
            assert_eq!(pod["hostNetwork"], true, "probes of another network would not reach 127.0.0.1");
            for (probe, path) in [("livenessProbe", "/livez"), ("readinessProbe", "/readyz")] {
                let ask = &container[probe]["httpGet"];
                assert_eq!((text(&ask["path"]), text(&ask["host"])), (path, "127.0.0.1"));
                assert!(answered.contains(&format!("\"{path}\"")), "the daemon does not know {path}");
                port(container, &ask["port"]);
            }
        }
    }
}

#[test]
fn whoever_selects_pods_finds_them() {
    let documents = documents("monitored");
    let pods: Vec<&Value> =
        workloads(&documents).map(|one| &one["spec"]["template"]["metadata"]["labels"]).collect();
    let mut selecting = 0;
    for document in documents.iter().filter(|document| document["spec"]["selector"].is_object()) {
        let wanted = document["spec"]["selector"]["matchLabels"].as_object().expect("labels");
        let found =
            pods.iter().filter(|labels| wanted.iter().all(|(key, value)| labels[key] == *value)).count();
        assert_eq!(
            found, 1,
            "{} {} finds {found} kinds of pods",
            document["kind"], document["metadata"]["name"]
        );
        selecting += 1;
    }
    assert_eq!(selecting, 5, "two workloads, a budget, two monitors");
    for monitor in documents.iter().filter(|document| document["kind"] == "PodMonitor") {
        let endpoint = &monitor["spec"]["podMetricsEndpoints"][0];
        assert_eq!(endpoint["path"], "/metrics");
        workloads(&documents).for_each(|one| {
            port(&one["spec"]["template"]["spec"]["containers"][0], &endpoint["port"]);
        });
    }
}

#[test]
fn pods_may_do_what_they_need_and_no_more() {
    let documents = documents("monitored");
    for workload in workloads(&documents) {
        let pod = &workload["spec"]["template"]["spec"];
        let security = &pod["containers"][0]["securityContext"];
        assert_eq!(security["capabilities"]["drop"], serde_json::json!(["ALL"]));
        let added = items(&security["capabilities"]["add"]);
        match text(&workload["kind"]) {
            "DaemonSet" => assert_eq!(added, ["NET_ADMIN", "NET_BIND_SERVICE"]),
            _ => assert!(added.is_empty() && pod["securityContext"]["runAsNonRoot"] == true),
        }
        assert_eq!(
            (&security["readOnlyRootFilesystem"], &security["allowPrivilegeEscalation"]),
            (&true.into(), &false.into())
        );
        assert_eq!(pod["automountServiceAccountToken"], false);
        named(&documents, "ServiceAccount", &pod["serviceAccountName"]);
    }
    let rights = documents.iter().find(|document| text(&document["kind"]).contains("Role"));
    assert_eq!(rights, None, "nothing is asked of the API server");
}
