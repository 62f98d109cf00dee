//! What a lock does for the file beside it.

use std::collections::{BTreeMap, BTreeSet};

use layercake_planner::lock::layers::arrange;
use layercake_planner::lock::{
    Environment, Lock, LockedBase, LockedFetch, LockedWheel, Noarch, Package, Request, Tool,
};
use layercake_planner::model::{Conda, Fetch};
use layercake_planner::plan::{LinkStep, Plan, StageId, Work};
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
            layers: 40,
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
        layer: None,
        scripts: false,
        loses: Vec::new(),
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
    let linked = links(&plan);
    let [step] = linked.as_slice() else {
        panic!("one group: {linked:?}")
    };
    assert_eq!(step.packages, [numpy()]);
    assert_eq!(
        Some(&step.tool),
        lock.tool.as_ref().map(|tool| &tool.digest)
    );
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

fn links(plan: &Plan) -> Vec<&LinkStep> {
    let works = plan.stages().map(|(_, stage)| &stage.work);
    works
        .filter_map(|work| match work {
            Work::Link(step) => Some(step),
            _ => None,
        })
        .collect()
}

/// A lock of a Python, of compiled packages and of some for any Python.
fn many() -> Lock {
    let named = |name: &str, version: &str, size| Package {
        name: name.into(),
        version: version.into(),
        url: format!("https://conda.example/main/linux-64/{name}-{version}-0.conda"),
        size,
        ..numpy()
    };
    let mut lock = lock();
    let packages = &mut lock.environments[0].packages;
    packages.push(named("python", "3.12.4", 30_000_000));
    packages.push(named("libtorch", "2.4", 900_000_000));
    packages.extend((0..40).map(|at| Package {
        noarch: Some(Noarch::Python),
        ..named(&format!("pure-{at}"), "1.0", 200_000 + at)
    }));
    arranged(lock, 40)
}

/// The lock with its packages sorted into so many layers.
fn arranged(lock: Lock, layers: usize) -> Lock {
    let mut lock = lock.sorted();
    let one = &mut lock.environments[0];
    one.layers = layers;
    arrange(
        &mut one.packages,
        &mut one.wheels,
        Default::default(),
        layers,
    );
    lock
}

/// The digests of the keys of all groups, by their names.
fn keys(lock: &Lock) -> BTreeMap<String, String> {
    let plan = world(lock).planned(FILE);
    let groups = plan.stages().filter(|(_, stage)| stage.kind == "link");
    groups
        .map(|(_, stage)| (stage.id.clone(), stage.key.digest().to_owned()))
        .collect()
}

/// The groups whose keys a change of the lock changes.
#[track_caller]
fn check_changes(change: impl FnOnce(&mut Lock), expected: impl Fn(&str) -> bool) {
    let before = keys(&many());
    let mut lock = many();
    change(&mut lock);
    let after = keys(&lock);
    for (group, key) in &after {
        assert_eq!(before.get(group) != Some(key), expected(group), "{group}");
    }
}

fn package<'l>(lock: &'l mut Lock, name: &str) -> &'l mut Package {
    let mut packages = lock.environments[0].packages.iter_mut();
    packages
        .find(|package| package.name == name)
        .expect("a package of this name")
}

#[test]
fn a_locked_environment_is_linked_in_groups_with_the_interpreter_lowest() {
    let plan = world(&many()).planned(FILE);
    let layers = plan.services[0].layers.iter();
    let ids: Vec<_> = layers.map(|id| plan.stage(*id).id.as_str()).collect();
    assert_eq!(ids[..2], ["env/python", "env/libtorch"]);
    assert!(ids.len() > 5 && ids.len() <= 36, "{ids:?}");
    let count: usize = links(&plan).iter().map(|step| step.packages.len()).sum();
    assert_eq!(count, 43);
}

#[test]
fn a_change_of_one_package_links_its_group_and_no_other() {
    check_changes(
        |lock| package(lock, "libtorch").sha256 = "ee".repeat(32),
        |group| group == "env/libtorch",
    );
    let plan = world(&many()).planned(FILE);
    let has_seven = |step: &&LinkStep| step.packages.iter().any(|it| it.name == "pure-7");
    let at = links(&plan).iter().position(has_seven).unwrap();
    let ids: Vec<_> = plan
        .stages()
        .filter(|(_, stage)| stage.kind == "link")
        .collect();
    let own = ids[at].1.id.clone();
    check_changes(
        |lock| package(lock, "pure-7").version = "1.1".into(),
        |group| group == own,
    );
}

#[test]
fn of_python_its_minor_version_counts_for_packages_of_any_python() {
    let patch = |lock: &mut Lock| package(lock, "python").version = "3.12.5".into();
    check_changes(patch, |group| group == "env/python");
    let plan = world(&many()).planned(FILE);
    let mut of_any = BTreeSet::new();
    for (_, stage) in plan.stages() {
        let Work::Link(step) = &stage.work else {
            continue;
        };
        let is_of_any = step.packages.iter().any(|it| it.noarch.is_some());
        assert_eq!(step.python.is_some(), is_of_any, "{}", stage.id);
        if is_of_any {
            of_any.insert(stage.id.clone());
        }
    }
    let minor = |lock: &mut Lock| package(lock, "python").version = "3.13.0".into();
    check_changes(minor, |group| {
        group == "env/python" || of_any.contains(group)
    });
}

#[test]
fn a_stage_that_reads_an_environment_reads_it_whole() {
    let text = FILE.replace(
        "services:",
        "  lib: { copy: { stage: env, from: /opt/conda/lib, to: /srv/lib } }\nservices:",
    );
    let text = text.replace("[env, tool]", "[lib, tool]");
    let plan = world(&many()).planned(&text);
    let groups = links(&plan).len();
    let mut works = plan.stages().map(|(_, stage)| &stage.work);
    assert!(works.any(|work| matches!(work, Work::Join { parts } if parts.len() == groups)));
    assert_eq!(plan.services[0].layers.len(), 2);
}

fn wheel(at: u64) -> LockedWheel {
    LockedWheel {
        name: format!("wheel-{at}"),
        version: "1.0".into(),
        url: format!("https://pypi.example/wheel_{at}-1.0-py3-none-any.whl"),
        sha256: "dd".repeat(32),
        size: at * 200_000,
        layer: None,
        sdist: false,
        requires: Vec::new(),
    }
}

#[test]
fn wheels_have_layers_of_their_own_on_top() {
    let mut lock = many();
    lock.environments[0].wheels = (0..30).map(wheel).collect();
    let mut lock = arranged(lock, 40);
    let plan = world(&lock).planned(FILE);
    let layers = plan.services[0].layers.iter().map(|id| plan.stage(*id));
    let of_env: Vec<_> = layers.filter(|stage| stage.name == "env").collect();
    let is_wheels = |id: &str| id.starts_with("env/pip-");
    let first = of_env
        .iter()
        .position(|stage| is_wheels(&stage.id))
        .unwrap();
    assert!(of_env[first..].iter().all(|stage| is_wheels(&stage.id)));
    assert!((2..=4).contains(&(of_env.len() - first)) && of_env.len() <= 40);
    let steps = links(&plan).into_iter();
    let steps: Vec<_> = steps.filter(|step| !step.wheels.is_empty()).collect();
    assert_eq!(
        steps.iter().map(|step| step.wheels.len()).sum::<usize>(),
        30
    );
    assert!(
        steps
            .iter()
            .all(|step| step.python.is_some() && step.packages.is_empty())
    );

    let before = keys(&lock);
    package(&mut lock, "libtorch").sha256 = "ee".repeat(32);
    let after = keys(&lock);
    let changed = after.iter().filter(|(group, key)| before[*group] != **key);
    assert_eq!(
        changed.map(|(group, _)| group).collect::<Vec<_>>(),
        ["env/libtorch"]
    );
}

#[test]
fn a_wheel_that_is_locked_as_its_source_is_built_by_python_and_pip() {
    let mut lock = many();
    lock.environments[0].wheels = (0..30).map(wheel).collect();
    let mut lock = arranged(lock, 40);
    lock.environments[0].wheels[7].sdist = true;
    let name = lock.environments[0].wheels[7].name.clone();
    insta::assert_snapshot!("no_pip", world(&lock).found(FILE));

    let pip = Package {
        depends: vec!["python >=3.8".into(), "pure-3".into()],
        ..package(&mut lock, "pure-1").clone()
    };
    *package(&mut lock, "pure-1") = Package {
        name: "pip".into(),
        ..pip
    };
    let lock = lock.sorted();
    let plan = world(&lock).planned(FILE);
    let stage = |id: &str| {
        let mut stages = plan.stages().map(|(_, stage)| stage);
        stages
            .find(|stage| stage.id == id)
            .expect("a stage of this name")
    };
    let Work::Link(python) = &stage("env/build-python").work else {
        panic!("it links");
    };
    let names: Vec<_> = python
        .packages
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["pip", "pure-3", "python"]);
    let build = stage(&format!("env/build-{name}"));
    assert_eq!(build.key.needs.len(), 1);
    let steps = links(&plan).into_iter();
    let using: Vec<_> = steps.filter(|step| !step.built.is_empty()).collect();
    assert_eq!(using.len(), 1);
    assert!(using[0].wheels.iter().any(|wheel| wheel.sdist));

    // What it is built by decides; another package does not.
    let key = |lock: &Lock| {
        let plan = world(lock).planned(FILE);
        let mut stages = plan.stages().map(|(_, stage)| stage);
        let found = stages.find(|stage| stage.id == format!("env/build-{name}"));
        found.expect("it is built").key.digest().to_owned()
    };
    let mut other = lock.clone();
    package(&mut other, "pure-4").sha256 = "ee".repeat(32);
    assert_eq!(key(&lock), key(&other));
    package(&mut other, "pure-3").sha256 = "ee".repeat(32);
    assert_ne!(key(&lock), key(&other));
}

#[test]
fn the_file_says_how_many_layers_there_are() {
    let mut lock = many();
    lock.environments[0].wheels = (0..30).map(wheel).collect();
    for most in [2, 3, 11, 100] {
        let text = FILE.replace("spec: env.yaml", &format!("spec: env.yaml, layers: {most}"));
        let arranged = arranged(lock.clone(), most);
        let count = links(&world(&arranged).planned(&text)).len();
        let least = most.min(14) / 2;
        assert!((least..=most).contains(&count), "{count} of {most}");
        let found = world(&arranged).found(FILE);
        let told = format!("its packages are sorted into {most} layers at most, not into 40");
        assert!(found.contains(&told), "{found}");
    }
}

#[test]
fn scripts_run_where_the_file_says_so() {
    let mut lock = many();
    for name in ["pure-3", "libtorch"] {
        package(&mut lock, name).scripts = true;
    }
    package(&mut lock, "libtorch").depends = vec!["pure-3 >=1".into(), "libtorch".into()];
    let text = FILE.replace(
        "spec: env.yaml",
        "spec: env.yaml, scripts: [pure-3, libtorch]",
    );
    let plan = world(&lock).planned(&text);
    let found = plan.stages().find_map(|(_, stage)| match &stage.work {
        Work::Scripts(step) => Some((stage, step)),
        _ => None,
    });
    let (stage, step) = found.expect("a stage that runs them");
    let names: Vec<_> = step.scripts.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["pure-3", "libtorch"]);
    assert_eq!(stage.id, "env/scripts");
    assert_eq!(stage.key.needs.len(), links(&plan).len());
    let of_env = |id: &&StageId| plan.stage(**id).name == "env";
    let last = plan.services[0].layers.iter().rfind(of_env);
    assert_eq!(last.map(|id| &plan.stage(*id).id), Some(&stage.id));

    let unneeded = FILE.replace("spec: env.yaml", "spec: env.yaml, scripts: [six]");
    insta::assert_snapshot!(
        "unneeded_scripts",
        world(&many()).try_plan(&unneeded, &Selection::All).shown()
    );
}

#[test]
fn what_cannot_be_linked_is_an_error_with_a_way_out() {
    let mut lock = many();
    lock.tool = None;
    insta::assert_snapshot!("no_link_tool", world(&lock).found(FILE));
    let mut lock = many();
    package(&mut lock, "pure-3").scripts = true;
    insta::assert_snapshot!("scripts", world(&lock).found(FILE));
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
    world.file("layercake.lock", "version = 2\n<<<<<<< ours\n");
    let found = world.found(FILE);
    assert!(
        found.contains("error[lock-file]: layercake.lock:2:"),
        "{found}"
    );
}
