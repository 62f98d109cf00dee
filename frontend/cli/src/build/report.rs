//! What became of each stage, over all services.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use buildkit_llb::Digest;
use layercake_planner::plan::{Plan, StageId};
use layercake_solve::{
    ExpectedStage, REPORT_VERSION, Report, ServiceReport, StageReport, StageState,
};

use super::job::Outcome;
use crate::view::count;

/// The main vertices of each stage.
pub type Vertices = BTreeMap<StageId, BTreeSet<Digest>>;

/// One report of all services. A stage of several services ran if it ran for one of them: for the others it was then
/// in the cache.
///
/// Stages that do the same on the same root are one vertex, which bears the name of one of them; what became of it
/// became of all.
pub fn report(
    plan: &Plan,
    vertices: &Vertices,
    published: &BTreeMap<StageId, String>,
    outcomes: &[Outcome],
) -> Report {
    let mut whole = Report {
        version: REPORT_VERSION,
        ..Report::default()
    };
    let mut stages: Vec<Option<StageReport>> = plan.stages().map(|_| None).collect();
    for outcome in outcomes {
        let own = &outcome.stages;
        let expected: Vec<_> = own.iter().map(|id| expected(plan, *id)).collect();
        for (id, stage) in own.iter().zip(stages_of(outcome, &expected)) {
            let known = &mut stages[id.index()];
            *known = Some(match known.take() {
                Some(known) => more_telling(known, stage),
                None => stage,
            });
        }
        whole.services.push(service_report(outcome));
    }
    share(plan, vertices, &mut stages);
    for (id, image) in published {
        if let Some(stage) = &mut stages[id.index()] {
            stage.image = Some(image.clone());
        }
    }
    whole.stages = stages.into_iter().flatten().collect();
    whole
}

/// What became of the stages of one outcome. What ran before the daemon was mended is in its cache after that, and ran
/// all the same.
fn stages_of(outcome: &Outcome, expected: &[ExpectedStage]) -> Vec<StageReport> {
    let succeeded = matches!(outcome.result, Some(Ok(_)));
    let mut stages = Report::of(expected, Vec::new(), &outcome.timeline, succeeded).stages;
    for timeline in &outcome.earlier {
        let before = Report::of(expected, Vec::new(), timeline, false).stages;
        for (now, before) in stages.iter_mut().zip(before) {
            if (before.state, now.state) == (StageState::Ran, StageState::Cached) {
                *now = before;
            }
        }
    }
    stages
}

/// Gives the stages of one vertex the most telling state that any of them has.
fn share(plan: &Plan, vertices: &Vertices, stages: &mut [Option<StageReport>]) {
    let mut told: HashMap<&BTreeSet<Digest>, StageReport> = HashMap::new();
    for (id, _) in plan.stages() {
        if let (Some(digests), Some(stage)) = (vertices.get(&id), &stages[id.index()]) {
            let most = match told.remove(digests) {
                Some(known) => more_telling(known, stage.clone()),
                None => stage.clone(),
            };
            told.insert(digests, most);
        }
    }
    for (id, _) in plan.stages() {
        let most = vertices.get(&id).and_then(|digests| told.get(digests));
        if let (Some(most), Some(stage)) = (most, &mut stages[id.index()]) {
            stage.state = most.state;
            stage.seconds = most.seconds;
            stage.started = most.started;
            stage.error.clone_from(&most.error);
        }
    }
}

fn expected(plan: &Plan, id: StageId) -> ExpectedStage {
    let stage = plan.stage(id);
    ExpectedStage {
        id: stage.id.clone(),
        kind: stage.kind.to_owned(),
        services: stage.services.iter().cloned().collect(),
        digest: stage.key.digest().to_owned(),
        needs: plan
            .before(id)
            .into_iter()
            .map(|(before, _)| plan.stage(before).id.clone())
            .collect(),
    }
}

fn service_report(outcome: &Outcome) -> ServiceReport {
    let response = outcome
        .result
        .as_ref()
        .and_then(|result| result.as_ref().ok());
    let digest = response
        .and_then(|response| response.image_digest())
        .map(str::to_owned);
    ServiceReport {
        name: outcome.name.clone(),
        digest,
    }
}

fn more_telling(one: StageReport, other: StageReport) -> StageReport {
    let rank = |stage: &StageReport| match stage.state {
        StageState::Failed => 3,
        StageState::Ran => 2,
        StageState::Cached => 1,
        StageState::Canceled => 0,
    };
    if rank(&other) > rank(&one) || (rank(&other) == rank(&one) && other.seconds > one.seconds) {
        other
    } else {
        one
    }
}

/// The report as a table for people, with totals below it.
pub fn table(report: &Report, elapsed: f64) -> String {
    let mut rows = vec![["stage", "kind", "state", "seconds", "size"].map(str::to_owned)];
    rows.extend(report.stages.iter().map(row));
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths = [0, 1, 2, 3, 4].map(width);
    let [w0, w1, w2, w3, w4] = widths;
    let line = |[stage, kind, state, seconds, size]: &[String; 5]| {
        format!("{stage:w0$}  {kind:w1$}  {state:w2$}  {seconds:>w3$}  {size:>w4$}")
            .trim_end()
            .to_owned()
    };
    let mut lines: Vec<_> = rows.iter().map(line).collect();
    lines.push(totals(report, elapsed));
    lines.extend(report.services.iter().filter_map(|service| {
        let digest = service.digest.as_ref()?;
        Some(format!("{}  {digest}", service.name))
    }));
    lines.join("\n")
}

fn row(stage: &StageReport) -> [String; 5] {
    let seconds = if stage.state == StageState::Cached {
        "-".to_owned()
    } else {
        format!("{:.1}", stage.seconds)
    };
    let size = stage.bytes.map_or("-".to_owned(), |size| {
        indicatif::DecimalBytes(size).to_string()
    });
    [
        stage.id.clone(),
        stage.kind.clone(),
        match (&stage.image, stage.state) {
            (Some(_), StageState::Cached) => "published".to_owned(),
            _ => name(stage.state).to_owned(),
        },
        seconds,
        size,
    ]
}

fn name(state: StageState) -> &'static str {
    match state {
        StageState::Ran => "ran",
        StageState::Cached => "cached",
        StageState::Failed => "failed",
        StageState::Canceled => "canceled",
    }
}

fn totals(report: &Report, elapsed: f64) -> String {
    let states = [
        StageState::Ran,
        StageState::Cached,
        StageState::Failed,
        StageState::Canceled,
    ];
    let counts = states.map(|state| (report.in_state(state).count(), name(state)));
    let told: Vec<_> = counts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, name)| format!("{number} {name}"))
        .collect();
    format!(
        "{} in {elapsed:.1} s: {}",
        count(report.stages.len(), "stage"),
        told.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use layercake_solve::events::{Event, Time, Vertex};
    use layercake_solve::{SolveResponse, Timeline};

    use super::*;

    fn stage(id: &str, state: StageState, seconds: f64, bytes: Option<u64>) -> StageReport {
        StageReport {
            id: id.into(),
            kind: "run".into(),
            services: vec!["web".into()],
            state,
            seconds,
            digest: String::new(),
            bytes,
            error: None,
            started: None,
            needs: Vec::new(),
            image: None,
            foretold: None,
        }
    }

    #[test]
    fn a_stage_ran_if_it_ran_for_any_service() {
        use StageState::{Cached, Canceled, Failed, Ran};
        for (one, other, expect) in [
            (Cached, Ran, Ran),
            (Ran, Cached, Ran),
            (Canceled, Cached, Cached),
            (Ran, Failed, Failed),
        ] {
            let merged = more_telling(stage("a", one, 1.0, None), stage("a", other, 2.0, None));
            assert_eq!(merged.state, expect);
        }
        let longest = more_telling(stage("a", Ran, 1.0, None), stage("a", Ran, 2.0, None));
        assert!(longest.seconds > 1.5);
    }

    #[test]
    fn what_ran_before_the_daemon_was_mended_ran() {
        let timeline = |cached: [bool; 2]| {
            let vertex = |(at, cached)| {
                Event::Vertex(Vertex {
                    digest: format!("{at}"),
                    name: format!("[s{at}] run"),
                    started: Some(Time(1)),
                    completed: Some(Time(2)),
                    cached,
                    ..Vertex::default()
                })
            };
            let events: Vec<_> = cached.into_iter().enumerate().map(vertex).collect();
            Timeline::of(&events)
        };
        let outcome = |timeline| Outcome {
            name: "web".into(),
            stages: Vec::new(),
            timeline,
            earlier: Vec::new(),
            result: Some(Ok(SolveResponse::default())),
            mismatch: None,
        };
        let mut last = outcome(timeline([true, true]));
        last.follow(outcome(timeline([false, true])));
        let expected = ["s0", "s1"].map(|id| ExpectedStage {
            id: id.into(),
            ..ExpectedStage::default()
        });
        let states: Vec<_> = stages_of(&last, &expected)
            .iter()
            .map(|stage| stage.state)
            .collect();
        assert_eq!(states, [StageState::Ran, StageState::Cached]);
    }

    #[test]
    fn tables_are_aligned_and_totalled() {
        let report = Report {
            version: REPORT_VERSION,
            services: vec![
                ServiceReport {
                    name: "web".into(),
                    digest: Some("sha256:12".into()),
                },
                ServiceReport {
                    name: "db".into(),
                    digest: None,
                },
            ],
            stages: vec![
                stage("conda-env", StageState::Cached, 0.0, Some(1_200_000_000)),
                stage("app", StageState::Ran, 12.34, Some(512)),
                stage("late", StageState::Canceled, 0.0, None),
            ],
            prediction: None,
        };
        insta::assert_snapshot!(table(&report, 15.02), @r"
        stage      kind  state     seconds     size
        conda-env  run   cached          -  1.20 GB
        app        run   ran          12.3    512 B
        late       run   canceled      0.0        -
        3 stages in 15.0 s: 1 ran, 1 cached, 1 canceled
        web  sha256:12
        ");
    }
}
