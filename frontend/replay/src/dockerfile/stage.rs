//! From instructions to keys, stage by stage, each once and only if something stands on it.

use std::collections::{BTreeMap, HashMap};

use parse_dockerfile::{
    Command, Dockerfile, Flag, Instruction, RunInstruction, Source as FileSource, Stage,
    UnescapedString,
};

use super::mounts::{Depends, Mount};
use super::text::{joined, line_of, one_line};
use super::variables::{expand, pairs};
use super::{DockerfileError, Step};
use crate::content::{Content, Source};
use crate::files::Files;
use crate::tally::{Hash, Key};

/// A filesystem and what commands on it get.
#[derive(Clone, Debug, Default)]
struct State {
    key: Key,
    environment: BTreeMap<String, String>,
    shell: String,
    user: String,
    folder: String,
}

/// The stages of a Dockerfile.
pub struct Stages<'s, 't, 'c, F> {
    text: &'t str,
    escape: char,
    parts: Vec<Stage<'t, 's>>,
    globals: BTreeMap<String, String>,
    arguments: &'s BTreeMap<String, String>,
    content: &'s mut Content<'c, F>,
    done: HashMap<usize, State>,
    steps: Vec<Step>,
}

impl<'s, 't, 'c, F: Files> Stages<'s, 't, 'c, F> {
    /// The stages, none looked at yet.
    pub fn new(
        text: &'t str,
        file: &'s Dockerfile<'t>,
        arguments: &'s BTreeMap<String, String>,
        content: &'s mut Content<'c, F>,
    ) -> Self {
        let escape = file
            .parser_directives
            .escape
            .as_ref()
            .map_or('\\', |escape| escape.value.value);
        let mut globals = BTreeMap::new();
        for argument in file.global_args() {
            for (name, default) in pairs(&argument.arguments.value) {
                let default = default.map(|default| expand(&default, &globals, escape));
                if let Some(value) = arguments.get(&name).cloned().or(default) {
                    globals.insert(name, value);
                }
            }
        }
        Self {
            text,
            escape,
            parts: file.stages().collect(),
            globals,
            arguments,
            content,
            done: HashMap::new(),
            steps: Vec::new(),
        }
    }

    /// Does the last stage and all that it stands on.
    pub fn last(&mut self) -> Result<(), DockerfileError> {
        match self.parts.len() {
            0 => Ok(()),
            count => self.stage(count - 1).map(|_| ()),
        }
    }

    /// What was done, in the order of the file.
    pub fn into_steps(mut self) -> Vec<Step> {
        self.steps.sort_by_key(|step| step.line);
        self.steps
    }

    fn stage(&mut self, index: usize) -> Result<State, DockerfileError> {
        if let Some(known) = self.done.get(&index) {
            return Ok(known.clone());
        }
        let (from, instructions) = (self.parts[index].from, self.parts[index].instructions);
        let image = expand(&from.image.value, &self.globals, self.escape);
        let mut state = match self.named(&image, index) {
            Some(below) => self.stage(below)?,
            None => State {
                key: Hash::new("image")
                    .and(&image)
                    .and(self.flags(&from.options, &self.globals))
                    .key(),
                shell: "/bin/sh -c".into(),
                ..State::default()
            },
        };
        for instruction in instructions {
            self.instruction(index, instruction, &mut state)?;
        }
        self.done.insert(index, state.clone());
        Ok(state)
    }

    /// The stage of this name, or this number, above the stage `below`.
    fn named(&self, name: &str, below: usize) -> Option<usize> {
        let called = |index: &usize| {
            let name_of = self.parts[*index].from.as_.as_ref();
            name_of.is_some_and(|(_, own)| own.value.eq_ignore_ascii_case(name))
        };
        (0..below).rev().find(called)
    }

    fn instruction(
        &mut self,
        index: usize,
        instruction: &Instruction<'t>,
        state: &mut State,
    ) -> Result<(), DockerfileError> {
        match instruction {
            Instruction::Arg(arg) => self.argument(&arg.arguments.value, state),
            Instruction::Env(env) => {
                for (name, value) in pairs(&env.arguments.value) {
                    let value = self.expanded(&value.unwrap_or_default(), state);
                    state.environment.insert(name, value);
                }
            }
            Instruction::User(user) => state.user = self.expanded(&user.arguments.value, state),
            Instruction::Shell(shell) => {
                let words: Vec<_> = shell
                    .arguments
                    .iter()
                    .map(|word| word.value.as_ref())
                    .collect();
                state.shell = words.join(" ");
            }
            Instruction::Workdir(workdir) => {
                let folder = self.expanded(&workdir.arguments.value, state);
                state.folder = if folder.starts_with('/') {
                    folder
                } else {
                    format!("{}/{folder}", state.folder)
                };
                let make = Hash::new("folder")
                    .and(state.key)
                    .and(&state.folder)
                    .and(&state.user);
                if state.folder != "/" {
                    self.step(
                        workdir.workdir.span.start,
                        workdir.arguments.span.end,
                        make.key(),
                        state,
                    );
                }
            }
            Instruction::Run(run) => self.run(index, run, state)?,
            Instruction::Copy(copy) => {
                let start = copy.copy.span.start;
                let taken =
                    self.taken(index, start, &copy.options, &copy.src, &copy.dest, state)?;
                self.place(start, &copy.options, &copy.dest, taken, state);
            }
            Instruction::Add(add) => {
                let start = add.add.span.start;
                let taken = self.taken(index, start, &add.options, &add.src, &add.dest, state)?;
                self.place(start, &add.options, &add.dest, taken, state);
            }
            _ => {}
        }
        Ok(())
    }

    fn run(
        &mut self,
        index: usize,
        run: &RunInstruction<'t>,
        state: &mut State,
    ) -> Result<(), DockerfileError> {
        let (text, end) = match &run.arguments {
            Command::Exec(words) => {
                let own: Vec<_> = words.value.iter().map(|word| word.value.as_ref()).collect();
                (own.join("\0"), words.span.end)
            }
            Command::Shell(text) => {
                let own = joined(text.value, self.escape);
                (format!("{} {own}", state.shell), text.span.end)
            }
            _ => (String::new(), run.run.span.end),
        };
        let mut hash = Hash::new("run").and(state.key).and(text);
        hash = hash.and(&state.user).and(&state.folder);
        for (name, value) in &state.environment {
            hash = hash.and(name).and(value);
        }
        for document in &run.here_docs {
            hash = hash.and(&*document.value);
        }
        let line = line_of(self.text, run.run.span.start);
        for flag in &run.options {
            let value = flag.value.as_ref().map_or("", |value| value.value.as_ref());
            let value = self.expanded(value, state);
            hash = match flag.name.value.as_ref() {
                "mount" => self.mount(index, line, &Mount::parse(&value), hash)?,
                name => hash.and(name).and(value),
            };
        }
        self.step(run.run.span.start, end, hash.key(), state);
        Ok(())
    }

    /// `ARG`: it is in the environment of every later command, if it has a value.
    fn argument(&self, text: &str, state: &mut State) {
        for (name, default) in pairs(text) {
            let default = default.map(|default| self.expanded(&default, state));
            let given = self.arguments.get(&name).cloned();
            if let Some(value) = given
                .or(default)
                .or_else(|| self.globals.get(&name).cloned())
            {
                state.environment.insert(name, value);
            }
        }
    }

    /// What `COPY` or `ADD` takes, without what it stands on.
    fn taken(
        &mut self,
        index: usize,
        start: usize,
        options: &[Flag<'t>],
        sources: &[FileSource<'t>],
        to: &UnescapedString<'t>,
        state: &State,
    ) -> Result<Hash, DockerfileError> {
        let line = line_of(self.text, start);
        let mut hash = Hash::new("copy").and(self.flags(options, &state.environment));
        hash = hash.and(self.expanded(&to.value, state)).and(&state.folder);
        let from = options.iter().find(|flag| flag.name.value == "from");
        let from = from.and_then(|flag| flag.value.as_ref());
        let from = from.map(|from| self.expanded(&from.value, state));
        if let Some(from) = &from {
            hash = hash.and(self.other(index, line, from)?);
        }
        for source in sources {
            hash = match source {
                FileSource::HereDoc(document) => hash.and(&*document.value),
                FileSource::Path(path) => {
                    let path = self.expanded(&path.value, state);
                    if from.is_some() || is_remote(&path) {
                        hash.and(path)
                    } else {
                        hash.and(self.context(line, &path)?)
                    }
                }
                _ => hash,
            };
        }
        Ok(hash)
    }

    fn place(
        &mut self,
        start: usize,
        options: &[Flag<'t>],
        to: &UnescapedString<'t>,
        taken: Hash,
        state: &mut State,
    ) {
        let linked = options.iter().any(|flag| flag.name.value == "link");
        let below = state.key;
        let key = if linked {
            taken.key()
        } else {
            taken.and(below).key()
        };
        self.step(start, to.span.end, key, state);
        if linked {
            state.key = Hash::new("merge").and(below).and(key).key(); // Later steps stand on both.
        }
    }

    fn mount(
        &mut self,
        index: usize,
        line: usize,
        mount: &Mount,
        hash: Hash,
    ) -> Result<Hash, DockerfileError> {
        let hash = hash.and(mount.identity());
        Ok(match mount.depends() {
            Depends::Nothing => hash,
            Depends::Context(path) => hash.and(self.context(line, path)?),
            Depends::From(name) => hash.and(self.other(index, line, name)?),
        })
    }

    /// The key of another stage, or of an image.
    fn other(&mut self, index: usize, line: usize, name: &str) -> Result<Key, DockerfileError> {
        let number = name.parse::<usize>().ok();
        match number.or_else(|| self.named(name, index)) {
            Some(other) if other < index => Ok(self.stage(other)?.key),
            Some(_) => Err(DockerfileError::Stage {
                line,
                name: name.to_owned(),
            }),
            None => Ok(Hash::new("image").and(name).key()),
        }
    }

    fn context(&mut self, line: usize, path: &str) -> Result<Key, DockerfileError> {
        match self
            .content
            .source(path)
            .map_err(DockerfileError::History)?
        {
            Source::Found(key) => Ok(key),
            Source::Missing => Err(DockerfileError::Missing {
                line,
                path: path.to_owned(),
            }),
            Source::Ignored => Err(DockerfileError::Ignored {
                line,
                path: path.to_owned(),
            }),
        }
    }

    /// Flags that say something of the result.
    fn flags(&self, flags: &[Flag<'t>], values: &BTreeMap<String, String>) -> String {
        let mut told: Vec<_> = flags
            .iter()
            .filter(|flag| !matches!(flag.name.value.as_ref(), "from" | "link"))
            .map(|flag| {
                let value = flag.value.as_ref().map_or("", |value| value.value.as_ref());
                format!("{}={}", flag.name.value, expand(value, values, self.escape))
            })
            .collect();
        told.sort();
        told.join("\n")
    }

    fn expanded(&self, text: &str, state: &State) -> String {
        expand(text, &state.environment, self.escape)
    }

    /// Notes a step, from the byte at which it starts to that at which it ends.
    fn step(&mut self, start: usize, end: usize, key: Key, state: &mut State) {
        state.key = key;
        self.steps.push(Step {
            line: line_of(self.text, start),
            text: one_line(&self.text[start..end], self.escape),
            key,
        });
    }
}

/// Whether a source of `ADD` is elsewhere.
fn is_remote(path: &str) -> bool {
    path.contains("://") || path.starts_with("git@")
}
