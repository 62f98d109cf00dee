//! What a file means: plans, their keys, and what is told of files that mean nothing.
#![allow(clippy::disallowed_methods)] // Tests read examples and documents from their folders.

#[path = "../support/world.rs"]
#[allow(dead_code, reason = "other tests make more of it")]
mod world;

#[path = "../support/every_kind.rs"]
mod every_kind;
#[path = "../support/generate.rs"]
mod generate;
#[path = "../support/made_up.rs"]
mod made_up;

mod advice;
mod explained;
mod keys;
mod locks;
mod mistakes;
mod plans;
mod shuffled;
