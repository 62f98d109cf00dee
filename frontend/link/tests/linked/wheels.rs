//! Wheels beside conda's packages.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use layercake_link::{Group, Python, Wheel, link};
use rattler_digest::{Sha256, compute_file_digest};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const FILES: [(&str, u32, &str); 7] = [
    (
        "greeting/__init__.py",
        0o664,
        "def main(): print('hello')\n",
    ),
    ("greeting/helper.sh", 0o775, "#!/bin/sh\n"),
    (
        "greeting-1.0.data/scripts/greet-raw",
        0o644,
        "#!python\nprint('raw')\n",
    ),
    (
        "greeting-1.0.dist-info/METADATA",
        0o644,
        "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
    ),
    (
        "greeting-1.0.dist-info/WHEEL",
        0o644,
        "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    ),
    (
        "greeting-1.0.dist-info/entry_points.txt",
        0o644,
        "[console_scripts]\ngreet = greeting:main\n",
    ),
    (
        "greeting-1.0.dist-info/RECORD",
        0o644,
        "greeting/__init__.py,,\ngreeting/helper.sh,,\ngreeting-1.0.data/scripts/greet-raw,,\ngreeting-1.0.dist-info/METADATA,,\ngreeting-1.0.dist-info/WHEEL,,\ngreeting-1.0.dist-info/entry_points.txt,,\ngreeting-1.0.dist-info/RECORD,,\n",
    ),
];

fn wheel(folder: &Path, files: &[(&str, u32, &str)]) -> Wheel {
    let path = folder.join("greeting-1.0-py3-none-any.whl");
    let mut zip = ZipWriter::new(File::create(&path).unwrap());
    for (name, mode, content) in files {
        let options = SimpleFileOptions::default().unix_permissions(*mode);
        zip.start_file(*name, options).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    Wheel {
        sha256: Some(hex::encode(compute_file_digest::<Sha256>(&path).unwrap())),
        archive: path.to_str().unwrap().into(),
    }
}

fn group(wheel: Wheel) -> Group {
    Group {
        prefix: "/opt/conda".into(),
        platform: "linux-64".into(),
        python: Some(Python {
            version: "3.11".into(),
            site_packages: None,
        }),
        packages: Vec::new(),
        wheels: vec![wheel],
    }
}

/// Each file with its mode, its time in seconds and its content.
fn installed(group: &Group) -> BTreeMap<String, (u32, i64, String)> {
    use std::os::unix::fs::MetadataExt as _;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("prefix");
    link(group, &root).unwrap();
    let mut found = BTreeMap::new();
    let mut open = vec![root.clone()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.metadata().unwrap();
            if metadata.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().display().to_string();
            let content = fs::read_to_string(&path).unwrap();
            found.insert(name, (metadata.mode() & 0o777, metadata.mtime(), content));
        }
    }
    found
}

#[test]
fn a_wheel_is_installed_for_its_prefix() {
    let folder = tempfile::tempdir().unwrap();
    let group = group(wheel(folder.path(), &FILES));
    let files = installed(&group);
    let site = "lib/python3.11/site-packages";
    let of = |name: &str| {
        files
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {:?}", files.keys()))
    };
    assert_eq!(of(&format!("{site}/greeting/__init__.py")).0, 0o644);
    assert_eq!(of(&format!("{site}/greeting/helper.sh")).0, 0o755);
    for script in ["bin/greet", "bin/greet-raw"] {
        let (mode, _, text) = of(script);
        assert_eq!(*mode, 0o755, "{script}");
        assert!(
            text.starts_with("#!/opt/conda/bin/python\n"),
            "{script}: {text}"
        );
    }
    let info = format!("{site}/greeting-1.0.dist-info");
    assert_eq!(of(&format!("{info}/INSTALLER")).2, "layercake");
    let record = &of(&format!("{info}/RECORD")).2;
    assert!(record.contains("../../../bin/greet,"), "{record}");
    let times: Vec<_> = files.values().map(|file| file.1).collect();
    assert!(times.iter().all(|time| *time == times[0]), "{times:?}");
    // Equal groups give equal bytes, wherever they are linked.
    assert_eq!(files, installed(&group));
    // One that was built lies in a folder, and nothing says what it is but its name.
    let built = Wheel {
        archive: folder.path().to_str().unwrap().into(),
        sha256: None,
    };
    assert_eq!(files, installed(&self::group(built)));
}

#[test]
fn a_wheel_that_is_another_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = wheel(folder.path(), &FILES);
    let refused = |group: &Group, words: &str| {
        let target = tempfile::tempdir().unwrap();
        let error = link(group, target.path()).unwrap_err();
        let text = format!("{:#}", anyhow::Error::from(error));
        assert!(text.contains(words), "{text}");
    };
    let other = Wheel {
        sha256: Some("0".repeat(64)),
        ..good.clone()
    };
    refused(&group(other), "its archive has the digest");
    let mut none = group(good);
    none.python = None;
    refused(&none, "the environment has none");
    let outside = wheel(folder.path(), &[("../../outside", 0o644, "x")]);
    refused(&group(outside), "would lie outside");
    fs::write(
        folder.path().join("greeting-1.0-py3-none-any.whl"),
        "no zip",
    )
    .unwrap();
    let path = folder.path().join("greeting-1.0-py3-none-any.whl");
    let broken = Wheel {
        sha256: Some(hex::encode(compute_file_digest::<Sha256>(&path).unwrap())),
        archive: path.to_str().unwrap().into(),
    };
    refused(&group(broken), "cannot unpack");
    let empty = tempfile::tempdir().unwrap();
    let nothing = Wheel {
        sha256: None,
        archive: empty.path().to_str().unwrap().into(),
    };
    refused(&group(nothing), "folder of a wheel");
}
