//! Tables of edits: each row starts from a build of all three services that is up to date.

use anyhow::{Result, ensure};
use layercake_tests::{Clx, Door, Workspace, mark};

/// One edit and what it makes run.
pub struct Row {
    name: &'static str,
    edit: Box<Edit>,
    flags: &'static [&'static str],
    runs: &'static [&'static str],
}

type Edit = dyn Fn(&Workspace, &str) -> Result<()>;

impl Row {
    /// An edit that runs nothing. It is given a word that was never built before.
    pub fn new(
        name: &'static str,
        edit: impl Fn(&Workspace, &str) -> Result<()> + 'static,
    ) -> Self {
        Self {
            name,
            edit: Box::new(edit),
            flags: &[],
            runs: &[],
        }
    }

    /// An edit that adds a comment to a file of Python or shell.
    pub fn comment(name: &'static str, path: &'static str) -> Self {
        Self::new(name, move |workspace, mark| {
            workspace.append(path, &format!("# {mark}"))
        })
    }

    /// Flags of the build, in which `{mark}` is replaced.
    pub fn flags(self, flags: &'static [&'static str]) -> Self {
        Self { flags, ..self }
    }

    /// The stages that run, by their names in the plan.
    pub fn runs(self, runs: &'static [&'static str]) -> Self {
        Self { runs, ..self }
    }

    fn check(&self, clx: &Clx, door: Door) -> Result<()> {
        let mark = mark();
        clx.workspace.reset()?;
        (self.edit)(&clx.workspace, &mark)?;
        let flags: Vec<_> = self
            .flags
            .iter()
            .map(|flag| flag.replace("{mark}", &mark))
            .collect();
        let outcome = clx.build(door).flags(&flags).run()?.succeeded()?;
        outcome.expect_ran(self.runs.iter().copied())
    }
}

/// Makes each edit once for each door, and tells all rows that are not as they should be.
pub fn check(rows: &[Row]) -> Result<()> {
    let clx = Clx::warm()?;
    let each = |row: &Row| {
        Door::ALL.map(|door| (format!("{}, {door:?}", row.name), row.check(&clx, door)))
    };
    all(rows.iter().flat_map(each))
}

/// One error that names all that failed, each with what it is.
pub fn all(results: impl IntoIterator<Item = (String, Result<()>)>) -> Result<()> {
    let told =
        |(name, result): (String, Result<()>)| Some(format!("- {name}: {:#}", result.err()?));
    let wrong: Vec<_> = results.into_iter().filter_map(told).collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
