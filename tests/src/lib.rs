//! The laboratory and what is proved in it.
