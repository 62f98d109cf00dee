//! `layercake.yaml` to a graph of stages.
//!
//! Pure: text and [`facts`] in, values out. Nothing here opens a file, reads a clock or knows a network.
pub mod advice;
pub mod codes;
mod decode;
pub mod diagnostic;
pub mod explain;
pub mod facts;
mod findings;
mod graph;
mod interpolate;
pub mod lock;
pub mod model;
pub mod parse;
pub mod path;
pub mod plan;
pub mod render;
pub mod resolve;
pub mod schema;
pub mod source;
pub mod spec;
pub mod suggest;
pub mod yaml;
