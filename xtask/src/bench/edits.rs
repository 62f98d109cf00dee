//! `cargo xtask bench edits`: random sequences of edits, each explained and built, the prediction held against what
//! happened. A seed that is given again makes the same edits again.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::project::Project;
use super::random::Random;
use crate::step::{note, print};
use crate::{product, run};

const FILE: &str = "layercake.yaml";

/// What is edited, and how.
const EDITS: [(&str, Edit); 12] = [
    (
        "services/drawio-converter/src/drawio_converter/drawio_converter.py",
        Edit::Comment,
    ),
    (
        "services/plantuml-converter/src/plantuml_converter/jar.py",
        Edit::Comment,
    ),
    (
        "services/notebook-processor/src/nb/output_spec.py",
        Edit::Comment,
    ),
    ("clx-common/src/clx_common/utils/file.py", Edit::Comment),
    ("services/drawio-converter/entrypoint.sh", Edit::Comment),
    ("services/drawio-converter/entrypoint.sh", Edit::Mode),
    ("services/notebook-processor/packages.yaml", Edit::Comment),
    ("README.md", Edit::Comment),
    (
        FILE,
        Edit::Replace(
            "\"display_name\": \"Deno\"",
            "\"display_name\": \"Deno {}\"",
        ),
    ),
    (
        FILE,
        Edit::Replace("mkdir -p /app", "mkdir -p /app/{} /app"),
    ),
    (FILE, Edit::Replace("mode: \"0755\"", "mode: \"0750\"")),
    (
        FILE,
        Edit::Replace(
            "DOTNET_CLI_TELEMETRY_OPTOUT: \"1\"",
            "DOTNET_CLI_TELEMETRY_OPTOUT: \"{}\"",
        ),
    ),
];

#[derive(Clone, Copy)]
enum Edit {
    /// A comment at the end.
    Comment,
    /// Executable or not.
    Mode,
    /// A text, with a number in it.
    Replace(&'static str, &'static str),
}

/// Makes the edits, on the daemon of the environment, and prints. Without a binary the product is built.
pub fn edits(binary: Option<PathBuf>, sequences: u64, seed: Option<u64>) -> Result<()> {
    product::example_assets()?;
    let binary = product::given(binary)?;
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let seed = seed.unwrap_or(now);
    let project = Project::copy("edits")?;
    let root = project.root();
    let name = format!("project: clx-{seed}");
    replace(root, FILE, "project: clx\n", &format!("{name}\n"))?;
    let original = root.with_file_name("original");
    let _ = fs::remove_dir_all(&original);
    run::output(Command::new("cp").arg("-R").arg(root).arg(&original))?;
    let product = Product {
        binary,
        root: root.to_owned(),
        state: root.with_file_name(format!("state-{now}")),
    };
    note(&format!(
        "seed {seed}: the first build, of which nothing is foretold"
    ));
    product.build()?;
    let mut random = Random(seed);
    let (mut checked, mut wrong) = (0, Vec::new());
    let (mut explaining, mut planning) = (Duration::MAX, Duration::MAX);
    for sequence in 0..sequences {
        let mut made = Vec::new();
        for _ in 0..=random.below(3) {
            made.push(edit(root, &original, &mut random)?);
        }
        let explained = product.timed("explain")?;
        explaining = explaining.min(explained);
        planning = planning.min(product.timed("plan")?);
        let report = product.build()?;
        let told = &report["prediction"];
        let mismatches = told["mismatches"]
            .as_array()
            .context("something is foretold")?;
        let stages = report["stages"].as_array().into_iter().flatten();
        let ran = stages.filter(|stage| stage["state"] == "ran").count();
        checked += told["checked"].as_u64().unwrap_or(0);
        note(&format!(
            "{sequence:>4}  {ran:>2} ran, {} mispredicted, explained in {} ms: {}",
            mismatches.len(),
            explained.as_millis(),
            made.join("; ")
        ));
        wrong.extend(
            mismatches
                .iter()
                .map(|mismatch| format!("sequence {sequence}: {mismatch}\n")),
        );
    }
    print(&format!(
        "seed {seed}: {sequences} sequences, {checked} stages foretold, {} mispredicted\n\
         fastest `plan`, which hashes all files: {} ms; fastest `explain`, which asks the daemon besides: {} ms\n{}",
        wrong.len(),
        planning.as_millis(),
        explaining.as_millis(),
        wrong.concat()
    ))?;
    ensure!(
        wrong.is_empty(),
        "the prediction was wrong; --seed {seed} makes the same edits again"
    );
    Ok(())
}

/// Makes one edit, or takes all edits of one file back.
fn edit(root: &Path, original: &Path, random: &mut Random) -> Result<String> {
    let (path, edit) = EDITS[random.below(EDITS.len())];
    let number = random.below(1_000_000);
    let file = root.join(path);
    if random.below(4) == 0 {
        fs::copy(original.join(path), &file)?;
        return Ok(format!("{path} as it was"));
    }
    match edit {
        Edit::Comment => {
            let text = fs::read_to_string(&file)?;
            fs::write(&file, format!("{text}\n# edit {number}\n"))?;
        }
        Edit::Mode => {
            let mode = fs::metadata(&file)?.permissions().mode();
            fs::set_permissions(&file, Permissions::from_mode(mode ^ 0o111))?;
        }
        Edit::Replace(find, with) => {
            replace(root, path, find, &with.replace("{}", &number.to_string()))?;
        }
    }
    Ok(format!("{path} {number}"))
}

/// Puts a text in place of another, if that is still there.
fn replace(root: &Path, path: &str, find: &str, with: &str) -> Result<()> {
    let text = fs::read_to_string(root.join(path))?;
    Ok(fs::write(root.join(path), text.replacen(find, with, 1))?)
}

/// The product on the project, with records of its own.
struct Product {
    binary: PathBuf,
    root: PathBuf,
    state: PathBuf,
}

impl Product {
    fn command(&self, command: &str) -> Command {
        let mut layercake = Command::new(&self.binary);
        layercake
            .arg(command)
            .current_dir(&self.root)
            .env("XDG_STATE_HOME", &self.state);
        layercake
    }

    fn build(&self) -> Result<Value> {
        let mut command = self.command("build");
        let report = run::output(command.args(["--progress", "quiet", "--report", "-"]))?;
        Ok(serde_json::from_str(&report)?)
    }

    fn timed(&self, command: &str) -> Result<Duration> {
        let started = Instant::now();
        run::output(&mut self.command(command))?;
        Ok(started.elapsed())
    }
}
