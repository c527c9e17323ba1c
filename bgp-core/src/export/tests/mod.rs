//! The exporter as peers experience it: what they hold after reading its octets at any pace.

mod moves;
mod properties;
mod scenarios;
mod shadow;
mod world;
