//! What is linked is what rattler's own installation leaves, file by file.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]
mod packages;
mod wheels;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use layercake_link::{Group, Package, Python, link};
use packages::{Content, PLACEHOLDER, Recipe};
use rattler::install::Installer;
use rattler::package_cache::PackageCache;
use rattler_conda_types::{PrefixRecord, RepoDataRecord};
use rattler_package_streaming::fs::repodata_record_from_package_archive;
use tempfile::TempDir;

/// An environment of every kind of package.
fn recipes() -> Vec<Recipe> {
    let mut binary = b"\x7fELF".to_vec();
    binary.extend_from_slice(PLACEHOLDER.as_bytes());
    binary.extend_from_slice(b"/lib\0and more\0");
    vec![
        Recipe {
            version: "3.11.9",
            ..Recipe::new(
                "python",
                vec![
                    ("bin/python3.11", Content::Program("the interpreter")),
                    ("bin/python", Content::Link("python3.11")),
                    ("lib/libpython3.11.so", Content::Binary(binary)),
                    (
                        "lib/python3.11/site-packages/README",
                        Content::Text("packages"),
                    ),
                ],
            )
        },
        Recipe {
            noarch: Some("python"),
            depends: &["python"],
            entry_points: &["greet = greeting:main"],
            ..Recipe::new(
                "greeting",
                vec![(
                    "site-packages/greeting/__init__.py",
                    Content::Text("def main(): pass\n"),
                )],
            )
        },
        Recipe {
            depends: &["below"],
            ..Recipe::new(
                "above",
                vec![
                    ("share/both", Content::Text("of above")),
                    ("bin/tool", Content::Prefixed("#!PREFIX/bin/python\n")),
                ],
            )
        },
        Recipe {
            old_format: true,
            ..Recipe::new(
                "below",
                vec![
                    ("share/both", Content::Text("of below")),
                    ("share/only", Content::Text("of below")),
                    ("etc/below.conf", Content::Prefixed("home = PREFIX/share\n")),
                ],
            )
        },
        // Folders that can be moved in whole, and such that cannot.
        Recipe {
            depends: &["above"],
            ..Recipe::new(
                "folders",
                vec![
                    ("share/one/a", Content::Text("a")),
                    ("share/one/deep/b", Content::Program("b")),
                    ("share/common/of-folders", Content::Text("c")),
                    ("share/prefixed/d", Content::Prefixed("PREFIX")),
                    ("share/prefixed/deep/e", Content::Text("e")),
                    ("share/linked/f", Content::Link("g")),
                    ("share/linked/g", Content::Text("g")),
                    ("share/hidden/h", Content::Unlisted),
                    ("share/hidden/i", Content::Text("i")),
                    ("share/hidden/deep/j", Content::Text("j")),
                ],
            )
        },
        Recipe {
            noarch: Some("generic"),
            ..Recipe::new(
                "others",
                vec![
                    ("share/common/of-others", Content::Text("k")),
                    ("share/common/deep/l", Content::Text("l")),
                ],
            )
        },
    ]
}

fn group(prefix: &Path, packages: &[Package]) -> Group {
    Group {
        prefix: prefix.to_str().unwrap().into(),
        platform: "linux-64".into(),
        python: Some(Python {
            version: "3.11".into(),
            site_packages: None,
        }),
        packages: packages.to_vec(),
        wheels: Vec::new(),
    }
}

/// A file: its mode, and what is in it or where it leads.
#[derive(Debug, PartialEq)]
struct Entry(u32, String);

/// All files below a folder but for the records of packages, and for folders of files that lost: rattler
/// installs in parallel and leaves empty ones, now and then, of files that won in the end.
fn files(root: &Path) -> BTreeMap<PathBuf, Entry> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let name = path.strip_prefix(root).unwrap().to_owned();
            let content = if metadata.is_dir() {
                open.push(path.clone());
                if name.starts_with("__clobbers__") {
                    continue;
                }
                String::new()
            } else if metadata.is_symlink() {
                path.read_link().unwrap().display().to_string()
            } else if name.starts_with("conda-meta") && name.extension().is_some() {
                continue;
            } else {
                String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()
            };
            found.insert(name, Entry(metadata.permissions().mode(), content));
        }
    }
    found
}

/// The records of an environment, without what depends on the cache they were linked from and on the channel.
fn records(root: &Path) -> Vec<PrefixRecord> {
    let mut records: Vec<PrefixRecord> = PrefixRecord::collect_from_prefix(root).unwrap();
    records.sort();
    for record in &mut records {
        // A path that another package gave back stands where the one under `__clobbers__` did.
        record.files.sort();
        let paths = &mut record.paths_data.paths;
        paths.sort_by(|a, b| a.relative_path.cmp(&b.relative_path));
        record.extracted_package_dir = None;
        record.link = None;
        record.repodata_record.channel = None;
        record.repodata_record.package_record.md5 = None;
    }
    records
}

/// The times of all files below a folder.
fn times(root: &Path) -> BTreeMap<PathBuf, i64> {
    let all = files(root).into_keys();
    let time = |path: &PathBuf| root.join(path).symlink_metadata().unwrap().mtime();
    all.map(|path| (path.clone(), time(&path))).collect()
}

async fn install_by_rattler(packages: &[Package], folder: &TempDir, prefix: &Path) {
    let mut records: Vec<RepoDataRecord> = Vec::new();
    for package in packages {
        let record = repodata_record_from_package_archive(&package.archive).await;
        records.push(record.unwrap());
    }
    let cache = PackageCache::new(folder.path().join("cache"));
    let installer = Installer::new().with_package_cache(cache);
    installer.install(prefix, records).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_group_is_what_rattler_installs() {
    let folder = TempDir::new().unwrap();
    let packages: Vec<_> = recipes().iter().map(|it| it.build(folder.path())).collect();
    let prefix = folder.path().join("environment");
    install_by_rattler(&packages, &folder, &prefix).await;
    let ours = folder.path().join("ours");
    let clobbers = link(&group(&prefix, &packages), &ours).unwrap();
    assert_eq!(files(&ours), files(&prefix));
    assert_eq!(records(&ours), records(&prefix));
    let [clobber] = clobbers.as_slice() else {
        panic!("one file is in two packages: {clobbers:?}")
    };
    assert_eq!(clobber.path, Path::new("share/both"));
    assert_eq!((&*clobber.winner, &*clobber.loser), ("above", "below"));
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_one_merge_to_what_rattler_installs() {
    let folder = TempDir::new().unwrap();
    let mut packages: Vec<_> = recipes().iter().map(|it| it.build(folder.path())).collect();
    let prefix = folder.path().join("environment");
    install_by_rattler(&packages, &folder, &prefix).await;
    let loser = packages.iter_mut().find(|package| package.name == "below");
    loser.unwrap().loses = vec!["share/both".into()];
    // Whichever lies on top: no two groups have one file.
    for _ in 0..2 {
        let merged = TempDir::new().unwrap();
        for package in &packages {
            let ours = folder.path().join(format!("only-{}", package.name));
            let _ = fs::remove_dir_all(&ours);
            let found = link(&group(&prefix, std::slice::from_ref(package)), &ours).unwrap();
            assert_eq!(found, []);
            let copied = std::process::Command::new("cp")
                .arg("-a")
                .arg(ours.join("."))
                .arg(merged.path())
                .status();
            assert!(copied.unwrap().success());
        }
        assert_eq!(files(merged.path()), files(&prefix));
        assert_eq!(records(merged.path()), records(&prefix));
        packages.reverse();
    }
}

#[test]
fn equal_groups_give_equal_bytes_and_times() {
    let folder = TempDir::new().unwrap();
    let mut packages: Vec<_> = recipes().iter().map(|it| it.build(folder.path())).collect();
    let prefix = Path::new("/opt/conda");
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    link(&group(prefix, &packages), &one).unwrap();
    packages.reverse();
    // Times count in whole seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    link(&group(prefix, &packages), &other).unwrap();
    assert_eq!(files(&one), files(&other));
    assert_eq!(times(&one), times(&other));
    let record = |root: &Path| fs::read(root.join("conda-meta/below-1.0-0.json")).unwrap();
    assert_eq!(record(&one), record(&other));
    let text = String::from_utf8(record(&one)).unwrap();
    assert!(text.contains("\"sha256_in_prefix\""), "{text}");
    assert!(!text.contains("extracted_package_dir"), "{text}");
}

#[track_caller]
fn check_fails(package: Package, expected: &[&str]) {
    let folder = TempDir::new().unwrap();
    let error = link(&group(Path::new("/opt/conda"), &[package]), folder.path()).unwrap_err();
    let error = format!("{:#}", anyhow::Error::from(error));
    for part in expected {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn what_is_wrong_with_a_package_is_told_with_its_name() {
    let folder = TempDir::new().unwrap();
    let good = || Recipe::new("good", vec![("a", Content::Text("a"))]).build(folder.path());
    let cut = Package {
        archive: folder
            .path()
            .join("cut-1.0-0.conda")
            .to_str()
            .unwrap()
            .into(),
        ..good()
    };
    let bytes = fs::read(good().archive).unwrap();
    fs::write(&cut.archive, &bytes[..bytes.len() / 2]).unwrap();
    check_fails(cut, &["cannot link cut-1.0-0.conda", "cannot unpack"]);
    let other = Package {
        sha256: "0".repeat(64),
        ..good()
    };
    check_fails(other, &["good-1.0-0.conda", "not 00000000"]);
    let newer = Package {
        version: "2.0".into(),
        ..good()
    };
    check_fails(newer, &["its archive has the version 1.0, not 2.0"]);
    let escapes = Recipe::new("escapes", vec![("a", Content::Listed("../../etc/passwd"))]);
    let escapes = escapes.build(folder.path());
    check_fails(
        escapes,
        &["escapes-1.0-0.conda", "outside of the environment"],
    );
}

#[test]
fn a_package_for_any_python_needs_one() {
    let folder = TempDir::new().unwrap();
    let recipes = recipes();
    let greeting = recipes.iter().find(|it| it.name == "greeting").unwrap();
    let mut group = group(Path::new("/opt/conda"), &[greeting.build(folder.path())]);
    group.python = None;
    let error = link(&group, &folder.path().join("ours")).unwrap_err();
    let error = format!("{:#}", anyhow::Error::from(error));
    assert!(
        error.contains("greeting-1.0-0.conda: it is for any Python"),
        "{error}"
    );
}
