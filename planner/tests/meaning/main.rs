//! What a file means: plans, their keys, and what is told of files that mean nothing.

#[path = "../support/world.rs"]
#[allow(dead_code, reason = "other tests make more of it")]
mod world;

mod mistakes;
mod plans;
