//! Whole daemons over loopback, as an operator meets them: processes, files, signals, the command line.

mod bird;
mod bundle;
mod changing;
mod cli;
mod completion;
mod deaf;
mod doctor;
mod drain;
mod explaining;
mod half_way;
mod history;
mod host;
mod http;
mod logging;
mod manual;
mod peering;
mod reload;
mod shutdown;
mod supervised;
mod terminal;
mod top;
mod trouble;
mod verbs;
