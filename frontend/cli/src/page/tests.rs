use layercake_solve::{REPORT_VERSION, ServiceReport};

use super::*;

fn stage(
    id: &str,
    state: StageState,
    started: Option<f64>,
    seconds: f64,
    needs: &[&str],
) -> StageReport {
    StageReport {
        id: id.into(),
        kind: "run".into(),
        services: vec!["web".into()],
        state,
        seconds,
        digest: "0123456789abcdef".into(),
        bytes: Some(1_500_000),
        error: None,
        started,
        image: None,
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
    }
}

fn report() -> Report {
    let mut failed = stage(
        "broken <b>",
        StageState::Failed,
        Some(1005.0),
        1.0,
        &["apt"],
    );
    failed.error = Some("exit code: 1 & more".into());
    Report {
        version: REPORT_VERSION,
        services: vec![ServiceReport {
            name: "web".into(),
            digest: Some("sha256:12".into()),
        }],
        stages: vec![
            stage("conda", StageState::Cached, None, 0.0, &[]),
            stage("apt", StageState::Ran, Some(1000.0), 4.0, &[]),
            stage("app", StageState::Ran, Some(1000.5), 0.5, &["conda"]),
            failed,
            stage(
                "late",
                StageState::Canceled,
                None,
                0.0,
                &["broken <b>", "app"],
            ),
        ],
        prediction: None,
    }
}

#[test]
fn the_page_has_every_stage_and_needs_nothing_else() {
    let page = html(&report());
    for (index, name) in ["conda", "apt", "app", "broken &lt;b&gt;", "late"]
        .iter()
        .enumerate()
    {
        let row = format!("<tr id=\"stage-{index}\" tabindex=\"-1\"><th scope=\"row\">{name}</th>");
        assert!(page.contains(&row), "{row}");
        assert!(
            page.contains(&format!("href=\"#stage-{index}\"")),
            "{name} is in the graph"
        );
    }
    assert!(page.contains("exit code: 1 &amp; more"));
    assert!(!page.contains("<b>"), "texts of a build are no markup");
    let outside = page.replace("http://www.w3.org/2000/svg", "");
    for reference in [
        "http:", "https:", "//", "url(", "@import", "<script", "src=",
    ] {
        assert!(!outside.contains(reference), "{reference}");
    }
    for state in ["ran", "cached", "failed", "canceled"] {
        assert!(page.contains(&format!("<a class=\"{state}\"")), "{state}");
    }
}

#[test]
fn the_critical_path_is_what_was_waited_for() {
    let report = report();
    assert_eq!(timeline::critical_path(&report.stages), [1, 3]);
    assert!(html(&report).contains("6.0 s; the build waited for apt, then broken &lt;b&gt;"));
}

#[test]
fn boxes_stand_to_the_right_of_what_they_need_and_do_not_overlap() {
    let report = report();
    let needs = graph::needs(&report.stages);
    let places = graph::layout(&report.stages, &needs);
    for (index, below) in needs.iter().enumerate() {
        assert!(below.iter().all(|need| places[*need].x < places[index].x));
    }
    for (index, one) in places.iter().enumerate() {
        for other in &places[..index] {
            let apart = one.y + one.height <= other.y || other.y + other.height <= one.y;
            assert!((one.x - other.x).abs() > 1.0 || apart, "{one:?} {other:?}");
        }
    }
    assert!(places[1].height > places[3].height, "longer is taller");
}

#[test]
fn an_empty_report_is_a_page_too() {
    let page = html(&Report {
        version: REPORT_VERSION,
        ..Report::default()
    });
    assert!(page.contains("0 stages") && !page.contains("Timeline"));
}

#[test]
fn a_report_that_goes_in_circles_ends() {
    let stages = vec![
        stage("a", StageState::Ran, Some(0.0), 1.0, &["b"]),
        stage("b", StageState::Ran, Some(0.0), 1.0, &["a", "nothing"]),
    ];
    let page = html(&Report {
        version: REPORT_VERSION,
        stages,
        ..Report::default()
    });
    assert!(page.contains("stage-1"));
}
