//! What a commit would build: its plan, and the steps of its Dockerfiles.
//!
//! Both follow from what is looked at in the commit, and from nothing else that changes. So where a commit answers as
//! the last one did, what was made of that one is taken.

use std::collections::BTreeMap;
use std::rc::Rc;

use layercake_planner::lock::lock_path;
use layercake_planner::plan::Plan;
use layercake_planner::source::Source;
use layercake_replay::dockerfile::{Step, steps};
use layercake_replay::planned::{self, PlannedStage};
use layercake_replay::{Content, Entry, Files, Kind, Memory};

use super::settings::{DockerfileSettings, ReplaySettings};
use crate::facts::Context;
use crate::facts::git::{Found, GitTree, Seen};
use crate::facts::tree::EntryKind;
use crate::pipeline::{self, NoImages, Scope};

/// The file's name where none was named.
const FILE: &str = "layercake.yaml";

/// What a commit would build.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Build {
    pub(super) planned: Rc<Planned>,
    pub(super) dockerfiles: BTreeMap<String, Rc<Vec<Step>>>,
}

/// What is counted of a plan.
#[derive(Debug, PartialEq)]
pub(super) struct Planned {
    pub(super) stages: Vec<PlannedStage>,
    /// The services of each stage.
    pub(super) services: Vec<Vec<String>>,
    /// All services.
    names: Vec<String>,
}

/// What was made of a commit, or why it cannot be built.
type Made<T> = Result<Rc<T>, String>;

/// What was made of the last commit that was looked at, and what it was made of.
struct Last<T> {
    seen: Seen,
    made: Made<T>,
}

/// Looks at one commit after another.
pub(super) struct Look<'r> {
    settings: &'r ReplaySettings,
    memory: Memory,
    planned: Option<Last<Planned>>,
    /// By service and path.
    dockerfiles: BTreeMap<(String, String), Last<Vec<Step>>>,
}

impl<T> Last<T> {
    fn of(tree: &GitTree, made: Made<T>) -> Self {
        Self {
            seen: tree.seen(),
            made,
        }
    }

    /// What was made, if it would be made of this commit too.
    fn still(&self, tree: &GitTree) -> anyhow::Result<Option<Made<T>>> {
        Ok(self.seen.holds_in(tree)?.then(|| self.made.clone()))
    }
}

impl<'r> Look<'r> {
    /// Nothing was looked at yet.
    pub(super) fn new(settings: &'r ReplaySettings) -> Self {
        Self {
            settings,
            memory: Memory::default(),
            planned: None,
            dockerfiles: BTreeMap::new(),
        }
    }

    /// What a commit would build, or why it cannot.
    pub(super) async fn at(&mut self, tree: &GitTree) -> anyhow::Result<Result<Build, String>> {
        let planned = match self.planned(tree).await? {
            Ok(planned) => planned,
            Err(problem) => return Ok(Err(problem)),
        };
        let mut dockerfiles = BTreeMap::new();
        for service in &planned.names {
            let Some(settings) = self.dockerfile(service, tree)? else {
                continue;
            };
            match self.steps(service, &settings, tree)? {
                Ok(steps) => dockerfiles.insert(service.clone(), steps),
                Err(problem) => return Ok(Err(format!("{}: {problem}", settings.path))),
            };
        }
        Ok(Ok(Build {
            planned,
            dockerfiles,
        }))
    }

    async fn planned(&mut self, tree: &GitTree) -> anyhow::Result<Made<Planned>> {
        if let Some(last) = &self.planned
            && let Some(made) = last.still(tree)?
        {
            return Ok(made);
        }
        let tree = tree.unseen();
        let plan = self.plan(&tree).await?;
        let made = plan.map(|plan| Rc::new(Planned::of(&plan)));
        self.planned = Some(Last::of(&tree, made.clone()));
        Ok(made)
    }

    async fn plan(&self, tree: &GitTree) -> anyhow::Result<Result<Plan, String>> {
        let own;
        let source = match &self.settings.file {
            Some(source) => source,
            None => match tree.text(FILE)? {
                Some(text) => {
                    own = Source {
                        name: FILE.to_owned(),
                        text,
                    };
                    &own
                }
                None => return Ok(Err(format!("it has no {FILE}"))),
            },
        };
        let ignore = match tree.ignore_file(FILE) {
            Ok(ignore) => ignore,
            Err(error) => return Ok(Err(format!("{error:#}"))),
        };
        let scope = Scope::Services(self.settings.services.clone());
        let mut context = Context {
            tree: tree.clone(),
            ignore,
        };
        let mut given = self.settings.given.clone();
        if self.settings.file.is_none() {
            let name = lock_path(FILE);
            given.lock = tree.text(&name)?.map(|text| Source { name, text });
        }
        let planned = pipeline::plan(source, &scope, given, &mut context, &mut NoImages).await?;
        Ok(planned
            .accept(source)
            .map(|(plan, _)| plan)
            .map_err(|rejected| rejected.to_string()))
    }

    /// Where the Dockerfile of a service is at a commit.
    fn dockerfile(
        &self,
        service: &str,
        tree: &GitTree,
    ) -> anyhow::Result<Option<DockerfileSettings>> {
        if let Some(named) = self.settings.dockerfiles.get(service) {
            return Ok(tree.find(&named.path)?.map(|_| named.clone()));
        }
        let above = ["", "services/", "docker/", "apps/", "images/"];
        for path in above.map(|above| format!("{above}{service}/Dockerfile")) {
            if tree.find(&path)?.is_some() {
                let arguments = self.settings.given.build_args.clone();
                return Ok(Some(DockerfileSettings { path, arguments }));
            }
        }
        Ok(None)
    }

    fn steps(
        &mut self,
        service: &str,
        settings: &DockerfileSettings,
        tree: &GitTree,
    ) -> anyhow::Result<Made<Vec<Step>>> {
        let at = (service.to_owned(), settings.path.clone());
        if let Some(last) = self.dockerfiles.get(&at)
            && let Some(made) = last.still(tree)?
        {
            return Ok(made);
        }
        let tree = tree.unseen();
        let made = self.follow(settings, &tree)?.map(Rc::new);
        let last = Last::of(&tree, made.clone());
        self.dockerfiles.insert(at, last);
        Ok(made)
    }

    fn follow(
        &mut self,
        settings: &DockerfileSettings,
        tree: &GitTree,
    ) -> anyhow::Result<Result<Vec<Step>, String>> {
        let text = tree.text(&settings.path)?.unwrap_or_default();
        let own = tree.text(&format!("{}.dockerignore", settings.path))?;
        let ignore = match own {
            Some(own) => own,
            None => tree.text(".dockerignore")?.unwrap_or_default(),
        };
        let mut content = match Content::new(tree, &ignore, &mut self.memory) {
            Ok(content) => content,
            Err(error) => return Ok(Err(format!(".dockerignore: {error}"))),
        };
        let steps = steps(&text, &settings.arguments, &mut content);
        Ok(steps.map_err(|error| error.to_string()))
    }
}

impl Planned {
    fn of(plan: &Plan) -> Self {
        let services = |(_, stage): (_, &layercake_planner::plan::Stage)| {
            stage.services.iter().cloned().collect()
        };
        let names = plan.services.iter().map(|service| service.name.clone());
        Self {
            stages: planned::stages(plan),
            services: plan.stages().map(services).collect(),
            names: names.collect(),
        }
    }
}

impl Files for GitTree {
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String> {
        let list = GitTree::list(self, folder).map_err(|error| format!("{error:#}"))?;
        Ok(list.iter().filter_map(entry).collect())
    }

    fn find(&self, path: &str) -> Result<Option<Entry>, String> {
        let found = GitTree::find(self, path).map_err(|error| format!("{error:#}"))?;
        let found = found.as_ref().and_then(entry);
        if let Some(Entry {
            kind: Kind::Folder, ..
        }) = found
        {
            let _ = Files::list(self, path)?; // Its identity is given away, and with it what is in it.
        }
        Ok(found)
    }
}

fn entry(found: &Found) -> Option<Entry> {
    let kind = match &found.entry.kind {
        EntryKind::File { executable, .. } => Kind::File {
            executable: *executable,
        },
        EntryKind::Folder => Kind::Folder,
        EntryKind::Link(_) => Kind::Link,
        EntryKind::Other => return None,
    };
    Some(Entry {
        name: found.entry.name.clone(),
        kind,
        id: found.id.to_string(),
    })
}
