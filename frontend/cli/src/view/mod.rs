//! Plans made visible: as a tree, as JSON, as a graph.

mod dot;
mod json;
mod mermaid;
mod network;
mod svg;
mod tree;

pub use dot::dot;
pub use json::json;
pub use mermaid::mermaid;
pub use svg::{TooLarge, svg};
pub use tree::tree;

#[cfg(test)]
mod tests;

/// `3 stages`, `1 stage`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
