//! Packages made for the tests.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rattler_conda_types::compression_level::CompressionLevel;
use rattler_digest::{Md5, Sha256, compute_file_digest};
use rattler_package_streaming::write::{write_conda_package, write_tar_bz2_package};
use serde_json::{Value, json};

use layercake_link::Package;

/// The placeholder that packages are built with.
pub const PLACEHOLDER: &str = "/a/place/that/is/long/enough/for/any/prefix";

/// One file of a package.
pub enum Content {
    Text(&'static str),
    Program(&'static str),
    /// With the placeholder in it, to be replaced as in a text.
    Prefixed(&'static str),
    /// With the placeholder in it, to be replaced and filled up with zeros.
    Binary(Vec<u8>),
    Link(&'static str),
    /// Listed under another path.
    Listed(&'static str),
    /// In the archive, but not listed.
    Unlisted,
}

/// A package under construction.
pub struct Recipe {
    pub name: &'static str,
    pub version: &'static str,
    pub depends: &'static [&'static str],
    pub noarch: Option<&'static str>,
    pub files: Vec<(&'static str, Content)>,
    pub entry_points: &'static [&'static str],
    pub old_format: bool,
}

impl Recipe {
    pub fn new(name: &'static str, files: Vec<(&'static str, Content)>) -> Self {
        Self {
            name,
            version: "1.0",
            depends: &[],
            noarch: None,
            files,
            entry_points: &[],
            old_format: false,
        }
    }

    /// Builds it in `folder` and describes it.
    pub fn build(&self, folder: &Path) -> Package {
        let subdir = if self.noarch.is_some() {
            "noarch"
        } else {
            "linux-64"
        };
        let stem = format!("{}-{}-0", self.name, self.version);
        let tree = folder.join(format!("{stem}.tree"));
        let mut paths = vec![
            PathBuf::from("info/index.json"),
            PathBuf::from("info/paths.json"),
        ];
        let mut listed = Vec::new();
        for (path, content) in &self.files {
            let entry = put(&tree.join(path), path, content);
            if !matches!(content, Content::Unlisted) {
                listed.push(entry);
            }
            paths.push(path.into());
        }
        let mut index = json!({
            "name": self.name, "version": self.version, "build": "0", "build_number": 0,
            "subdir": subdir, "depends": self.depends, "license": "MIT",
        });
        if let Some(noarch) = self.noarch {
            index["noarch"] = noarch.into();
        }
        write_json(&tree.join("info/index.json"), &index);
        write_json(
            &tree.join("info/paths.json"),
            &json!({ "paths": listed, "paths_version": 1 }),
        );
        if !self.entry_points.is_empty() {
            let link = json!({
                "noarch": { "type": "python", "entry_points": self.entry_points },
                "package_metadata_version": 1,
            });
            write_json(&tree.join("info/link.json"), &link);
            paths.push("info/link.json".into());
        }
        let end = if self.old_format { "tar.bz2" } else { "conda" };
        let archive = folder.join(subdir).join(format!("{stem}.{end}"));
        fs::create_dir_all(archive.parent().unwrap()).unwrap();
        let file = File::create(&archive).unwrap();
        let level = CompressionLevel::Default;
        let paths: Vec<_> = paths.iter().map(|path| tree.join(path)).collect();
        if self.old_format {
            write_tar_bz2_package(file, &tree, &paths, level, None, None).unwrap();
        } else {
            write_conda_package(file, &tree, &paths, level, None, &stem, None, None).unwrap();
        }
        self.describe(subdir, &archive)
    }

    fn describe(&self, subdir: &str, archive: &Path) -> Package {
        Package {
            archive: archive.to_str().unwrap().into(),
            name: self.name.into(),
            version: self.version.into(),
            build: "0".into(),
            subdir: subdir.into(),
            url: format!("file://{}", archive.display()),
            sha256: hex::encode(compute_file_digest::<Sha256>(archive).unwrap()),
            md5: Some(hex::encode(compute_file_digest::<Md5>(archive).unwrap())),
            depends: self.depends.iter().map(|on| (*on).to_owned()).collect(),
            constrains: Vec::new(),
            loses: Vec::new(),
        }
    }
}

fn put(to: &Path, path: &str, content: &Content) -> Value {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    let mut entry = json!({ "_path": path, "path_type": "hardlink" });
    match content {
        Content::Text(text) | Content::Program(text) => fs::write(to, text).unwrap(),
        Content::Unlisted => fs::write(to, "").unwrap(),
        Content::Listed(path) => {
            fs::write(to, "").unwrap();
            entry["_path"] = (*path).into();
        }
        Content::Prefixed(text) => {
            fs::write(to, text.replace("PREFIX", PLACEHOLDER)).unwrap();
            entry["prefix_placeholder"] = PLACEHOLDER.into();
            entry["file_mode"] = "text".into();
        }
        Content::Binary(bytes) => {
            fs::write(to, bytes).unwrap();
            entry["prefix_placeholder"] = PLACEHOLDER.into();
            entry["file_mode"] = "binary".into();
        }
        Content::Link(target) => {
            symlink(target, to).unwrap();
            entry["path_type"] = "softlink".into();
            return entry;
        }
    }
    let mode = match content {
        Content::Program(_) => 0o755,
        _ => 0o644,
    };
    fs::set_permissions(to, fs::Permissions::from_mode(mode)).unwrap();
    entry["sha256"] = hex::encode(compute_file_digest::<Sha256>(to).unwrap()).into();
    entry["size_in_bytes"] = fs::metadata(to).unwrap().len().into();
    entry
}

fn write_json(to: &Path, value: &Value) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::write(to, value.to_string()).unwrap();
}
