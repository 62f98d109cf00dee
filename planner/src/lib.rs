//! `layercake.yaml` to a graph of stages.
//!
//! Pure: text and [`facts`] in, values out. Nothing here opens a file, reads a clock or knows a network.
pub mod diagnostic;
pub mod facts;
pub mod source;
pub mod spec;
