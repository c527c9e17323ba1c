//! The configuration file of each host.
