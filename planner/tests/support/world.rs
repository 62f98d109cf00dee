//! A context, registries and build arguments that are made up, to plan without any.

use std::collections::BTreeMap;
use std::path::Path;

use dockerignore::Patterns;
use layercake_planner::advice::advise;
use layercake_planner::diagnostic::{Diagnostic, Severity};
use layercake_planner::facts::{
    Beginning, Facts, FileFact, ImageFact, LFS_HEADER, Needs, PathFact, PathNeed, Platform,
};
use layercake_planner::parse::parse;
use layercake_planner::plan::{Plan, plan};
use layercake_planner::render::{Style, render};
use layercake_planner::resolve::{Selection, resolve};
use layercake_planner::source::Source;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Everything that planning may ask for.
#[derive(Clone, Debug, Default)]
pub struct World {
    files: BTreeMap<String, File>,
    /// Paths about which there is something else to tell than a file.
    told: BTreeMap<String, PathFact>,
    configs: BTreeMap<String, Value>,
    /// References that lead to the image of another one.
    aliases: BTreeMap<String, String>,
    build_args: BTreeMap<String, String>,
    /// The platform.
    pub platform: Platform,
    /// Whether nobody is asked about images.
    pub offline: bool,
}

#[derive(Clone, Debug)]
struct File {
    bytes: Vec<u8>,
    executable: bool,
    link: Option<String>,
}

/// What came of planning.
pub struct Outcome {
    /// The file.
    pub source: Source,
    /// The plan, if there is one.
    pub plan: Option<Plan>,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    /// What could do better.
    pub advice: Vec<Diagnostic>,
}

impl World {
    /// With these files.
    pub fn with<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Self {
        let mut world = Self::default();
        for (path, text) in files {
            world.file(path, text);
        }
        world
    }

    /// With every file of a folder of this machine.
    #[allow(
        clippy::disallowed_methods,
        reason = "examples are read from their folders"
    )]
    pub fn of_folder(folder: &Path) -> Self {
        let mut world = Self::default();
        let mut open = vec![folder.to_owned()];
        while let Some(at) = open.pop() {
            for entry in std::fs::read_dir(at).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    open.push(path);
                    continue;
                }
                let name = path.strip_prefix(folder).expect("below the folder");
                let bytes = std::fs::read(&path).expect("a file");
                world.put(name.to_str().expect("UTF-8"), bytes, false, None);
            }
        }
        world
    }

    /// Puts a file there, or other text into the one that is there.
    pub fn file(&mut self, path: &str, text: &str) -> &mut Self {
        self.put(path, text.into(), false, None)
    }

    /// Puts an executable file there.
    pub fn executable(&mut self, path: &str, text: &str) -> &mut Self {
        self.put(path, text.into(), true, None)
    }

    /// Puts a symbolic link there.
    pub fn link(&mut self, path: &str, target: &str) -> &mut Self {
        self.put(path, target.into(), false, Some(target.to_owned()))
    }

    /// Puts a git-lfs pointer there.
    pub fn lfs_pointer(&mut self, path: &str) -> &mut Self {
        self.file(path, &format!("{LFS_HEADER}v1\noid sha256:00\nsize 9\n"))
    }

    /// Says something else of a path than what file it is.
    pub fn tell(&mut self, path: &str, fact: PathFact) -> &mut Self {
        self.told.insert(path.to_owned(), fact);
        self
    }

    /// Gives a build argument.
    pub fn build_arg(&mut self, name: &str, value: &str) -> &mut Self {
        self.build_args.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Gives an image a configuration of its own.
    pub fn config(&mut self, reference: &str, config: Value) -> &mut Self {
        self.configs.insert(reference.to_owned(), config);
        self
    }

    /// Lets a reference lead to the image of another one.
    pub fn alias(&mut self, reference: &str, of: &str) -> &mut Self {
        self.aliases.insert(reference.to_owned(), of.to_owned());
        self
    }

    fn put(
        &mut self,
        path: &str,
        bytes: Vec<u8>,
        executable: bool,
        link: Option<String>,
    ) -> &mut Self {
        let file = File {
            bytes,
            executable,
            link,
        };
        self.files.insert(path.to_owned(), file);
        self
    }

    /// Plans a file, whatever comes of it.
    pub fn try_plan(&self, yaml: &str, selection: &Selection) -> Outcome {
        let source = Source {
            name: "layercake.yaml".into(),
            text: yaml.into(),
        };
        let (spec, mut diagnostics) = parse(&source);
        let mut facts = Facts {
            platform: self.platform.clone(),
            build_args: self.build_args.clone(),
            lock: self.files.get("layercake.lock").map(|file| Source {
                name: "layercake.lock".into(),
                text: String::from_utf8(file.bytes.clone()).expect("text"),
            }),
            ..Facts::default()
        };
        let resolved = loop {
            let resolved = resolve(&spec, &facts, selection);
            if !self.answer(&resolved.needs, &mut facts) {
                break resolved;
            }
        };
        diagnostics.extend(resolved.diagnostics);
        let failed = diagnostics
            .iter()
            .any(|found| found.severity == Severity::Error);
        let advice = resolved.model.as_ref().map(advise).unwrap_or_default();
        let plan = match resolved.model.filter(|_| !failed).as_ref().map(plan) {
            Some(Ok(plan)) => {
                plan.verify().expect("a plan that holds together");
                Some(plan)
            }
            Some(Err(found)) => {
                diagnostics.extend(found);
                None
            }
            None => None,
        };
        Outcome {
            source,
            plan,
            diagnostics,
            advice,
        }
    }

    /// Plans all services of a file in which nothing is wrong.
    #[track_caller]
    pub fn planned(&self, yaml: &str) -> Plan {
        let outcome = self.try_plan(yaml, &Selection::All);
        assert!(outcome.diagnostics.is_empty(), "{}", outcome.shown());
        outcome.plan.expect("a plan")
    }

    /// What a person is shown of a file.
    pub fn found(&self, yaml: &str) -> String {
        self.try_plan(yaml, &Selection::All).shown()
    }

    /// What a person is advised of a file in which nothing is wrong.
    pub fn advised(&self, yaml: &str) -> String {
        let outcome = self.try_plan(yaml, &Selection::All);
        assert!(outcome.diagnostics.is_empty(), "{}", outcome.shown());
        render(&outcome.source, &outcome.advice, Style::default())
    }

    /// Answers what is asked for; whether anything was.
    fn answer(&self, needs: &Needs, facts: &mut Facts) -> bool {
        for path in &needs.texts {
            let text = match self.files.get(path) {
                Some(file) => Ok(String::from_utf8(file.bytes.clone()).expect("text")),
                None => Err("it does not exist".to_owned()),
            };
            facts.texts.insert(path.clone(), text);
        }
        for need in &needs.paths {
            facts.paths.insert(need.clone(), self.path(need));
        }
        let images = needs.images.iter().filter(|_| !self.offline);
        facts.images.extend(images.clone().map(|reference| {
            let config = self.configs.get(reference).cloned();
            let named = self.aliases.get(reference).unwrap_or(reference);
            let image = ImageFact {
                digest: format!("sha256:{}", hex::encode(Sha256::digest(named))),
                config: config.unwrap_or_else(plain_config),
            };
            (reference.clone(), image)
        }));
        !needs.texts.is_empty() || !needs.paths.is_empty() || images.count() > 0
    }

    fn path(&self, need: &PathNeed) -> PathFact {
        if let Some(fact) = self.told.get(&need.path) {
            return fact.clone();
        }
        if let Some(file) = self.files.get(&need.path) {
            return PathFact::File(file.fact());
        }
        let folder = match need.path.as_str() {
            "" => String::new(),
            path => format!("{path}/"),
        };
        let mut below = self
            .files
            .iter()
            .filter(|(path, _)| path.starts_with(&folder))
            .peekable();
        if below.peek().is_none() {
            return PathFact::Missing(Vec::new());
        }
        let patterns = (
            Patterns::from_lines(&need.include),
            Patterns::from_lines(&need.exclude),
        );
        let (include, exclude) = match patterns {
            (Ok(include), Ok(exclude)) => (include, exclude),
            (Err(problem), _) | (_, Err(problem)) => {
                return PathFact::Unreadable(problem.to_string());
            }
        };
        let chosen = below.filter_map(|(path, file)| {
            let name = &path[folder.len()..];
            let taken = include.is_empty() || include.matches(name).matched;
            let left = exclude.matches(name).matched;
            (taken && !left).then(|| (name.to_owned(), file.fact()))
        });
        PathFact::Folder(chosen.collect())
    }
}

impl File {
    fn fact(&self) -> FileFact {
        FileFact {
            size: self.bytes.len() as u64,
            executable: self.executable,
            digest: Some(hex::encode(Sha256::digest(&self.bytes))),
            link: self.link.clone(),
            beginning: Beginning::of(&self.bytes),
        }
    }
}

impl Outcome {
    /// What a person is shown.
    pub fn shown(&self) -> String {
        render(&self.source, &self.diagnostics, Style::default())
    }
}

fn plain_config() -> Value {
    json!({
        "architecture": "amd64",
        "os": "linux",
        "config": { "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["sh"] },
        "rootfs": { "type": "layers", "diff_ids": [] },
    })
}
