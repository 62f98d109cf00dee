//! `cargo xtask channel`: the conda channel, made again from its recipe.

use anyhow::Result;

use crate::engine::{Engine, MAIN};
use crate::step::print;

/// Makes the channel on the running engine, and prints its address.
pub fn run() -> Result<()> {
    let engine = Engine::attach(MAIN)?;
    let url = engine.make_channel()?;
    print(&format!("{url}\n"))
}
