//! What a file may well say and hardly means to: nothing is wrong with it, and its cache does less than it could.
//! `layercake check` tells; builds do not.

use crate::diagnostic::Diagnostic;
use crate::lock::Request;
use crate::model::{Base, Conda, Kind, Model, Run, Stage};

/// Commands that empty a cache, with what its folder ends with.
const CLEANERS: [(&[&str], &str); 12] = [
    (&["micromamba", "clean"], "/pkgs"),
    (&["mamba", "clean"], "/pkgs"),
    (&["conda", "clean"], "/pkgs"),
    (&["pip", "cache", "purge"], "/pip"),
    (&["pip3", "cache", "purge"], "/pip"),
    (&["uv", "cache", "clean"], "/uv"),
    (&["apt-get", "clean"], "/apt"),
    (&["apt-get", "clean"], "/archives"),
    (&["apt", "clean"], "/apt"),
    (&["npm", "cache", "clean"], "/.npm"),
    (&["yarn", "cache", "clean"], "/yarn"),
    (&["go", "clean", "-modcache"], "/mod"),
];

/// The programs that put packages into environments, and by which of their commands.
const CONDAS: [&str; 3] = ["micromamba", "mamba", "conda"];
const INSTALLERS: [&str; 4] = ["install", "create", "update", "env"];

/// What says that packages are to be copied: `MAMBA_ALWAYS_COPY`, `CONDA_ALWAYS_COPY`, and flags of conda and micromamba.
const COPYING: [&str; 3] = ["_ALWAYS_COPY", "--always-copy", "--copy"];

/// All advice on a model.
pub fn advise(model: &Model) -> Vec<Diagnostic> {
    let of = |stage: &Stage| match &stage.kind {
        Kind::Conda(conda) if conda.locked.is_none() => solved_in_the_build(model, stage, conda),
        Kind::Run(run) => emptied(stage, run)
            .into_iter()
            .chain(copied(stage, run))
            .collect(),
        _ => Vec::new(),
    };
    model.stages.iter().flat_map(of).collect()
}

/// Of a cache that a command has mounted and empties.
fn emptied(stage: &Stage, run: &Run) -> Option<Diagnostic> {
    let (cache, command) = run.caches.iter().find_map(|cache| {
        let mut commands = commands(&run.script);
        let command = commands.find(|command| empties(command, &cache.to))?;
        Some((cache, command))
    })?;
    let message = format!(
        "`{}` empties the cache mounted at `{}`, so every run of `{}` begins with an empty one",
        command.join(" "),
        cache.to,
        stage.name
    );
    let found = Diagnostic::warning("cache-emptied", stage.span, message);
    Some(found.help("remove the command: what is in a cache mount is not in the image"))
}

/// Of packages that conda is to take from a cache mount, when nothing says that it may copy them.
fn copied(stage: &Stage, run: &Run) -> Option<Diagnostic> {
    let may_copy = |word: &str| COPYING.iter().any(|says| word.contains(says));
    if run.env.keys().any(|name| may_copy(name)) || run.script.split_whitespace().any(may_copy) {
        return None;
    }
    let cache = run
        .caches
        .iter()
        .find(|cache| cache.to.ends_with("/pkgs"))?;
    commands(&run.script).find(|command| installs(command))?;
    let help = "in a `conda:` stage that `layercake lock` pins they are moved into place; where a copy is meant, `MAMBA_ALWAYS_COPY: \"1\"` in `env` says so";
    let cache = format!("the cache mounted at `{}`", cache.to);
    Some(hard_links(stage, &cache).help(help))
}

/// What it costs that conda's packages are on another mount than the environment.
fn hard_links(stage: &Stage, cache: &str) -> Diagnostic {
    let message = format!(
        "no hard link leads out of {cache}: each package of `{}` is copied, and takes its space twice",
        stage.name
    );
    Diagnostic::warning("hard-links", stage.span, message)
}

/// Whether a command has conda put packages into an environment.
fn installs(command: &[&str]) -> bool {
    command.windows(2).any(|words| {
        let tool = words[0].rsplit('/').next().unwrap_or_default();
        CONDAS.contains(&tool) && INSTALLERS.contains(&words[1])
    })
}

/// The commands of a script, in words. Quotes are left alone: what is advised on has none.
fn commands(script: &str) -> impl Iterator<Item = Vec<&str>> {
    let parts = script.split(['\n', ';', '&', '|']);
    parts.map(|command| command.split_whitespace().collect())
}

fn empties(command: &[&str], cache: &str) -> bool {
    let removes = command.first() == Some(&"rm") && {
        let mut paths = command.iter().skip(1);
        paths.any(|path| path.trim_end_matches('*').trim_end_matches('/') == cache)
    };
    let cleans = CLEANERS.iter().any(|(cleaner, folder)| {
        let words = command.windows(cleaner.len());
        cache.ends_with(folder) && words.into_iter().any(|words| words == *cleaner)
    });
    removes || cleans
}

/// Of an environment that is solved whenever its stage runs.
fn solved_in_the_build(model: &Model, stage: &Stage, conda: &Conda) -> Vec<Diagnostic> {
    let way_out = if conda.lockable {
        "`layercake lock` pins it"
    } else {
        "remove `installer: micromamba`, and `layercake lock` pins it"
    };
    let request = Request::new(&conda.environment, &conda.virtual_packages);
    let free: Vec<&str> = request
        .packages
        .iter()
        .map(String::as_str)
        .filter(|spec| spec.chars().all(is_of_name))
        .collect();
    let mut found = Vec::new();
    if let Some(first) = free.first() {
        let others = match free.len() {
            1 => String::new(),
            2 => " and 1 other".to_owned(),
            many => format!(" and {} others", many - 1),
        };
        let message = format!(
            "`{}` names `{first}`{others} without a version: what `{}` comes to is another thing whenever it runs",
            conda.path, stage.name
        );
        found.push(Diagnostic::warning("unpinned", stage.span, message).help(way_out));
    }
    let tool: Option<&Base> = conda.tool.or(stage.on).map(|base| model.base(base));
    if let Some(tool) = tool.filter(|tool| !tool.reference.contains('@')) {
        let message = format!(
            "`{}` can be another image tomorrow, and `{}` then runs again",
            tool.reference, stage.name
        );
        found.push(Diagnostic::warning("moving-base", stage.span, message).help(way_out));
    }
    let help = format!("{way_out}, and its packages are then moved into place");
    found.push(hard_links(stage, "the mount that caches packages").help(help));
    found
}

/// Whether a match spec can have it in the name of a package or of its channel.
fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || "-_.:/".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installations_are_known() {
        for (script, expected) in [
            ("micromamba install -y -n base -f /tmp/packages.yaml", true),
            ("set -e; /opt/conda/bin/conda env update -f x.yaml", true),
            ("micromamba clean --all", false),
            ("pip install conda", false),
        ] {
            let found = commands(script).any(|command| installs(&command));
            assert_eq!(found, expected, "{script}");
        }
    }

    #[test]
    fn a_command_empties_what_is_its_cache() {
        for (script, cache, expected) in [
            (
                "micromamba install x && micromamba clean --all -y",
                "/opt/conda/pkgs",
                true,
            ),
            ("/bin/micromamba install x", "/opt/conda/pkgs", false),
            ("micromamba clean --all", "/root/.cache/pip", false),
            (
                "apt-get install x\nrm -rf /var/lib/apt/lists/*",
                "/var/lib/apt/lists",
                true,
            ),
            ("rm -rf /var/lib/apt/lists/x", "/var/lib/apt/lists", false),
            ("python -m pip cache purge; true", "/root/.cache/pip", true),
            ("apt-get clean", "/var/cache/apt", true),
        ] {
            let found = commands(script).any(|command| empties(&command, cache));
            assert_eq!(found, expected, "{script}");
        }
    }
}
