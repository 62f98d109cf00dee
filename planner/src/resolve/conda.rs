//! An environment file to its meaning: comments, order, spacing, line ends and the name gone.

use serde_json::{Map, Value, json};

use super::requirements;
use crate::source::Source;
use crate::yaml::{self, Node};

/// The environment as canonical JSON, which is YAML too; or what is wrong with the file.
///
/// The order of channels is their priority and stays. Packages and pip requirements are sorted.
pub(super) fn canonical(text: &str) -> Result<String, String> {
    let source = Source {
        name: String::new(),
        text: text.to_owned(),
    };
    let (root, found) = yaml::parse(&source);
    if let Some(first) = found.first() {
        let line = first
            .primary
            .as_ref()
            .map_or(1, |label| line_of(text, label.span.start));
        return Err(format!("is not YAML: line {line}: {}", first.message));
    }
    let root = root.ok_or("is empty")?;
    let entries = root
        .map()
        .ok_or("is not a mapping of `channels` and `dependencies`")?;
    let mut environment = Map::new();
    for entry in entries {
        let line = line_of(text, entry.key.span.start);
        match entry.key.value.as_str() {
            "channels" => {
                environment.insert("channels".into(), json!(texts(&entry.value, text)?));
            }
            "dependencies" => {
                environment.insert("dependencies".into(), dependencies(&entry.value, text)?);
            }
            "name" | "prefix" => {} // Where it lies is the stage's `prefix`.
            other => {
                return Err(format!(
                    "has the key `{other}` in line {line}, which is not supported; `channels` and `dependencies` are"
                ));
            }
        }
    }
    if !environment.contains_key("dependencies") {
        return Err("has no `dependencies`".into());
    }
    environment.sort_keys();
    Ok(Value::Object(environment).to_string())
}

fn dependencies(node: &Node, text: &str) -> Result<Value, String> {
    let mut packages = Vec::new();
    let mut pip = Vec::new();
    for item in items(node, text)? {
        if let Some(spec) = item.text() {
            packages.push(tidy(spec));
        } else if let Some((platforms, spec)) = selected(item) {
            if matches!(platforms, "linux" | "unix") {
                packages.push(tidy(spec));
            }
        } else {
            pip.extend(pip_section(item, text)?);
        }
    }
    packages.sort();
    packages.dedup();
    let mut all: Vec<Value> = packages.into_iter().map(Value::String).collect();
    if !pip.is_empty() {
        all.push(json!({ "pip": pip }));
    }
    Ok(Value::Array(all))
}

fn tidy(spec: &str) -> String {
    spec.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `sel(linux): package`, micromamba's way to ask for a package on some platforms.
fn selected(node: &Node) -> Option<(&str, &str)> {
    let [entry] = node.map()? else { return None };
    let platforms = entry.key.value.strip_prefix("sel(")?.strip_suffix(')')?;
    let known = ["linux", "osx", "unix", "win"].contains(&platforms);
    Some((platforms, entry.value.text()?)).filter(|_| known)
}

fn pip_section(node: &Node, text: &str) -> Result<Vec<String>, String> {
    let line = line_of(text, node.span.start);
    match node.map() {
        Some([entry]) if entry.key.value == "pip" => {
            let lines = texts(&entry.value, text)?.join("\n");
            requirements::canonical(&lines)
                .map_err(|problem| format!("line {}: {problem}", line + problem.line))
        }
        _ => Err(format!(
            "line {line}: is neither a package nor `pip:` and a list nor `sel(linux):` and a package"
        )),
    }
}

fn texts(node: &Node, text: &str) -> Result<Vec<String>, String> {
    let texts = items(node, text)?.iter().map(|item| {
        let line = line_of(text, item.span.start);
        item.text()
            .map(|text| text.trim().to_owned())
            .ok_or_else(|| format!("line {line}: is not a text"))
    });
    texts.collect()
}

fn items<'n>(node: &'n Node, text: &str) -> Result<&'n [Node], String> {
    let line = line_of(text, node.span.start);
    node.list()
        .ok_or_else(|| format!("line {line}: is not a list"))
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn what_means_nothing_is_gone() {
        let one = "name: base\r\nchannels: [pytorch, conda-forge]\r\ndependencies:\r\n  # why\r\n  - numpy  >=1.26\r\n  - python=3.11\r\n  - pip:\r\n      - pymediawiki\r\n";
        let other = "dependencies:\n- python=3.11\n- pip: [pymediawiki]\n- numpy >=1.26\nchannels:\n- pytorch\n- conda-forge\n";
        let meaning = r#"{"channels":["pytorch","conda-forge"],"dependencies":["numpy >=1.26","python=3.11",{"pip":["pymediawiki"]}]}"#;
        assert_eq!(canonical(one).as_deref(), Ok(meaning));
        assert_eq!(canonical(other).as_deref(), Ok(meaning));
    }

    #[test]
    fn packages_of_other_platforms_are_left_out() {
        let text =
            "dependencies:\n- sel(linux): a  >1\n- sel(win): b\n- sel(unix): c\n- sel(osx): d\n";
        let meaning = r#"{"dependencies":["a >1","c"]}"#;
        assert_eq!(canonical(text).as_deref(), Ok(meaning));
        check("dependencies: [{sel(dos): a}]\n", "line 1");
    }

    #[track_caller]
    fn check(text: &str, problem: &str) {
        let found = canonical(text).unwrap_err();
        assert!(found.contains(problem), "{found}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        check("", "empty");
        check("channels: [a]\n", "no `dependencies`");
        check("dependencies:\n  - a\n  - npm: [b]\n", "line 3");
        check("dependencies: 3\n", "line 1: is not a list");
        check(
            "dependencies: [a]\nvariables: {A: b}\n",
            "`variables` in line 2",
        );
        check("dependencies: [a\n", "not YAML: line");
    }
}
