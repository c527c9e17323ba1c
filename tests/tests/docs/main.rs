//! The documentation is true: its commands parse, its configurations are valid, its links lead somewhere, its quick
//! starts do what they print.

mod page;
mod shell;

mod commands;
mod configurations;
mod links;
mod paths;
mod quick_starts;
mod quotes;
mod sources;
