//! The node BGP speaker as a library: configuration, sockets, kernel and control around the core.

pub mod config;
