//! A filesystem inside BuildKit as a [`Tree`]: a folder that a client sends, as far as it is needed, or one that
//! BuildKit has already.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use buildkit_llb::{Annotate as _, Definition, Exec, Mount, Network, Output, Source};
use layercake_lower::ContextSource;
use layercake_planner::facts::{Beginning, FileFact, Needs};
use layercake_solve::{CacheOption, Failure, FileStat, SolvedRef, Solver};

use crate::facts::tree::{Entry, EntryKind, Tree, TreeError};
use crate::frontend_image::PROGRAM;
use crate::transfer::{LocalFolder, paths_of};

/// The sizes that a git-lfs pointer can have; other files are not worth a look.
const LFS_SIZES: std::ops::RangeInclusive<u64> = 100..=200;

/// How much of a file is read at once, in bytes: it has to fit into a message.
const PIECE: u64 = 4 << 20;

/// Where the files are.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A folder of the client.
    Client(LocalFolder),
    /// A filesystem that BuildKit makes by itself, and the folder in it that counts as the root.
    Made(Output, String),
}

impl Origin {
    /// The same files, of which only those of one `purpose` will be sent. BuildKit drops from its copy of a folder
    /// what a transfer leaves out, so transfers of different files must not share a copy.
    #[must_use]
    pub fn for_one(self, purpose: &str) -> Self {
        match self {
            Self::Client(mut folder) => {
                folder.shared_key_hint = format!("{}-{purpose}", folder.shared_key_hint);
                Self::Client(folder)
            }
            made @ Self::Made(..) => made,
        }
    }
}

/// A filesystem inside BuildKit.
#[derive(Debug)]
pub struct GatewayTree<'s, S> {
    solver: &'s S,
    origin: Origin,
    /// What the client need not send.
    exclude: Vec<String>,
    cache_imports: &'s [CacheOption],
    /// What the client sends; the empty path is everything.
    followed: BTreeSet<String>,
    solved: Option<(Output, SolvedRef)>,
    /// The SHA-256 of the files that were hashed.
    digests: BTreeMap<String, String>,
    listed: RefCell<HashMap<String, Vec<Entry>>>,
}

impl<'s, S: Solver> GatewayTree<'s, S> {
    /// The tree at `origin`. Nothing is sent before it is needed.
    pub fn new(
        solver: &'s S,
        origin: Origin,
        exclude: Vec<String>,
        cache_imports: &'s [CacheOption],
    ) -> Self {
        Self {
            solver,
            origin,
            exclude,
            cache_imports,
            followed: BTreeSet::new(),
            solved: None,
            digests: BTreeMap::new(),
            listed: RefCell::default(),
        }
    }

    /// Has these paths sent too, with whatever is needed first.
    pub fn follow(&mut self, paths: impl IntoIterator<Item = String>) {
        self.followed.extend(paths);
    }

    /// Has all files hashed that were sent, by this program as the image `own` has it. A build needs no digests, as
    /// BuildKit has its own and tells nobody; but it is BuildKit that finds the list again while no file changes.
    pub async fn hash_files(&mut self, own: &str) -> anyhow::Result<()> {
        let Some((output, _)) = &self.solved else {
            return Ok(());
        };
        let files = Mount::bind(output.clone(), "/context").read_only();
        let files = match &self.origin {
            Origin::Made(_, subdir) => files.selector(format!("/{subdir}")),
            Origin::Client(_) => files,
        };
        let list = Exec::new([PROGRAM, "frontend", "digests", "/context", "/out/digests"])
            .root(Source::image(own).build()?)
            .mount(files)
            .mount(Mount::bind(None, "/out"))
            .network(Network::None)
            .named("[internal] hash files of the context")
            .build()?
            .output("/out")?;
        let definition = Definition::of(&list).into_pb();
        let solved = self.solver.solve(definition, &[], false).await?;
        let mut json = Vec::new();
        loop {
            let start = json.len() as u64;
            let piece = Some(start..start + PIECE);
            let read = self.solver.read_file(&solved, "/digests", piece).await?;
            json.extend_from_slice(&read);
            if (read.len() as u64) < PIECE {
                break;
            }
        }
        self.digests = serde_json::from_slice(&json)?;
        Ok(())
    }

    /// The vertex that has the files, for warnings to belong to.
    pub fn vertex(&self) -> Option<String> {
        self.solved
            .as_ref()
            .map(|(output, _)| output.digest().as_str().to_owned())
    }

    /// The text of a file, if it is there.
    pub async fn find_text(&mut self, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let needs = Needs {
            texts: BTreeSet::from([path.to_owned()]),
            ..Needs::default()
        };
        self.prepare(&needs).await?;
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let entries = match self.entries(folder).await {
            Ok(entries) => entries,
            Err(TreeError::Unreadable(_)) => return Ok(None),
            Err(TreeError::Lost(error)) => return Err(error),
        };
        if !entries.iter().any(|entry| entry.name == name) {
            return Ok(None);
        }
        Ok(Some(self.read(path).await?))
    }

    /// What was sent, for the stages to read; a folder that nothing was needed of is still to be sent.
    pub fn context_source(&self) -> ContextSource {
        match (&self.solved, &self.origin) {
            (_, Origin::Made(output, subdir)) => ContextSource::Output {
                output: output.clone(),
                subdir: rooted(subdir),
            },
            (Some((output, _)), Origin::Client(_)) => ContextSource::Output {
                output: output.clone(),
                subdir: String::new(),
            },
            (None, Origin::Client(folder)) => ContextSource::Session {
                name: folder.name.clone(),
                session_id: Some(folder.session.clone()),
                shared_key_hint: folder.shared_key_hint.clone(),
                exclude: self.exclude.clone(),
            },
        }
    }

    fn output(&self) -> anyhow::Result<Output> {
        Ok(match &self.origin {
            Origin::Made(output, _) => output.clone(),
            Origin::Client(folder) => folder.output(&self.followed, &self.exclude)?,
        })
    }

    fn solved(&self) -> Result<&SolvedRef, TreeError> {
        let solved = self.solved.as_ref().map(|(_, solved)| solved);
        solved.ok_or_else(|| TreeError::Unreadable("it was not asked for".into()))
    }

    /// The path in the filesystem.
    fn at(&self, path: &str) -> String {
        match &self.origin {
            Origin::Made(_, subdir) => format!("{}/{path}", rooted(subdir)),
            Origin::Client(_) => format!("/{path}"),
        }
    }
}

impl<S: Solver> Tree for GatewayTree<'_, S> {
    /// Has the client send what is needed, all of it at once.
    async fn prepare(&mut self, needs: &Needs) -> anyhow::Result<()> {
        let before = self.followed.len();
        self.followed.extend(needs.texts.iter().cloned());
        self.followed.extend(needs.paths.iter().flat_map(paths_of));
        if self.solved.is_some()
            && (matches!(self.origin, Origin::Made(..)) || self.followed.len() == before)
        {
            return Ok(());
        }
        let output = self.output()?;
        let definition = Definition::of(&output).into_pb();
        let solved = self
            .solver
            .solve(definition, self.cache_imports, false)
            .await?;
        self.solved = Some((output, solved));
        self.listed.borrow_mut().clear();
        Ok(())
    }

    async fn entries(&self, folder: &str) -> Result<Vec<Entry>, TreeError> {
        if let Some(known) = self.listed.borrow().get(folder) {
            return Ok(known.clone());
        }
        let listed = self
            .solver
            .read_dir(self.solved()?, &self.at(folder), None)
            .await
            .map_err(error)?;
        let mut entries: Vec<_> = listed.iter().map(entry).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        self.listed
            .borrow_mut()
            .insert(folder.to_owned(), entries.clone());
        Ok(entries)
    }

    async fn read(&self, file: &str) -> Result<Vec<u8>, TreeError> {
        self.solver
            .read_file(self.solved()?, &self.at(file), None)
            .await
            .map_err(error)
    }

    async fn look_into(&mut self, _: &[&str]) -> anyhow::Result<()> {
        Ok(()) // The bytes are with BuildKit.
    }

    async fn inspect(&self, path: &str, file: &mut FileFact) -> Result<(), TreeError> {
        file.digest = self.digests.get(path).cloned();
        if LFS_SIZES.contains(&file.size) {
            file.beginning = Beginning::of(&self.read(path).await?);
        }
        Ok(())
    }
}

fn rooted(subdir: &str) -> String {
    if subdir.is_empty() {
        String::new()
    } else {
        format!("/{subdir}")
    }
}

fn error(failure: Failure) -> TreeError {
    if failure.is_disconnect() || failure.is_cancelled() {
        return TreeError::Lost(failure.into());
    }
    TreeError::Unreadable(failure.message().to_owned())
}

fn entry(stat: &FileStat) -> Entry {
    /// Pipes, sockets and devices, in Go's modes.
    const SPECIAL: u32 = 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19;
    let kind = if stat.is_dir() {
        EntryKind::Folder
    } else if stat.is_link() {
        EntryKind::Link(stat.link.clone())
    } else if stat.mode & SPECIAL != 0 {
        EntryKind::Other
    } else {
        EntryKind::File {
            size: stat.size,
            executable: stat.mode & 0o100 != 0,
        }
    };
    let name = stat.path.rsplit('/').next().unwrap_or_default().to_owned();
    Entry { name, kind }
}
