//! Plans made visible: as a tree, as JSON, as a graph.

mod dot;
mod drawing;
mod json;
mod layers;
mod mermaid;
mod network;
mod picture;
mod png;
mod svg;
pub mod table;
mod tree;

pub use dot::dot;
pub use json::json;
pub use layers::{layers, layers_json};
pub use mermaid::mermaid;
pub use picture::TooLarge;
pub use png::png;
pub use svg::svg;
pub use tree::tree;

#[cfg(test)]
mod tests;

/// A bar for `value`, `width` letters long if that is the most there is; what is not nothing has one at least.
pub fn bar(value: usize, most: usize, width: usize) -> String {
    let length = if most == 0 {
        0
    } else {
        (value * width).div_ceil(most)
    };
    "█".repeat(length)
}

/// `1.50 MB`.
pub fn bytes(number: u64) -> String {
    indicatif::DecimalBytes(number).to_string()
}

/// `3 stages`, `1 stage`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
