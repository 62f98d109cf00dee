//! What a lock does for the file beside it.

use std::collections::BTreeMap;

use layercake_planner::lock::{Environment, Lock, LockedBase, LockedFetch, Package, Request, Tool};
use layercake_planner::model::{Conda, Fetch, LockedEnvironment};
use layercake_planner::plan::{Plan, Work};
use layercake_planner::resolve::Selection;

use crate::world::World;

const FILE: &str = "\
bases: { python: \"python:3.12-slim\" }
stages:
  env:
    conda: { spec: env.yaml, virtual-packages: { cuda: \"12.5\" } }
    on: python
  tool:
    fetch: { url: \"https://example.com/tool\", to: /usr/local/bin/ }
services:
  web: { base: python, stages: [env, tool] }
";

const ENVIRONMENT: &str = "channels: [main]\ndependencies: [numpy >=2]\n";

fn digest(digits: &str) -> String {
    format!("sha256:{}", digits.repeat(32))
}

fn request(packages: &[&str]) -> Request {
    Request {
        channels: vec!["main".into()],
        packages: packages.iter().map(|text| (*text).to_owned()).collect(),
        pip: Vec::new(),
        virtual_packages: BTreeMap::from([("cuda".into(), "12.5".into())]),
    }
}

fn lock() -> Lock {
    let request = request(&["numpy >=2"]);
    Lock {
        tool: Some(Tool {
            image: "layercake:1".into(),
            digest: digest("aa"),
        }),
        bases: vec![LockedBase {
            reference: "python:3.12-slim".into(),
            platform: "linux/amd64".into(),
            digest: digest("bb"),
        }],
        fetches: vec![LockedFetch {
            url: "https://example.com/tool".into(),
            checksum: digest("cc"),
        }],
        environments: vec![Environment {
            stage: "env".into(),
            platform: "linux/amd64".into(),
            spec: request.digest(),
            channels: request.channels,
            requested: request.packages,
            requested_pip: request.pip,
            virtual_packages: request.virtual_packages,
            packages: vec![numpy()],
            wheels: Vec::new(),
        }],
    }
}

fn numpy() -> Package {
    Package {
        name: "numpy".into(),
        version: "2.1.0".into(),
        build: "py312_0".into(),
        build_number: 0,
        subdir: "linux-64".into(),
        url: "https://conda.example/main/linux-64/numpy-2.1.0-py312_0.conda".into(),
        sha256: "dd".repeat(32),
        md5: None,
        size: 1,
        noarch: None,
        python_site_packages_path: None,
        scripts: false,
        depends: Vec::new(),
        constrains: Vec::new(),
    }
}

fn world(lock: &Lock) -> World {
    World::with([
        ("env.yaml", ENVIRONMENT),
        ("layercake.lock", &lock.render()),
    ])
}

fn conda(plan: &Plan) -> &Conda {
    let mut works = plan.stages().map(|(_, stage)| &stage.work);
    let found = works.find_map(|work| match work {
        Work::Conda { conda, .. } => Some(conda),
        _ => None,
    });
    found.expect("a conda stage")
}

#[test]
fn a_stage_gets_its_packages_a_base_its_digest_a_fetch_its_checksum() {
    let lock = lock();
    let plan = world(&lock).planned(FILE);
    let locked = LockedEnvironment {
        packages: vec![numpy()],
        wheels: Vec::new(),
        tool: lock.tool,
    };
    assert_eq!(conda(&plan).locked, Some(locked));
    let mut works = plan.stages().map(|(_, stage)| &stage.work);
    assert!(works.any(
        |work| matches!(work, Work::Fetch(Fetch::Url { checksum, .. }) if *checksum == digest("cc"))
    ));
    // The image is looked up by the digest that is locked.
    let mut other = world(&self::lock());
    other.alias(&format!("python:3.12-slim@{}", digest("bb")), "elsewhere");
    let (before, after) = (plan.services[0].base, other.planned(FILE));
    assert_ne!(plan.base(before).image, after.base(before).image);
}

#[test]
fn micromamba_solves_where_the_file_says_so() {
    let text = FILE.replace("spec: env.yaml", "spec: env.yaml, installer: micromamba");
    assert_eq!(conda(&world(&lock()).planned(&text)).locked, None);
    let mut without = world(&lock());
    without.file("env.yaml", "dependencies: [scipy]\n");
    assert_eq!(conda(&without.planned(&text)).locked, None);
}

#[test]
fn drift_is_an_error_that_says_what_changed() {
    let mut world = world(&lock());
    world.file(
        "env.yaml",
        "channels: [main]\ndependencies: [numpy >=1, scipy]\n",
    );
    insta::assert_snapshot!(world.found(&FILE.replace("12.5", "12.6")));
}

#[test]
fn a_comment_is_no_drift() {
    let mut world = world(&lock());
    world.file(
        "env.yaml",
        "# why\ndependencies:\n  - numpy  >=2\nchannels:\n  - main\n",
    );
    world.planned(FILE);
}

#[test]
fn what_the_lock_lacks_is_told() {
    let empty = Lock {
        fetches: lock().fetches,
        ..Lock::default()
    };
    let outcome = world(&empty).try_plan(FILE, &Selection::All);
    assert!(outcome.plan.is_some());
    insta::assert_snapshot!(outcome.shown());
}

#[test]
fn a_lock_that_cannot_be_read_is_an_error() {
    let mut world = world(&lock());
    world.file("layercake.lock", "version = 1\n<<<<<<< ours\n");
    let found = world.found(FILE);
    assert!(
        found.contains("error[lock-file]: layercake.lock:2:"),
        "{found}"
    );
}
