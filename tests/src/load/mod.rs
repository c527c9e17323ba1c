//! Load for a daemon under test: seeded tables, a crowd of sessions that sends and checks them, the daemons
//! that can be loaded, and what they use.
//!
//! One thread and one epoll loop play all peers. What is sent is encoded before the clock starts; what is
//! received is compared with what others received, or cut and hashed, never decoded into values.

pub mod client;
pub mod crowd;
pub mod daemon;
pub mod dump;
pub mod feed;
pub mod ledger;
pub mod mark;
pub mod network;
pub mod register;
pub mod sink;
pub mod table;
pub mod transcript;
pub mod update;
pub mod usage;
