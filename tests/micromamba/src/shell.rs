//! `shell`: the code that a shell evaluates to activate an environment.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::cli::Shell;
use crate::config::Config;
use crate::output::say;

/// Prints the code. The few lines needed are the same in bash and in any POSIX shell.
pub fn shell(config: &Config, action: &Shell) -> Result<()> {
    match action {
        Shell::Hook { .. } => say(&hook(&env::current_exe()?)?),
        Shell::Activate { environment, .. } => {
            let path = env::var("PATH").unwrap_or_default();
            let prefix = config.named_prefix(environment);
            say(&activation(&prefix, environment, &path)?);
        }
    }
    Ok(())
}

/// The function `micromamba`: it activates in this shell, and leaves all else to the
/// program.
fn hook(program: &Path) -> Result<String> {
    let program = quote(text(program)?);
    Ok(format!(
        r#"micromamba() {{
    if [ "${{1:-}}" = activate ]; then
        shift
        eval "$({program} shell activate "$@")"
    else
        {program} "$@"
    fi
}}"#
    ))
}

fn activation(prefix: &Path, name: &str, path: &str) -> Result<String> {
    let bin = format!("{}/bin", text(prefix)?);
    let rest = path.split(':').filter(|folder| *folder != bin);
    let path: Vec<&str> = std::iter::once(bin.as_str()).chain(rest).collect();
    let mut lines = vec![
        format!("export PATH={}", quote(&path.join(":"))),
        format!("export CONDA_PREFIX={}", quote(text(prefix)?)),
        format!("export CONDA_DEFAULT_ENV={}", quote(name)),
        "export CONDA_SHLVL=1".to_owned(),
    ];
    for script in scripts(&prefix.join("etc/conda/activate.d")) {
        lines.push(format!(". {}", quote(text(&script)?)));
    }
    Ok(lines.join("\n"))
}

/// The scripts that packages want to be run on activation, in order. Named one by
/// one, since the shell may have globbing off.
fn scripts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut scripts: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "sh"))
        .collect();
    scripts.sort();
    scripts
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path is not UTF-8")
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_comes_first_on_the_path_and_only_once() {
        let code = activation(
            Path::new("/opt/conda"),
            "base",
            "/usr/bin:/opt/conda/bin:/bin",
        );
        let code = code.unwrap();
        let first = code.lines().next().unwrap();
        assert_eq!(first, "export PATH='/opt/conda/bin:/usr/bin:/bin'");
        assert!(code.contains("export CONDA_DEFAULT_ENV='base'\n"));
    }

    #[test]
    fn activation_scripts_of_packages_are_run_in_order() {
        let prefix = tempfile::tempdir().unwrap();
        let folder = prefix.path().join("etc/conda/activate.d");
        fs::create_dir_all(&folder).unwrap();
        for name in ["b.sh", "a.sh", "c.fish"] {
            fs::write(folder.join(name), "").unwrap();
        }
        let code = activation(prefix.path(), "x", "").unwrap();
        let run: Vec<&str> = code.lines().skip(4).collect();
        assert_eq!(run.len(), 2);
        assert!(
            run[0].ends_with("/a.sh'") && run[1].ends_with("/b.sh'"),
            "{run:?}"
        );
    }

    #[test]
    fn the_hook_runs_in_a_shell() {
        let hook = hook(Path::new("echo")).unwrap();
        let script = format!("{hook}\nmicromamba --version\nmicromamba activate x || true");
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "--version\n");
    }
}
