//! The product's promises, held on a real BuildKit through both doors. `cargo xtask test` runs them.

mod after;
mod channel;
mod cold;
mod conda_lock;
mod edits;
mod errors;
mod examples;
mod explain;
mod graph;
mod images;
mod lock;
mod outputs;
mod page;
mod publish;
mod sharing;
mod table;
mod unchanged;
