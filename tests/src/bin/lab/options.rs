//! What may be asked of the laboratory.

use std::time::Duration;

use clap::{Parser, ValueEnum};
use tests::cluster::{Overlay, Sessions, Setup};

/// Builds a three-node cluster in network namespaces, routes it with Caracal, and checks every host's
/// routing table to the line and every pod's way to every other. Needs root, or user namespaces.
/// Nothing is left behind, however it ends.
#[derive(Debug, Parser)]
#[command(name = "cargo lab --", bin_name = "cargo lab --")]
pub(crate) struct Options {
    /// Leave the cluster up until Ctrl-C, and say how to enter a host and what to try.
    #[arg(long)]
    pub(crate) keep: bool,

    /// How packets travel between hosts.
    #[arg(long, value_enum, default_value_t = Mode::Plain, value_name = "MODE")]
    pub(crate) mode: Mode,

    /// Run Debian's BIRD on node02 and FRR on master.
    #[arg(long, conflicts_with_all = ["mode", "reflector"])]
    pub(crate) mixed: bool,

    /// Replace the full mesh by a dedicated route reflector.
    #[arg(long)]
    pub(crate) reflector: bool,

    /// The metric of the routes that the daemons install (Calico's default today is 1024).
    #[arg(long, default_value_t = 0, value_name = "METRIC")]
    pub(crate) metric: u32,

    /// How many seconds the cluster may take to converge.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub(crate) patience: u64,
}

/// How packets travel between hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// As they are, routed from host to host.
    Plain,
    /// Through the device tunl0: IP in IP, or what stands for it where the kernel cannot.
    Ipip,
}

impl Options {
    /// The cluster asked for.
    pub(crate) fn setup(&self) -> Setup {
        Setup {
            overlay: match self.mode {
                Mode::Plain => Overlay::None,
                Mode::Ipip => Overlay::Ipip,
            },
            sessions: if self.reflector { Sessions::Reflectors(1) } else { Sessions::Mesh },
            metric: self.metric,
            ..Setup::documented()
        }
    }

    /// How long to wait for convergence.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience)
    }
}
