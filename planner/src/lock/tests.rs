//! What is written is read again, and what is wrong is told with its line.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;

pub(super) fn package(name: &str) -> Package {
    Package {
        name: name.into(),
        version: "1.0".into(),
        build: "h0_3".into(),
        build_number: 3,
        subdir: "linux-64".into(),
        url: format!("https://conda.example/main/linux-64/{name}-1.0-h0_3.conda"),
        sha256: "ab".repeat(32),
        md5: None,
        size: 12,
        noarch: None,
        python_site_packages_path: None,
        layer: None,
        scripts: false,
        loses: Vec::new(),
        depends: vec!["libc >=2".into(), "zlib".into()],
        constrains: Vec::new(),
    }
}

fn lock() -> Lock {
    let digest = format!("sha256:{}", "0f".repeat(32));
    Lock {
        tool: Some(Tool {
            image: format!("docker.io/layercake/frontend:0.1@{digest}"),
            digest: digest.clone(),
        }),
        bases: vec![LockedBase {
            reference: "debian:bookworm-slim".into(),
            platform: "linux/amd64".into(),
            digest: digest.clone(),
        }],
        fetches: vec![LockedFetch {
            url: "https://example.com/tool".into(),
            checksum: digest.clone(),
        }],
        environments: vec![Environment {
            stage: "env".into(),
            platform: "linux/amd64".into(),
            spec: digest,
            channels: vec!["conda-forge".into()],
            requested: vec!["a".into(), "b >=1".into()],
            requested_pip: vec!["pymediawiki".into()],
            virtual_packages: BTreeMap::from([("cuda".into(), "12.5".into())]),
            layers: 40,
            packages: vec![
                package("b"),
                Package {
                    noarch: Some(Noarch::Python),
                    md5: Some("cd".repeat(16)),
                    layer: Some("shared-01".into()),
                    scripts: true,
                    loses: vec!["bin/b".into()],
                    depends: Vec::new(),
                    ..package("a")
                },
            ],
            wheels: vec![LockedWheel {
                name: "pymediawiki".into(),
                version: "0.7.4".into(),
                url: "https://files.example/pymediawiki-0.7.4-py3-none-any.whl".into(),
                sha256: "12".repeat(32),
                size: 34,
                layer: None,
                sdist: false,
                requires: vec!["requests".into()],
            }],
        }],
    }
}

#[test]
fn a_lock_is_a_text_of_one_table_a_package() {
    insta::assert_snapshot!(lock().render());
}

#[test]
fn what_is_locked_is_found() {
    let lock = lock();
    assert!(lock.environment("env", "linux/amd64").is_some());
    assert!(lock.environment("env", "linux/arm64").is_none());
    assert!(lock.base("debian:bookworm-slim", "linux/amd64").is_some());
    assert!(lock.base("debian:bookworm-slim", "linux/arm64").is_none());
    assert!(lock.fetch("https://example.com/tool").is_some());
    let environment = &lock.environments[0];
    assert_eq!(environment.packages[0].file_name(), "b-1.0-h0_3.conda");
    assert_eq!(
        environment.wheels[0].file_name(),
        "pymediawiki-0.7.4-py3-none-any.whl"
    );
}

#[track_caller]
fn check(text: &str, line: usize, message: &str) {
    let error = Lock::parse(text).unwrap_err();
    assert!(error.message.contains(message), "{error}");
    assert_eq!(error.line, line, "{error}");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    check("", 1, "version");
    check("version = 2\nbase = [\n", 2, "array");
    check(
        "version = 1\nnews = true\n",
        1,
        "format 1, and this layercake reads and writes 2",
    );
    check("version = 2\nnews = true\n", 2, "unknown field `news`");
    check(
        "version = 2\n\n[[fetch]]\nurl = \"u\"\nchecksum = \"sha256:12\"\n",
        5,
        "not a digest",
    );
    let text = lock().render().replace(&"ab".repeat(32), "AB");
    let line = text.lines().position(|line| line.contains("\"AB\""));
    check(&text, line.unwrap() + 1, "not 64 hexadecimal digits");
    let text = lock().render().replace("name = \"b\"", "name = \"a\"");
    check(&text, 1, "`a` is twice in the environment of stage `env`");
}

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,5}"
}

prop_compose! {
    fn packages()(
        name in word(),
        free in ".{0,12}",
        number in 0..100_u64,
        size in 0..=i64::MAX.unsigned_abs(),
        noarch in option::of(prop_oneof![Just(Noarch::Python), Just(Noarch::Generic)]),
        md5 in option::of("[0-9a-f]{32}"),
        path in option::of("[a-z/]{1,8}"),
        scripts: bool,
        depends in vec(".{0,8}", 0..3),
        constrains in vec(".{0,8}", 0..3),
    ) -> Package {
        Package {
            build: free,
            build_number: number,
            size,
            noarch,
            md5,
            python_site_packages_path: path,
            scripts,
            depends,
            constrains,
            ..package(&name)
        }
    }
}

prop_compose! {
    fn environments()(
        stage in word(),
        channels in vec(".{0,8}", 0..3),
        virtual_packages in btree_map(word(), ".{0,4}", 0..3),
        packages in btree_map(word(), packages(), 0..5),
    ) -> Environment {
        Environment {
            stage,
            channels,
            virtual_packages,
            packages: packages.into_iter().map(|(name, one)| Package { name, ..one }).collect(),
            ..lock().environments.remove(0)
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        environments in btree_map(word(), environments(), 0..3),
        tool: bool,
    ) {
        let environments = environments
            .into_iter()
            .map(|(stage, one)| Environment { stage, ..one })
            .rev()
            .collect();
        let tool = lock().tool.filter(|_| tool);
        let lock = Lock { tool, environments, ..lock() };
        let text = lock.render();
        let read = Lock::parse(&text).unwrap();
        prop_assert_eq!(&read, &lock.sorted());
        prop_assert_eq!(read.render(), text);
    }

    #[test]
    fn no_text_is_too_odd(at in 0..1500_usize, piece in ".{0,6}") {
        let mut text = lock().render();
        let at = text.floor_char_boundary(at);
        text.insert_str(at, &piece);
        if let Err(error) = Lock::parse(&text) {
            prop_assert!(error.line <= text.lines().count() + 1);
        }
    }
}
