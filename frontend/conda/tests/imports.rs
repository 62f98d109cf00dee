//! The locks of other tools, taken over for a channel of this machine.
#![allow(clippy::unwrap_used)] // A test that cannot write its channel is to stop there.

mod world;

use layercake_conda::Conda;
use layercake_conda::import::{ImportError, Pins, compare};
use layercake_planner::facts::Platform;
use layercake_planner::lock::{Environment, Package};
use world::{World, request, shown};

/// What was current once; the channel has newer packages since.
async fn earlier() -> (World, Vec<Package>) {
    let mut world = World::new();
    let locked = world.lock(&request(&["scipy"])).await;
    world.put("numpy", "1.6", &["libc >=2"], &[]);
    world.put("libc", "3.0", &[], &[]);
    (world, locked.packages)
}

fn explicit(packages: &[Package]) -> String {
    let urls = packages.iter();
    let urls: Vec<String> = urls
        .map(|package| format!("{}#sha256:{}\n", package.url, package.sha256))
        .collect();
    format!("# platform: linux-64\n@EXPLICIT\n{}", urls.concat())
}

const CONDA_LOCK: &str = "version: 1
metadata:
  content_hash:
    linux-64: 8b7df143d91c716ecfa5fc1730022f6b421b05cedee8fd52b1fc65a96030ad52
  channels:
  - url: main
    used_env_vars: []
  platforms: [linux-64]
  sources: [environment.yml]
package:
";

fn conda_lock(packages: &[Package]) -> String {
    let packages = packages.iter().map(|one| {
        let (name, version, url, sha256) = (&one.name, &one.version, &one.url, &one.sha256);
        format!(
            "- name: {name}\n  version: '{version}'\n  manager: conda\n  platform: linux-64\n  dependencies: {{}}\n  \
             url: {url}\n  hash:\n    sha256: {sha256}\n  category: main\n  optional: false\n"
        )
    });
    let packages: Vec<String> = packages.collect();
    format!("{CONDA_LOCK}{}", packages.concat())
}

fn pixi(packages: &[Package], environment: &str) -> String {
    let urls: Vec<String> = packages
        .iter()
        .map(|one| format!("      - conda: {}\n", one.url))
        .collect();
    let packages = packages.iter().map(|one| {
        let (url, sha256, size, depends) = (&one.url, &one.sha256, one.size, &one.depends);
        format!(
            "- conda: {url}\n  sha256: {sha256}\n  size: {size}\n  subdir: linux-64\n  depends: {depends:?}\n"
        )
    });
    let packages: Vec<String> = packages.collect();
    format!(
        "version: 6\nenvironments:\n  {environment}:\n    channels:\n    - url: https://conda.example/main/\n    \
         packages:\n      linux-64:\n{}packages:\n{}",
        urls.concat(),
        packages.concat()
    )
}

/// What a text comes to: what is imported, and what is solved with that.
async fn imported(
    world: &World,
    text: &str,
    specs: &[&str],
) -> Result<(Environment, Environment), ImportError> {
    let (request, platform) = (request(specs), Platform::default());
    let pins = Pins::read(text, "env", &platform)?;
    let conda = Conda::new(world.access(false)).unwrap();
    let imported = conda.adopt(pins, &request, &platform).await?;
    let solved = world
        .try_solve(&request, Some(&imported), &layercake_conda::Update::Nothing)
        .await?;
    Ok((imported, world::environment(&request, solved)))
}

#[tokio::test]
async fn every_form_keeps_what_it_pins() {
    let (world, packages) = earlier().await;
    let texts = [
        explicit(&packages),
        conda_lock(&packages),
        pixi(&packages, "default"),
        pixi(&packages, "env"),
        pixi(&packages, "any"),
    ];
    for text in texts {
        let (imported, solved) = imported(&world, &text, &["scipy"]).await.unwrap();
        assert_eq!(solved.packages, packages, "{text}");
        assert_eq!(compare(&imported, &solved).unwrap(), [""; 0]);
    }
}

#[tokio::test]
async fn only_a_lock_that_describes_its_packages_outlives_the_channel() {
    let (mut world, packages) = earlier().await;
    world.remove("numpy-1.5-h0_0.conda");
    let (_, solved) = imported(&world, &pixi(&packages, "default"), &["scipy"])
        .await
        .unwrap();
    assert_eq!(shown(&solved.packages), shown(&packages));
    let error = imported(&world, &explicit(&packages), &["scipy"])
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "numpy-1.5-h0_0.conda is in no channel that the environment file names; add its channel there"
    );
}

#[tokio::test]
async fn what_nothing_needs_is_told_and_what_moved_is_an_error() {
    let (world, packages) = earlier().await;
    let text = explicit(&packages);
    let (before, after) = imported(&world, &text, &["numpy"]).await.unwrap();
    assert_eq!(compare(&before, &after).unwrap(), ["scipy"]);
    let (before, after) = imported(&world, &text, &["scipy", "numpy 1.6"])
        .await
        .unwrap();
    let error = compare(&before, &after).unwrap_err().to_string();
    assert!(
        error.contains(
            "numpy: it has numpy-1.5-h0_0.conda, and the environment comes to numpy-1.6-h0_0.conda"
        ),
        "{error}"
    );
}

#[tokio::test]
async fn what_cannot_be_taken_is_told() {
    let (world, packages) = earlier().await;
    let good = explicit(&packages);
    let told = async |text: &str| {
        imported(&world, text, &["scipy"])
            .await
            .unwrap_err()
            .to_string()
    };
    for (text, expected) in [
        (String::new(), "it is no conda-lock.yml"),
        (
            "name: env\ndependencies: [a]\n".into(),
            "it is no conda-lock.yml",
        ),
        ("metadata: 1\n".into(), "it is no conda-lock.yml"),
        (
            "@EXPLICIT\nhttps://h.example/t/secret/x\n".into(),
            "https://h.example/x is no conda package",
        ),
        (
            good.replace("linux-64\n", "osx-64\n"),
            "it has nothing for linux-64; it has osx-64",
        ),
        (
            pixi(&packages, "default")
                .replace("linux-64:\n", "linux-aarch64:\n")
                .replace("subdir: linux-64", "subdir: linux-aarch64"),
            "it has nothing for linux-64; it has linux-aarch64",
        ),
        (
            good.replace(&packages[1].sha256, &"0".repeat(64)),
            "has another checksum in its channel",
        ),
    ] {
        let message = told(&text).await;
        assert!(message.contains(expected), "{text}\n{message}");
    }
}
