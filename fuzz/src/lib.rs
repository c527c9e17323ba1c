//! Fuzz targets as ordinary functions.
