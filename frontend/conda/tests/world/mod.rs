//! A channel of this machine, made for each test.
#![allow(dead_code)] // No test needs all of it.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use layercake_conda::{Access, Conda, CondaError, Request, Solved, Update};
use layercake_planner::facts::Platform;
use layercake_planner::lock::{Environment, Package};
use rattler_conda_types::compression_level::CompressionLevel;
use rattler_package_streaming::write::write_conda_package;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A channel that packages can be put into.
pub struct World {
    pub folder: TempDir,
    pub index: Map<String, Value>,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut world = Self {
            folder,
            index: Map::new(),
        };
        world.put("libc", "2.0", &[], &[]);
        world.put("numpy", "1.0", &["libc >=1"], &[]);
        world.put("numpy", "1.5", &["libc >=2"], &[]);
        world.put("scipy", "1.0", &["numpy >=1,<2"], &[]);
        world
    }

    pub fn subdir(&self) -> PathBuf {
        self.folder.path().join("main/linux-64")
    }

    /// Adds a package with these files, and writes the index.
    pub fn put(
        &mut self,
        name: &str,
        version: &str,
        depends: &[&str],
        files: &[&str],
    ) -> &mut Self {
        self.put_with(name, version, depends, files, "#!/bin/sh\n")
    }

    /// The same, where `content` is that of each file.
    pub fn put_with(
        &mut self,
        name: &str,
        version: &str,
        depends: &[&str],
        files: &[&str],
        content: &str,
    ) -> &mut Self {
        let record = json!({
            "name": name, "version": version, "build": "h0_0", "build_number": 0,
            "subdir": "linux-64", "depends": depends, "constrains": [],
        });
        let file = format!("{name}-{version}-h0_0.conda");
        let archive = archive(&record, files, content);
        let folder = self.subdir();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(&file), &archive).unwrap();
        let mut record = record;
        record["sha256"] = hex::encode(Sha256::digest(&archive)).into();
        record["size"] = archive.len().into();
        self.index.insert(file, record);
        self.write_index();
        self
    }

    pub fn remove(&mut self, file: &str) {
        self.index.remove(file).unwrap();
        self.write_index();
    }

    pub fn write_index(&self) {
        let linux = json!({ "info": { "subdir": "linux-64" }, "packages": {}, "packages.conda": self.index });
        fs::write(self.subdir().join("repodata.json"), linux.to_string()).unwrap();
        let noarch =
            json!({ "info": { "subdir": "noarch" }, "packages": {}, "packages.conda": {} });
        let folder = self.folder.path().join("main/noarch");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("repodata.json"), noarch.to_string()).unwrap();
    }

    pub fn access(&self, offline: bool) -> Access {
        Access {
            channel_alias: url(self.folder.path()),
            root: self.folder.path().to_owned(),
            cache: self.folder.path().join("cache"),
            mirrors: Vec::new(),
            offline,
        }
    }

    pub async fn try_solve(
        &self,
        request: &Request,
        locked: Option<&Environment>,
        update: &Update,
    ) -> Result<Solved, CondaError> {
        let conda = Conda::new(self.access(false)).unwrap();
        conda
            .solve(request, &Platform::default(), locked, update)
            .await
    }

    pub async fn solved(&self, request: &Request, locked: Option<&Environment>) -> Vec<String> {
        let solved = self.try_solve(request, locked, &Update::Nothing).await;
        shown(&solved.unwrap().packages)
    }

    pub async fn lock(&self, request: &Request) -> Environment {
        let solved = self.try_solve(request, None, &Update::Nothing).await;
        environment(request, solved.unwrap())
    }
}

pub fn url(folder: &Path) -> url::Url {
    url::Url::from_directory_path(folder).unwrap()
}

pub fn archive(record: &Value, files: &[&str], content: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    let mut listed = Vec::new();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        paths.push(path);
        listed.push(json!({
            "_path": file, "path_type": "hardlink", "size_in_bytes": content.len(),
            "sha256": hex::encode(Sha256::digest(content)),
        }));
    }
    let info = folder.path().join("info");
    fs::create_dir_all(&info).unwrap();
    let written = [
        ("index.json", record.clone()),
        ("paths.json", json!({ "paths": listed, "paths_version": 1 })),
    ];
    for (name, value) in written {
        let path = info.join(name);
        fs::write(&path, value.to_string()).unwrap();
        paths.push(path);
    }
    let mut bytes = Cursor::new(Vec::new());
    let time = "2024-01-01T00:00:00Z".parse().unwrap();
    let level = CompressionLevel::Lowest;
    write_conda_package(
        &mut bytes,
        folder.path(),
        &paths,
        level,
        None,
        "x",
        Some(&time),
        None,
    )
    .unwrap();
    bytes.into_inner()
}

pub fn request(packages: &[&str]) -> Request {
    Request {
        channels: vec!["main".into()],
        packages: packages.iter().map(|text| (*text).to_owned()).collect(),
        ..Request::default()
    }
}

pub fn environment(request: &Request, solved: Solved) -> Environment {
    Environment {
        stage: "env".into(),
        platform: "linux/amd64".into(),
        spec: request.digest(),
        channels: request.channels.clone(),
        requested: request.packages.clone(),
        requested_pip: Vec::new(),
        virtual_packages: solved.virtual_packages,
        layers: 40,
        packages: solved.packages,
        wheels: Vec::new(),
    }
}

pub fn shown(packages: &[Package]) -> Vec<String> {
    let packages = packages.iter();
    packages
        .map(|package| format!("{} {}", package.name, package.version))
        .collect()
}
