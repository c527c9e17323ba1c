//! A whole speaker, in virtual time: among scripted peers, towards the kernel, across restarts.

mod beginning;
mod carriers;
mod counting;
mod drafts;
mod explaining;
mod first_decisions;
mod headless;
mod leaving;
mod listing;
mod long_lived;
mod losing;
mod range;
mod reconfiguring;
mod refreshes;
mod rehearsing;
mod restarts;
mod script;
mod shared_hops;
mod speaking;
mod wishes;
