//! The `caracal-rr` binary.

fn main() {}
