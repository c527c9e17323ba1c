//! Keeps a Linux routing table equal to a set of wished routes.
