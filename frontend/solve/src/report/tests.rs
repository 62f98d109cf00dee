//! The fold, on small hand-made builds.

use super::{ExpectedStage, Report, ServiceReport, StageState};
use crate::events::{Event, Time, Timeline, Vertex};

fn stage(id: &str) -> ExpectedStage {
    ExpectedStage {
        id: id.to_owned(),
        kind: "run".to_owned(),
        services: vec!["s".to_owned()],
        digest: "d".to_owned(),
        needs: Vec::new(),
    }
}

/// A vertex from second `from` to second `to`.
fn vertex(name: &str, from: Option<i64>, to: Option<i64>, cached: bool) -> Vertex {
    let time = |second: i64| Time(second * 1_000_000_000);
    Vertex {
        digest: format!("sha256:{name}"),
        name: name.to_owned(),
        started: from.map(time),
        completed: to.map(time),
        cached,
        ..Vertex::default()
    }
}

fn fold(vertices: Vec<Vertex>, succeeded: bool) -> Report {
    let events: Vec<_> = vertices.into_iter().map(Event::Vertex).collect();
    Report::of(&[stage("a")], Vec::new(), &Timeline::of(&events), succeeded)
}

#[track_caller]
fn check(vertices: Vec<Vertex>, succeeded: bool, state: StageState, seconds: f64) {
    let report = fold(vertices, succeeded);
    assert_eq!(report.stages[0].state, state);
    assert!(
        (report.stages[0].seconds - seconds).abs() < 1e-9,
        "{} seconds",
        report.stages[0].seconds
    );
}

#[test]
fn work_that_was_done_ran() {
    check(
        vec![vertex("[a] work", Some(1), Some(3), false)],
        true,
        StageState::Ran,
        2.0,
    );
}

#[test]
fn a_slow_key_that_hits_in_the_end_is_cached() {
    let vertices = vec![
        vertex("[a] work", Some(1), Some(2), false),
        vertex("[a] work", Some(2), Some(2), true),
    ];
    check(vertices, true, StageState::Cached, 0.0);
}

#[test]
fn what_was_never_reported_or_begun_is_cached() {
    check(Vec::new(), true, StageState::Cached, 0.0);
    check(
        vec![vertex("[a] work", None, None, false)],
        true,
        StageState::Cached,
        0.0,
    );
}

#[test]
fn one_step_that_ran_makes_the_stage_run() {
    let vertices = vec![
        vertex("[a] one", Some(0), Some(0), true),
        vertex("[a] two", Some(4), Some(5), false),
        vertex("[a] three", Some(5), Some(8), false),
    ];
    check(vertices, true, StageState::Ran, 4.0);
}

#[test]
fn vertices_of_no_stage_do_not_count() {
    let others = [
        "[internal] load [a] x",
        "a] x",
        "[a]x",
        "[ab] x",
        "[internal] a",
        "exporting",
    ];
    let vertices = others
        .iter()
        .map(|name| vertex(name, Some(0), Some(9), false))
        .collect();
    check(vertices, true, StageState::Cached, 0.0);
}

#[test]
fn a_failure_is_told_from_its_victims() {
    let failed = Vertex {
        error: Some("exit code: 1".to_owned()),
        ..vertex("[a] work", Some(0), Some(1), false)
    };
    let report = fold(vec![failed.clone()], false);
    assert_eq!(
        (report.stages[0].state, report.stages[0].error.as_deref()),
        (StageState::Failed, Some("exit code: 1"))
    );
    let victim = Vertex {
        error: Some("context canceled".to_owned()),
        ..failed
    };
    check(vec![victim], false, StageState::Canceled, 1.0);
    check(Vec::new(), false, StageState::Canceled, 0.0);
    check(
        vec![vertex("[a] work", Some(1), None, false)],
        false,
        StageState::Canceled,
        0.0,
    );
    check(
        vec![vertex("[a] work", Some(1), Some(2), false)],
        false,
        StageState::Ran,
        1.0,
    );
    check(
        vec![vertex("[a] work", Some(1), Some(1), true)],
        false,
        StageState::Cached,
        0.0,
    );
}

#[test]
fn the_json_is_what_the_documentation_says() {
    let services = vec![ServiceReport {
        name: "s".to_owned(),
        digest: Some("sha256:1".to_owned()),
    }];
    let report = Report::of(&[stage("a")], services, &Timeline::default(), true);
    let json = serde_json::to_string(&report).expect("plain data");
    assert_eq!(
        json,
        r#"{"version":1,"services":[{"name":"s","digest":"sha256:1"}],"stages":[{"id":"a","kind":"run","services":["s"],"state":"cached","seconds":0.0,"digest":"d"}]}"#
    );
    assert_eq!(
        serde_json::from_str::<Report>(&json).expect("our own JSON"),
        report
    );
}
