//! What a plan is compared with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use layercake_planner::explain::{LABEL, Labelled, Records, read_label};
use layercake_planner::plan::Key;
use serde_json::Value;

/// What a plan is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// The last builds on the same builder.
    Last,
    /// The file as a commit has it, with that commit's context.
    Git(String),
    /// A file that `layercake plan --format json` wrote.
    File(PathBuf),
    /// An image that was built by layercake, or a cache in a registry that it exported to.
    Image(String),
}

/// Records to compare a plan with, and where they are from.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// Where they are from, for people.
    pub against: String,
    /// The records.
    pub records: Records,
}

impl Against {
    /// Reads the argument of `--against`.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix("git:") {
            Some(revision) => Self::Git(revision.to_owned()),
            None if text == "last" => Self::Last,
            None if Path::new(text).is_file() => Self::File(text.into()),
            None => Self::Image(text.to_owned()),
        }
    }
}

/// The records in a file that `layercake plan --format json` wrote.
pub fn read_file(path: &Path) -> anyhow::Result<Records> {
    let read = || -> anyhow::Result<Records> {
        let value: Value = serde_json::from_slice(&fs::read(path)?)?;
        if value["version"].as_u64() != Some(1) {
            bail!("its form is not one that this layercake reads");
        }
        let stages = value["stages"].as_array().context("it has no stages")?;
        let record = |stage: &Value| -> anyhow::Result<(String, Key)> {
            let id = stage["id"].as_str().context("a stage has no id")?;
            let record = stage["key"]["record"].clone();
            Ok((id.to_owned(), serde_json::from_value(record)?))
        };
        Ok(Records(
            stages.iter().map(record).collect::<Result<_, _>>()?,
        ))
    };
    read().with_context(|| {
        format!(
            "{} holds no plan; write one by `layercake plan --format json`",
            path.display()
        )
    })
}

/// The records that an image bears.
pub fn decode(reference: &str, config: &Value) -> anyhow::Result<Labelled> {
    let label = config["config"]["Labels"][LABEL].as_str();
    let label = label.with_context(|| {
        format!(
            "the image `{reference}` bears no records; only images that `layercake build` made do"
        )
    })?;
    read_label(label)
        .with_context(|| format!("the records of the image `{reference}` cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_told_apart() {
        assert_eq!(Against::parse("last"), Against::Last);
        assert_eq!(Against::parse("git:HEAD~1"), Against::Git("HEAD~1".into()));
        assert_eq!(
            Against::parse("Cargo.toml"),
            Against::File("Cargo.toml".into())
        );
        assert_eq!(
            Against::parse("example.com/web:1"),
            Against::Image("example.com/web:1".into())
        );
    }

    #[test]
    fn what_holds_no_plan_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for text in [
            "{}",
            "{\"version\": 2}",
            "x",
            "{\"version\": 1, \"stages\": [{\"id\": \"a\"}]}",
        ] {
            let path = folder.path().join("plan.json");
            fs::write(&path, text).unwrap();
            assert!(
                format!("{:#}", read_file(&path).unwrap_err()).contains("holds no plan"),
                "{text}"
            );
        }
    }
}
