//! `cargo xtask channel`: the conda channel, made again from its recipe.

use anyhow::Result;

use crate::engine::{Engine, MAIN, Size};
use crate::step::print;

/// Makes the channel on the running engine, and prints its address.
pub fn run(size: Size) -> Result<()> {
    let engine = Engine::attach(MAIN)?;
    let url = engine.make_channel(size)?;
    print(&format!("{url}\n"))
}
