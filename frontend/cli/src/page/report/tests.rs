use layercake_solve::{
    CauseReport, Expected, Foretold, Mismatch, PredictionReport, REPORT_VERSION, ServiceReport,
};

use super::super::assert_alone;
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
        foretold: None,
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
        let row = format!("<tr id=\"stage-{index}\" tabindex=\"-1\"><th scope=\"row\">{name}<div");
        assert!(page.contains(&row), "{row}");
        assert!(
            page.contains(&format!("href=\"#stage-{index}\"")),
            "{name} is in the graph"
        );
    }
    assert!(page.contains("exit code: 1 &amp; more"));
    assert!(!page.contains("<b>"), "texts of a build are no markup");
    assert_alone(&page);
    for state in ["ran", "cached", "failed", "canceled"] {
        assert!(page.contains(&format!("<a class=\"{state}\"")), "{state}");
    }
}

#[test]
fn the_critical_path_is_what_was_waited_for() {
    let report = report();
    assert_eq!(timeline::critical_path(&report.stages), [1, 3]);
    assert!(html(&report).contains("the build waited for</span> apt, then broken &lt;b&gt;"));
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

/// A report whose stages `apt` and `app` ran for reasons, one of them against what was foretold.
fn foretold() -> Report {
    let mut report = report();
    let cause = |text: &str, details: &str| CauseReport {
        text: text.into(),
        details: details.into(),
    };
    report.stages[1].foretold = Some(Foretold {
        expected: Expected::Runs,
        causes: vec![
            cause("packages.yaml: numpy 1.26 -> 2.0", ""),
            cause("command changed", "@@ -1 +1 @@\n-make <all>\n+make\n"),
        ],
        because_of: Vec::new(),
    });
    report.stages[2].foretold = Some(Foretold {
        expected: Expected::Cached,
        causes: Vec::new(),
        because_of: vec!["apt".into(), "elsewhere".into()],
    });
    report.prediction = Some(PredictionReport {
        checked: 2,
        mismatches: vec![Mismatch {
            stage: "app".into(),
            key: "abcdef0123456789".into(),
            predicted: StageState::Cached,
            observed: StageState::Ran,
        }],
    });
    report
}

#[test]
fn causes_are_told_with_old_and_new_values() {
    let page = html(&foretold());
    for told in [
        "<li>packages.yaml: numpy 1.26 -&gt; 2.0</li>",
        "<span class=\"removed\">-make &lt;all&gt;\n</span><span class=\"added\">+make\n</span>",
        "because of <a href=\"#stage-1\">apt</a>, elsewhere",
        "<strong class=\"failed\">cached, wrongly</strong>",
        "2 stages foretold to run or to be cached: <span class=\"failed\">1 did not</span>",
        "<code>abcdef012345</code>",
    ] {
        assert!(page.contains(told), "{told}\n{page}");
    }
    assert!(
        !page.contains("@@"),
        "places in a text are of no use on the page"
    );
}

#[test]
fn a_prediction_that_held_is_told_and_one_that_was_not_made() {
    let mut report = foretold();
    report.prediction = Some(PredictionReport {
        checked: 1,
        mismatches: Vec::new(),
    });
    let page = html(&report);
    assert!(page.contains(
        "1 stage foretold to run or to be cached: <span class=\"cached\">all did</span>"
    ));
    assert!(!page.contains("wrongly"));
    report.prediction = None;
    assert!(html(&report).contains("nothing was foretold"));
}
