//! Which steps a build ran, from the lines of `--progress=rawjson`.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

#[derive(Deserialize)]
struct Update {
    #[serde(default)]
    vertexes: Vec<Vertex>,
}

#[derive(Deserialize)]
struct Vertex {
    digest: String,
    #[serde(default)]
    name: String,
    completed: Option<String>,
    #[serde(default)]
    cached: bool,
}

/// The names, up to the bracket, of all steps that ran: a stage, or `SERVICE 3/9` of a Dockerfile. What loads
/// files or images is no step.
pub fn steps_that_ran(output: &str) -> Result<Vec<String>> {
    let mut last = BTreeMap::new();
    for line in output.lines().filter(|line| line.starts_with('{')) {
        let update: Update =
            serde_json::from_str(line).with_context(|| format!("no progress: {line}"))?;
        last.extend(
            update
                .vertexes
                .into_iter()
                .map(|vertex| (vertex.digest.clone(), vertex)),
        );
    }
    let ran = last
        .into_values()
        .filter(|vertex| vertex.completed.is_some() && !vertex.cached);
    let mut names: Vec<_> = ran.filter_map(|vertex| step(&vertex.name)).collect();
    names.sort();
    Ok(names)
}

fn step(name: &str) -> Option<String> {
    let (name, what) = name.strip_prefix('[')?.split_once("] ")?;
    let is_step = !name.contains("internal") && !what.starts_with("FROM ");
    is_step.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{step, steps_that_ran};

    #[test]
    fn loading_is_no_step() {
        assert_eq!(
            step("[conda-env] micromamba install").as_deref(),
            Some("conda-env")
        );
        assert_eq!(
            step("[drawio 2/9] WORKDIR /app").as_deref(),
            Some("drawio 2/9")
        );
        for other in [
            "[internal] merge x",
            "[drawio internal] load",
            "[drawio 1/9] FROM python",
            "exporting",
        ] {
            assert_eq!(step(other), None, "{other}");
        }
    }

    #[test]
    fn the_last_state_counts() {
        let output = concat!(
            r#"{"vertexes":[{"digest":"a","name":"[one] x","completed":"t"}]}"#,
            "\nwords\n",
            r#"{"vertexes":[{"digest":"b","name":"[two] x","completed":"t"}]}"#,
            "\n",
            r#"{"vertexes":[{"digest":"a","name":"[one] x","completed":"t","cached":true}]}"#,
        );
        assert_eq!(steps_that_ran(output).unwrap(), ["two"]);
    }
}
