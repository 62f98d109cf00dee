use std::collections::BTreeMap;

use super::super::assert_alone;
use super::chart::{apart, places, so_far, step};
use super::*;
use crate::replay::{CommitAccount, ServiceAccount, StageAccount, StepAccount};

fn runs(runs: usize) -> Count {
    Count { runs, seconds: 0.0 }
}

fn commit(subject: &str, time: i64, layercake: usize, dockerfile: usize) -> CommitAccount {
    CommitAccount {
        commit: format!("{:0>40}", subject.len()),
        time,
        subject: subject.into(),
        problem: None,
        stages: vec!["app".into(); layercake],
        ideal: Vec::new(),
        steps: BTreeMap::from([("web".to_owned(), dockerfile)]),
        total: Totals {
            layercake: runs(layercake),
            dockerfile: runs(dockerfile),
            ..Totals::default()
        },
    }
}

/// Five commits: one that cannot be built, the first build, one that runs nothing, one that runs a step alone, one that
/// runs both.
fn replayed() -> Replayed {
    let wrong = CommitAccount {
        problem: Some("layercake.yaml: no stage is named `<x>`".into()),
        ..commit("Wrong & more", 0, 0, 0)
    };
    Replayed {
        version: 1,
        builds: 4,
        services: vec![ServiceAccount {
            name: "web".into(),
            total: Totals {
                layercake: runs(1),
                dockerfile: runs(5),
                ..Totals::default()
            },
            steps: vec![StepAccount {
                step: "RUN make <all>".into(),
                builds: 4,
                reruns: 5,
                seconds: None,
            }],
        }],
        stages: vec![StageAccount {
            stage: "app".into(),
            services: vec!["web".into()],
            builds: 4,
            reruns: 1,
            ideal: 0,
            seconds: None,
        }],
        total: Totals::default(),
        costed: false,
        commits: vec![
            wrong,
            commit("First", 86_400, 0, 0),
            commit("Nothing", 2 * 86_400, 0, 0),
            commit("Step alone", 86_400, 0, 2),
            commit("Both of them", 4 * 86_400, 1, 3),
        ],
    }
}

#[test]
fn the_page_tells_what_ran_and_what_could_not_be_built() {
    let page = html(&replayed());
    for told in [
        "4 commits of 5 counted; a first run is not. From 1970-01-01 to 1970-01-05.",
        "<th scope=\"row\">app</th><td>web</td><td class=\"number\">4</td><td class=\"layercake\">1<svg",
        "<code>RUN make &lt;all&gt;</code></th><td class=\"number\">4</td><td class=\"dockerfile\">5<svg",
        "2 commits ran nothing again.",
        "<pre class=\"failed\">layercake.yaml: no stage is named `&lt;x&gt;`</pre>",
        ">Wrong &amp; more<",
        "Dockerfile 5<",
        "layercake 1<",
    ] {
        assert!(page.contains(told), "{told}\n{page}");
    }
    for (index, class) in [(0, "passed-over"), (3, "dockerfile"), (4, "layercake")] {
        let mark = format!("<a class=\"{class}\" href=\"#commit-{index}\"");
        assert!(page.contains(&mark), "{mark}");
        assert!(page.contains(&format!("<tr id=\"commit-{index}\" tabindex=\"-1\">")));
    }
    assert!(!page.contains("#commit-2"), "it has no row");
    assert!(!page.contains("seconds so far"), "no cost is known");
    assert_alone(&page);
}

#[test]
fn seconds_are_drawn_where_they_are_known_and_a_dockerfile_where_there_is_one() {
    let mut replayed = replayed();
    replayed.costed = true;
    replayed.services[0].steps.clear();
    let page = html(&replayed);
    assert!(page.contains("seconds so far") && page.contains("seconds of all runs"));
    assert!(!page.contains("class=\"dockerfile\"><path"), "{page}");
    assert_eq!(
        page.matches("href=\"#commit-4\"").count(),
        1,
        "a commit is one stop of the keyboard"
    );
}

#[test]
fn a_replay_of_nothing_is_a_page_too() {
    let page = html(&Replayed {
        builds: 0,
        commits: Vec::new(),
        ..replayed()
    });
    assert!(page.contains("0 commits of 0 counted") && !page.contains("runs so far"));
}

#[test]
fn commits_stand_by_their_time_and_none_before_the_last() {
    let commits = replayed().commits;
    let gap = 7.0 / 800.0;
    assert_eq!(places(&commits), [0.0, 0.25, 0.5, 0.5 + gap, 1.0]);
    assert_eq!(places(&commits[..1]), [0.0]);
    let together = vec![commits[0].clone(); 3];
    assert_eq!(places(&together), [0.0, 0.5, 1.0]);
    let mut many = vec![commits[0].clone(); 10_000];
    many.push(commits[4].clone());
    let many = places(&many);
    assert!(many.is_sorted() && many[10_000] <= 1.0 && many[5000] > 0.49);
    let mut late = vec![commits[0].clone(); 3];
    late.push(commits[4].clone());
    late.push(commits[4].clone());
    assert!(places(&late)[3] < 1.0 && (places(&late)[4] - 1.0).abs() < 1e-9);
    let sums = so_far(&commits, &DOCKERFILE, |count| {
        f64::from(u32::try_from(count.runs).unwrap())
    });
    assert_eq!(sums, [0.0, 0.0, 0.0, 2.0, 5.0]);
}

#[test]
fn axes_are_round_and_names_do_not_lie_on_each_other() {
    let steps = [0.0, 5.0, 6.0, 42.0, 810.0, 5001.0].map(step).to_vec();
    assert_eq!(steps, [1.0, 1.0, 2.0, 10.0, 200.0, 2000.0]);
    assert_eq!(apart(&[100.0, 100.0, 20.0]), [85.0, 100.0, 20.0]);
    assert_eq!(apart(&[12.0, 14.0]), [12.0, 27.0]);
}
