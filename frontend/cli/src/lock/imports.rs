//! Locks of other tools, taken as what is locked already.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use layercake_conda::Conda;
use layercake_conda::import::{Pins, compare};
use layercake_planner::lock::Environment;
use layercake_planner::suggest::list;

use super::Asked;
use crate::printer::Printer;
use crate::settings::UsageError;

/// The locks to take.
pub struct Imports(Vec<Import>);

/// One of them.
pub struct Import {
    /// The stage that it is for; the only one there is, if none is named.
    stage: Option<String>,
    path: PathBuf,
    text: String,
}

impl Imports {
    /// Reads the files.
    pub fn read(named: &[(Option<String>, PathBuf)]) -> anyhow::Result<Self> {
        let read = |(stage, path): &(Option<String>, PathBuf)| {
            let text = fs::read_to_string(path);
            let text = text.with_context(|| format!("cannot read {}", path.display()))?;
            Ok(Import {
                stage: stage.clone(),
                path: path.clone(),
                text,
            })
        };
        named.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Each is for one of `stages`, and each of these has at most one.
    pub fn check<'s>(&self, stages: impl Iterator<Item = &'s str>) -> Result<(), UsageError> {
        let stages: Vec<&str> = stages.collect();
        let mut taken = BTreeSet::new();
        for import in &self.0 {
            let stage = match (import.stage.as_deref(), stages.as_slice()) {
                (None, [only]) => *only,
                (Some(named), known) if known.contains(&named) => named,
                (Some(named), []) => {
                    return Err(UsageError::new(format!(
                        "`{named}` is no stage whose environment is locked, and the file has none"
                    )));
                }
                (Some(named), known) => {
                    return Err(UsageError::new(format!(
                        "`{named}` is no stage whose environment is locked; these are {}",
                        list(known)
                    )));
                }
                (None, []) => {
                    return Err(UsageError::new(
                        "there is nothing to import for: the file has no conda stage that is locked",
                    ));
                }
                (None, known) => {
                    return Err(UsageError::new(format!(
                        "{} is for one of {}; write --import STAGE={0}",
                        import.path.display(),
                        list(known)
                    )));
                }
            };
            if !taken.insert(stage) {
                return Err(UsageError::new(format!(
                    "two files are imported for the stage `{stage}`"
                )));
            }
        }
        Ok(())
    }

    /// That of a stage.
    pub fn of(&self, stage: &str) -> Option<&Import> {
        let mut imports = self.0.iter();
        imports.find(|import| import.stage.as_deref().is_none_or(|named| named == stage))
    }
}

impl Import {
    /// What it pins, as an environment that is locked.
    pub async fn adopt(&self, conda: &Conda, asked: &Asked<'_>) -> anyhow::Result<Environment> {
        let adopted = async {
            let pins = Pins::read(&self.text, asked.stage, asked.platform)?;
            conda.adopt(pins, &asked.request, asked.platform).await
        };
        adopted.await.with_context(|| self.told())
    }

    /// Nothing of what it pins may have moved; what nothing needs is told.
    pub fn compare(
        &self,
        imported: &Environment,
        solved: &Environment,
        printer: &Printer,
    ) -> anyhow::Result<()> {
        let left = compare(imported, solved).with_context(|| self.told())?;
        if !left.is_empty() {
            printer.note(&format!(
                "note: nothing that the environment asks for needs {}: left out",
                left.join(", ")
            ));
        }
        Ok(())
    }

    fn told(&self) -> String {
        format!("{} cannot be imported", self.path.display())
    }
}
