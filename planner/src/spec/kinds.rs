//! The stage kinds as written.

use schemars::JsonSchema;

use super::{Entries, Text};
use crate::schema::{Short, VARIABLE, one_or_many};
use crate::source::Spanned;

/// What a stage does: exactly one of these keys.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum KindSpec {
    /// A conda environment; a path is short for `spec`.
    Conda(CondaSpec),
    /// Debian packages; a list of names is short for `packages`.
    Apt(AptSpec),
    /// Python packages from an index; a list of requirements is short for `packages`.
    Pip(PipSpec),
    /// A Python project of the repository, built into a wheel once and installed where it is used; a
    /// path is short for `path`.
    Wheel(WheelSpec),
    /// Node packages; a list is short for `packages`.
    Npm(NpmSpec),
    /// A file from a URL or a tree from a git repository.
    Fetch(FetchSpec),
    /// A zip or tar archive of the context, unpacked.
    Unpack(UnpackSpec),
    /// Files of the context or of another stage, one copy or a list.
    Copy(#[schemars(schema_with = "one_or_many::<CopySpec>")] Vec<CopySpec>),
    /// Small files written inline, by absolute path.
    Files(Entries<FileSpec>),
    /// A command; a text or a list is short for `script`.
    Run(RunSpec),
    /// Files taken from another image.
    Image(FromImageSpec),
}

/// A conda environment: the packages of `layercake.lock`, or solved in the build.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case", transform = Short("spec"))]
pub struct CondaSpec {
    /// The environment file in the context: `packages.yaml`, `environment.yml`.
    pub spec: Text,
    /// Where the environment lies in the image; `/opt/conda` if left out.
    pub prefix: Option<Text>,
    /// The base whose micromamba does the work; the stage's own base if left out.
    pub tool: Option<Text>,
    /// Virtual packages the solver is to assume, without the underscores: `cuda: "12.5"`.
    #[schemars(default)]
    pub virtual_packages: Entries<Text>,
    /// Who installs; the packages of `layercake.lock` where it has this stage, else micromamba, if left out.
    pub installer: Option<Installer>,
    /// How many image layers the environment has at most where it is locked; 40 if left out.
    #[schemars(with = "Option<u32>", extend("minimum" = 2, "maximum" = 100))]
    pub layers: Option<Spanned<u32>>,
    /// The packages of the lock whose post-link scripts are run; where others have one, that is an error.
    #[schemars(default)]
    pub scripts: Vec<Text>,
}

/// Who installs a conda environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum Installer {
    /// The tool image's micromamba, which solves in the build, lock or no lock.
    Micromamba,
}

/// Debian packages.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case", transform = Short("packages"))]
pub struct AptSpec {
    /// Package names as `apt-get install` takes them: `graphviz`, `curl=7.88.1-10`.
    #[schemars(default)]
    pub packages: Vec<Text>,
    /// `.deb` files of the context, installed in the same transaction.
    #[schemars(default)]
    pub debs: Vec<Text>,
    /// Whether recommended packages come too; they don't if left out.
    #[schemars(default)]
    pub recommends: bool,
}

/// Python packages from an index.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case", transform = Short("packages"))]
pub struct PipSpec {
    /// A requirements file of the context.
    pub requirements: Option<Text>,
    /// Requirements written here.
    #[schemars(default)]
    pub packages: Vec<Text>,
    /// The interpreter that it installs for; that of the service's conda stage, else the base's
    /// `python3`, if left out.
    pub python: Option<Text>,
    /// The index in place of PyPI.
    pub index_url: Option<Text>,
    /// Further indexes.
    #[schemars(default)]
    pub extra_index_urls: Vec<Text>,
    /// Whether dependencies stay away.
    #[schemars(default)]
    pub no_deps: bool,
}

/// A Python project of the repository.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case", transform = Short("path"))]
pub struct WheelSpec {
    /// The project's folder in the context.
    pub path: Text,
    /// Patterns of the files the build reads, relative to `path`; if left out: `pyproject.toml`,
    /// `setup.py`, `setup.cfg`, `MANIFEST.in`, `README*`, `LICENSE*` and `src`.
    pub include: Option<Vec<Text>>,
    /// Patterns of files it does not read.
    #[schemars(default)]
    pub exclude: Vec<Text>,
    /// The interpreter that it is installed for; as for `pip` if left out.
    pub python: Option<Text>,
    /// Whether pip installs what the wheel depends on too; it doesn't if left out.
    #[schemars(default)]
    pub deps: bool,
}

/// Node packages.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case", transform = Short("packages"))]
pub struct NpmSpec {
    /// Packages installed globally: `svgo@3`.
    #[schemars(default)]
    pub packages: Vec<Text>,
    /// A folder of the context with `package.json` and `package-lock.json`, installed by `npm ci`.
    pub path: Option<Text>,
    /// Where `path` is installed in the image; `node_modules` appears below it.
    pub to: Option<Text>,
}

/// A file from a URL or a tree from a git repository.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FetchSpec {
    /// The URL of a file.
    pub url: Option<Text>,
    /// The file's checksum, 64 hexadecimal digits; required with `url`, unless `layercake.lock` has it.
    pub sha256: Option<Text>,
    /// A git repository.
    pub git: Option<GitSpec>,
    /// Where it goes in the image; a URL's file goes into it when it ends with `/`.
    pub to: Text,
    /// The file's mode, octal: `"0755"`.
    pub mode: Option<Text>,
    /// Whether the file is a tar archive to unpack at `to`.
    #[schemars(default)]
    pub unpack: bool,
}

/// A git repository at one commit.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GitSpec {
    /// The repository's URL.
    pub repository: Text,
    /// The commit, 40 hexadecimal digits.
    pub commit: Text,
    /// The folder in it to take.
    pub path: Option<Text>,
}

/// An archive of the context, unpacked.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub struct UnpackSpec {
    /// The archive in the context: `.zip`, `.tar`, `.tar.gz`, `.tgz`, `.tar.bz2`, `.tar.xz`, `.tar.zst`.
    pub from: Text,
    /// The folder it is unpacked into.
    pub to: Text,
}

/// Files copied into the image.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CopySpec {
    /// A file or folder of the context, or, with `stage`, an absolute path in that stage's result.
    pub from: Text,
    /// The stage whose result `from` lies in.
    pub stage: Option<Text>,
    /// Where it goes; into this folder when it ends with `/`.
    pub to: Text,
    /// Patterns of the files to take, relative to `from`.
    #[schemars(default)]
    pub include: Vec<Text>,
    /// Patterns of the files to leave.
    #[schemars(default)]
    pub exclude: Vec<Text>,
    /// The mode of all files, octal, or symbolic as `chmod` takes it: `u=rwX,go=rX`.
    pub mode: Option<Text>,
    /// The owner by numbers: `1000:1000`, `root`.
    pub owner: Option<Text>,
}

/// A small file written inline; a text is short for `content`.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case", transform = Short("content"))]
pub struct FileSpec {
    /// What is in it.
    pub content: Text,
    /// Its mode, octal; `"0644"` if left out.
    pub mode: Option<Text>,
    /// Its owner by numbers: `1000:1000`, `root`.
    pub owner: Option<Text>,
}

/// A command.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case", transform = Short("script"))]
pub struct RunSpec {
    /// What the base's shell runs.
    pub script: Script,
    /// Files it reads, mounted read-only; it runs again only when these change. A path is short for `from`.
    #[schemars(default)]
    pub inputs: Vec<InputSpec>,
    /// Folders it writes; only these are kept. If left out, all that it wrote is.
    #[schemars(default)]
    pub outputs: Vec<Text>,
    /// Environment variables.
    #[schemars(default, extend("propertyNames" = { "pattern": VARIABLE }))]
    pub env: Entries<Text>,
    /// Build arguments it sees as environment variables.
    #[schemars(default)]
    pub args: Vec<Text>,
    /// Cache mounts; a path is short for `to`.
    #[schemars(default)]
    pub caches: Vec<CacheSpec>,
    /// Secrets; an id is short for `id`.
    #[schemars(default)]
    pub secrets: Vec<SecretSpec>,
    /// SSH agent sockets; an id is short for `id`.
    #[schemars(default)]
    pub ssh: Vec<SshSpec>,
    /// Folders held in memory.
    #[schemars(default)]
    pub tmpfs: Vec<Text>,
    /// The user it runs as; root if left out.
    pub user: Option<Text>,
    /// Where it runs; the base's working directory if left out.
    pub workdir: Option<Text>,
    /// `default`, or `none` for no network.
    pub network: Option<Text>,
}

/// One command or several; several are joined by `&&`.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum Script {
    /// A script; one of several lines stops at the first that fails.
    One(Text),
    /// Commands, each run when the one before succeeded.
    Several(Vec<Text>),
}

/// Files a command reads.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case", transform = Short("from"))]
pub struct InputSpec {
    /// A file or folder of the context, or, with `stage`, an absolute path in that stage's result.
    pub from: Text,
    /// The stage whose result `from` lies in.
    pub stage: Option<Text>,
    /// Where it is mounted; `/context/` and the path if left out.
    pub to: Option<Text>,
    /// Patterns of the files to take, relative to `from`.
    #[schemars(default)]
    pub include: Vec<Text>,
    /// Patterns of the files to leave.
    #[schemars(default)]
    pub exclude: Vec<Text>,
}

/// A cache mount: kept between builds, never part of the image or of a key.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case", transform = Short("to"))]
pub struct CacheSpec {
    /// Where it is mounted.
    pub to: Text,
    /// Its identity; the project and the path if left out.
    pub id: Option<Text>,
    /// Who may use it at once; `locked` if left out.
    pub sharing: Option<Sharing>,
}

/// How builds share a cache mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum Sharing {
    /// All at once.
    Shared,
    /// Each build its own.
    Private,
    /// One at a time.
    Locked,
}

/// A secret, mounted as a file or set as an environment variable.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case", transform = Short("id"))]
pub struct SecretSpec {
    /// Its id, as `--secret id=` names it.
    pub id: Text,
    /// The file; `/run/secrets/` and the id if left out.
    pub to: Option<Text>,
    /// The environment variable, in place of a file.
    pub env: Option<Text>,
    /// Whether the command runs without it too.
    #[schemars(default)]
    pub optional: bool,
}

/// An SSH agent's socket.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case", transform = Short("id"))]
pub struct SshSpec {
    /// Its id, as `--ssh` names it; `default` is the usual one.
    pub id: Text,
    /// The socket's path; SSH_AUTH_SOCK names it.
    pub to: Option<Text>,
    /// Whether the command runs without it too.
    #[schemars(default)]
    pub optional: bool,
}

/// Files taken from another image.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FromImageSpec {
    /// A base's name or an image reference.
    pub from: Text,
    /// What is taken.
    pub paths: Vec<TakeSpec>,
}

/// One path of another image.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TakeSpec {
    /// The absolute path in that image.
    pub from: Text,
    /// Where it goes; the same path if left out.
    pub to: Option<Text>,
}
