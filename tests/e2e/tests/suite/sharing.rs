//! One cache for both doors: what one has built, the other finds.

use anyhow::{Context as _, Result};
use layercake_tests::{Clx, Door, mark};

#[test]
fn what_one_door_built_the_other_finds() -> Result<()> {
    let clx = Clx::warm()?;
    for (first, second) in [(Door::Cli, Door::Buildx), (Door::Buildx, Door::Cli)] {
        clx.workspace.reset()?;
        clx.workspace.append(
            "clx-common/src/clx_common/utils/file.py",
            &format!("# {}", mark()),
        )?;
        clx.workspace.append(
            "services/drawio-converter/entrypoint.sh",
            &format!("# {}", mark()),
        )?;
        let expected = [
            "clx-common",
            "clx-common@micromamba+conda-env",
            "clx-common@python",
            "entrypoint",
        ];
        clx.build(first)
            .run()?
            .succeeded()?
            .expect_ran(expected)
            .with_context(|| format!("{first:?} comes first"))?;
        clx.build(second)
            .run()?
            .succeeded()?
            .expect_ran([])
            .with_context(|| format!("{second:?} comes second"))?;
    }
    Ok(())
}
