//! Environments solved against a channel of this machine, made for each test.
#![allow(clippy::unwrap_used)] // A test that cannot write its channel is to stop there.

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use layercake_conda::{Conda, CondaError, Update};
use layercake_planner::facts::Platform;
use sha2::{Digest, Sha256};
use world::*;

#[tokio::test]
async fn the_newest_packages_are_taken_with_what_they_need() {
    let world = World::new();
    let locked = world.lock(&request(&["scipy"])).await;
    assert_eq!(
        shown(&locked.packages),
        ["libc 2.0", "numpy 1.5", "scipy 1.0"]
    );
    let numpy = &locked.packages[1];
    assert_eq!(numpy.depends, ["libc >=2"]);
    let file = url::Url::parse(&numpy.url).unwrap().to_file_path().unwrap();
    let bytes = fs::read(file).unwrap();
    assert_eq!(numpy.sha256, hex::encode(Sha256::digest(&bytes)));
    assert_eq!(numpy.size, bytes.len() as u64);
}

#[tokio::test]
async fn what_is_locked_stays_and_what_is_named_moves() {
    let mut world = World::new();
    let request = request(&["scipy"]);
    let locked = world.lock(&request).await;
    world.put("numpy", "1.6", &["libc >=3"], &[]);
    world.put("libc", "3.0", &[], &[]);
    world.put("scipy", "1.1", &["numpy >=1,<2"], &[]);
    assert_eq!(
        world.solved(&request, Some(&locked)).await,
        shown(&locked.packages)
    );

    let names = BTreeSet::from(["numpy".to_owned()]);
    let moved = world
        .try_solve(&request, Some(&locked), &Update::Packages(names))
        .await;
    assert_eq!(
        shown(&moved.unwrap().packages),
        ["libc 3.0", "numpy 1.6", "scipy 1.0"]
    );

    let moved = world
        .try_solve(&request, Some(&locked), &Update::Everything)
        .await;
    assert_eq!(
        shown(&moved.unwrap().packages),
        ["libc 3.0", "numpy 1.6", "scipy 1.1"]
    );
}

#[tokio::test]
async fn a_request_that_changed_moves_only_what_it_must() {
    let mut world = World::new();
    let locked = world.lock(&request(&["scipy"])).await;
    world.put("numpy", "1.6", &["libc"], &[]);
    world.put("pandas", "2.0", &["numpy"], &[]);
    assert_eq!(
        world
            .solved(&request(&["pandas", "scipy"]), Some(&locked))
            .await,
        ["libc 2.0", "numpy 1.5", "pandas 2.0", "scipy 1.0"]
    );
    assert_eq!(
        world
            .solved(&request(&["numpy 1.0", "scipy"]), Some(&locked))
            .await,
        ["libc 2.0", "numpy 1.0", "scipy 1.0"]
    );
}

#[tokio::test]
async fn a_package_that_left_the_channel_stays_locked() {
    let mut world = World::new();
    let request = request(&["scipy"]);
    let locked = world.lock(&request).await;
    world.remove("numpy-1.5-h0_0.conda");
    assert_eq!(
        world.solved(&request, Some(&locked)).await,
        shown(&locked.packages)
    );
}

#[tokio::test]
async fn the_solver_explains_what_cannot_be() {
    let world = World::new();
    let impossible = request(&["libc", "numpy >=9", "scipy"]);
    let error = world.try_solve(&impossible, None, &Update::Nothing).await;
    let Err(CondaError::Unsolvable(unsolvable)) = error else {
        unreachable!("there is no such numpy")
    };
    assert_eq!(unsolvable.specs, ["numpy >=9"]);
    insta::assert_snapshot!(unsolvable.explanation);
}

#[tokio::test]
async fn virtual_packages_are_those_of_the_stage() {
    let mut world = World::new();
    world.put("torch", "2.0", &["__cuda >=12"], &[]);
    world.put("torch", "1.0", &["__glibc >=2.17"], &[]);
    let mut request = request(&["torch"]);
    assert_eq!(world.solved(&request, None).await, ["torch 1.0"]);
    request.virtual_packages = BTreeMap::from([("cuda".to_owned(), "12.5".to_owned())]);
    assert_eq!(world.solved(&request, None).await, ["torch 2.0"]);
    let locked = world.lock(&request).await;
    assert_eq!(locked.virtual_packages["cuda"], "12.5");
    assert_eq!(locked.virtual_packages["glibc"], "2.28");
}

#[tokio::test]
async fn scripts_are_found_in_the_archives() {
    let mut world = World::new();
    world.put("noisy", "1.0", &[], &["bin/.noisy-post-link.sh"]);
    let locked = world.lock(&request(&["libc", "noisy"])).await;
    let scripts: Vec<_> = locked
        .packages
        .iter()
        .map(|package| package.scripts)
        .collect();
    assert_eq!(scripts, [false, true]);
}

#[tokio::test]
async fn of_files_that_several_packages_have_one_is_seen() {
    let mut world = World::new();
    world.put(
        "python",
        "3.12.1",
        &[],
        &["lib/python3.12/site-packages/a.py"],
    );
    world.put("base", "1.0", &[], &["bin/tool", "bin/base", "share/x"]);
    world.put("above", "1.0", &["base"], &["bin/tool", "share/x"]);
    let request = request(&["above", "base", "python"]);
    let solved = world
        .try_solve(&request, None, &Update::Nothing)
        .await
        .unwrap();
    let loses: Vec<_> = solved
        .packages
        .iter()
        .map(|one| (one.name.as_str(), one.loses.join(" ")))
        .collect();
    // Who depends on the other wins, though its name is the earlier one.
    assert_eq!(
        loses,
        [
            ("above", String::new()),
            ("base", "bin/tool share/x".into()),
            ("python", String::new())
        ]
    );
    assert_eq!(
        solved.clobbers,
        [],
        "files that are the same are no one's loss"
    );

    world.put_with("base", "1.1", &[], &["bin/tool", "share/x"], "another\n");
    let solved = world
        .try_solve(&request, None, &Update::Nothing)
        .await
        .unwrap();
    let told: Vec<_> = solved
        .clobbers
        .iter()
        .map(|one| (&*one.winner, &*one.loser, one.paths.join(" ")))
        .collect();
    assert_eq!(told, [("above", "base", "bin/tool share/x".to_owned())]);
    let locked = environment(&request, solved);
    let again = world
        .try_solve(&request, Some(&locked), &Update::Nothing)
        .await
        .unwrap();
    assert_eq!(
        (again.packages, again.clobbers),
        (locked.packages, Vec::new())
    );
}

#[tokio::test]
async fn offline_nobody_is_asked() {
    let world = World::new();
    let conda = Conda::new(world.access(true)).unwrap();
    let platform = Platform::default();
    let local = conda
        .solve(&request(&["scipy"]), &platform, None, &Update::Nothing)
        .await;
    assert_eq!(local.unwrap().packages.len(), 3);
    let mut remote = request(&["scipy"]);
    remote.channels = vec!["https://conda.invalid/main".into()];
    let error = conda
        .solve(&remote, &platform, None, &Update::Nothing)
        .await;
    assert!(matches!(error, Err(CondaError::Repodata(_))), "{error:?}");
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    let world = World::new();
    let error = world
        .try_solve(&request(&["numpy >=="]), None, &Update::Nothing)
        .await;
    assert!(matches!(error, Err(CondaError::Spec { .. })), "{error:?}");
    let mut nowhere = request(&["numpy"]);
    nowhere.channels.clear();
    let error = world.try_solve(&nowhere, None, &Update::Nothing).await;
    assert!(matches!(error, Err(CondaError::NoChannel)), "{error:?}");
    nowhere.channels = vec!["elsewhere".into()];
    let error = world
        .try_solve(&nowhere, None, &Update::Nothing)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("elsewhere"), "{error}");
}
