//! Which routes the kernel is wished to hold.

use crate::script::{Stage, config, net};
use bgp_core::rib::{Forwarding, KernelHint, LocalSource, Route};
use bgp_core::speaker::Input;
use bgp_core::wire::Attributes;

#[test]
fn what_the_kernel_told_us_is_not_written_back() {
    for (source, wished) in [(LocalSource::Kernel, 0), (LocalSource::Direct, 0), (LocalSource::Static, 1)] {
        let mut stage = Stage::new(config(vec![]));
        let route = Route {
            attributes: Attributes::default(),
            forwarding: Forwarding::Blackhole,
            interface: None,
            kernel: KernelHint::default(),
        };
        stage.input(Input::Originate { prefix: net("198.51.100.0/24"), source, route });
        assert_eq!(stage.kernel.len(), wished, "{source:?}");
    }
}
