//! What the real kernel proves: each test in network namespaces of its own, with `ip` as the independent witness.

mod answers;
mod differential;
mod follow;
mod namespace;
mod objects;
mod pressure;
mod proof;
mod refusals;
mod routes;
mod sets;
mod twins;
