//! `layercake-link GROUP.json [FOLDER]`: links the packages of a group into the folder that stands for its prefix;
//! into the prefix itself if none is named.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use layercake_link::{Group, is_disk_full, link};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let full = if is_disk_full(error.as_ref()) {
                "; the disk of the daemon is full"
            } else {
                ""
            };
            say(&format!("error: {}{full}", told(&error)));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes, but for those that it names itself.
fn told(error: &anyhow::Error) -> String {
    let mut told = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

fn run() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let (file, folder) = match arguments.as_slice() {
        [file] => (file, None),
        [file, folder] => (file, Some(folder)),
        _ => bail!("usage: layercake-link GROUP.json [FOLDER]"),
    };
    let text = fs::read_to_string(file)
        .with_context(|| format!("cannot read the group in {}", file.display()))?;
    let group: Group = serde_json::from_str(&text)
        .with_context(|| format!("{} does not describe a group", file.display()))?;
    let folder = folder
        .cloned()
        .unwrap_or_else(|| group.prefix.clone().into());
    for clobber in link(&group, &folder)? {
        let path = clobber.path.display();
        say(&format!(
            "{} and {} both have {path}; it is that of {}",
            clobber.loser, clobber.winner, clobber.winner
        ));
    }
    say(&format!("{} packages linked", group.packages.len()));
    Ok(())
}

/// Whoever reads may go away; that is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    #[test]
    fn a_cause_that_an_error_names_itself_is_told_once() {
        let error = anyhow!("no space")
            .context("io: no space")
            .context("cannot link a");
        assert_eq!(super::told(&error), "cannot link a: io: no space");
    }
}
