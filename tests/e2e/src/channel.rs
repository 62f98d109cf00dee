//! A conda channel of a test's own, served over loopback by a real web server: open, and behind a password.

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rattler_conda_types::compression_level::CompressionLevel;
use rattler_package_streaming::write::write_conda_package;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::mark;
use crate::nginx::Nginx;

/// Who may read the channel.
const USER: &str = "reader";

/// A channel of packages that a test makes.
#[derive(Debug)]
pub struct Channel {
    server: Nginx,
    password: String,
    index: Map<String, Value>,
}

/// A package for any platform, to be put into a channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Packed<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// What it needs.
    pub depends: &'a [&'a str],
    /// Whether it is linked for the environment's Python.
    pub is_python: bool,
    /// Whether it lists its files as archives did before 2017.
    pub is_old: bool,
    /// Its files: paths in the package, and contents.
    pub files: &'a [(&'a str, &'a str)],
}

impl Channel {
    /// Starts a server for a channel that has no packages yet.
    pub fn start() -> Result<Self> {
        let password = mark();
        let server = Nginx::start(|folder, _| site(folder))?;
        server.admit(USER, &password)?;
        let channel = Self {
            server,
            password,
            index: Map::new(),
        };
        channel.write_index()?;
        Ok(channel)
    }

    /// The channel where everyone reads it.
    pub fn open(&self) -> String {
        format!("http://{}/main", self.server.address())
    }

    /// The channel where a password is asked for.
    pub fn private(&self) -> String {
        format!("http://{}/private/main", self.server.address())
    }

    /// The host by which credentials are kept.
    pub fn host(&self) -> &'static str {
        "127.0.0.1"
    }

    /// The password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The header that lets its sender in.
    pub fn header(&self) -> String {
        format!(
            "Basic {}",
            STANDARD.encode(format!("{USER}:{}", self.password))
        )
    }

    /// Writes the credentials as conda's tools keep them; gives the file, which `RATTLER_AUTH_FILE` is to name.
    pub fn credentials(&self) -> Result<PathBuf> {
        let file = self.server.folder().join("credentials.json");
        let login = json!({ "BasicHTTP": { "username": USER, "password": self.password } });
        fs::write(&file, json!({ self.host(): login }).to_string())?;
        Ok(file)
    }

    /// Adds packages.
    pub fn put(&mut self, packages: &[Packed<'_>]) -> Result<()> {
        for package in packages {
            let mut record = json!({
                "name": package.name, "version": package.version, "build": "0", "build_number": 0,
                "subdir": "noarch", "depends": package.depends, "constrains": [],
                "noarch": if package.is_python { "python" } else { "generic" },
            });
            let archive = archive(&record, package)?;
            let file = format!("{}-{}-0.conda", package.name, package.version);
            fs::write(self.subdir("noarch")?.join(&file), &archive)?;
            record["sha256"] = hex::encode(Sha256::digest(&archive)).into();
            record["size"] = archive.len().into();
            self.index.insert(file, record);
        }
        self.write_index()
    }

    /// The archives that were fetched since this was asked last, by their file names.
    pub fn fetched(&self) -> Result<BTreeSet<String>> {
        let answered = self.server.answered()?;
        let files = answered.iter().filter_map(|path| path.rsplit('/').next());
        let archives = files.filter(|file| self.index.contains_key(*file));
        Ok(archives.map(str::to_owned).collect())
    }

    fn subdir(&self, name: &str) -> Result<PathBuf> {
        let folder = self.server.folder().join("main").join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    fn write_index(&self) -> Result<()> {
        let none = Map::new();
        for (subdir, packages) in [("linux-64", &none), ("noarch", &self.index)] {
            let index = json!({
                "info": { "subdir": subdir }, "packages": {}, "packages.conda": packages,
            });
            fs::write(
                self.subdir(subdir)?.join("repodata.json"),
                index.to_string(),
            )?;
        }
        Ok(())
    }
}

/// The folder, open and behind a password.
fn site(folder: &Path) -> String {
    let root = folder.display();
    format!(
        r#"    root "{root}";
    location /private/ {{
      alias "{root}/";
      auth_basic channel;
      auth_basic_user_file users;
    }}"#
    )
}

fn archive(record: &Value, package: &Packed<'_>) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let mut written = Vec::new();
    let mut write = |path: &str, content: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
        fs::write(&path, content)?;
        written.push(path);
        anyhow::Ok(())
    };
    let mut listed = Vec::new();
    for (path, content) in package.files {
        write(path, content)?;
        listed.push(json!({
            "_path": path, "path_type": "hardlink", "size_in_bytes": content.len(),
            "sha256": hex::encode(Sha256::digest(content)),
        }));
    }
    write("info/index.json", &record.to_string())?;
    if package.is_old {
        let files = package.files.iter().map(|(path, _)| *path);
        write("info/files", &files.collect::<Vec<_>>().join("\n"))?;
    } else {
        let paths = json!({ "paths": listed, "paths_version": 1 });
        write("info/paths.json", &paths.to_string())?;
    }
    if package.is_python {
        let link = json!({ "noarch": { "type": "python" }, "package_metadata_version": 1 });
        write("info/link.json", &link.to_string())?;
    }
    let mut bytes = Cursor::new(Vec::new());
    let time = "2025-01-01T00:00:00Z".parse()?;
    write_conda_package(
        &mut bytes,
        folder.path(),
        &written,
        CompressionLevel::Lowest,
        None,
        "package",
        Some(&time),
        None,
    )?;
    Ok(bytes.into_inner())
}
