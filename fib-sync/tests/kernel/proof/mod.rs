//! Proofs against the real kernel: every form of route in place of every other, every fault, random schedules.
//! Each in network namespaces of its own, with `ip` as the independent witness.

mod chance;
mod check;
mod faults;
mod forms;
mod hand;
mod schedule;
mod schedules;
mod wishes;
