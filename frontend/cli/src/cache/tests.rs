use layercake_solve::events::Time;
use layercake_solve::{BuildRecord, CacheRecord};

use super::prune::removable;
use super::*;
use crate::args::Keep;

fn record(id: &str, parents: &[&str]) -> CacheRecord {
    CacheRecord {
        id: id.into(),
        kind: "regular".into(),
        parents: parents.iter().map(|id| (*id).to_owned()).collect(),
        created: Some(Time(0)),
        bytes: 10,
        ..CacheRecord::default()
    }
}

fn gone(records: &[CacheRecord], selection: &Selection, kept: &[&str]) -> Vec<String> {
    let kept = |record: &CacheRecord| kept.contains(&record.id.as_str());
    let removed = removable(records, selection, Time(100_000_000_000), kept);
    removed.into_iter().map(|record| record.id).collect()
}

#[test]
fn what_is_kept_keeps_what_it_stands_on() {
    let mut records = vec![
        record("base", &[]),
        record("conda", &["base"]),
        record("app", &["base"]),
        record("whole", &["app"]),
        record("own", &[]),
    ];
    records[4].kind = "internal".into();
    let mut selection = Selection {
        keep: Keep::Expensive,
        all: false,
        age: None,
    };
    assert_eq!(gone(&records, &selection, &["conda"]), ["app", "whole"]);
    assert_eq!(
        gone(&records, &selection, &[]),
        ["base", "conda", "app", "whole"]
    );
    selection.age = Some(std::time::Duration::from_mins(1));
    records[3].last_used = Some(Time(90_000_000_000));
    assert_eq!(
        gone(&records, &selection, &[]),
        ["conda"],
        "used ten seconds ago"
    );
    records[1].in_use = true;
    assert!(gone(&records, &selection, &[]).is_empty());
    selection.all = true;
    assert_eq!(gone(&records, &selection, &[]), ["own"]);
}

#[test]
fn ages_are_a_number_and_a_unit() {
    assert_eq!(older_than("2h").unwrap().as_secs(), 7200);
    assert_eq!(older_than("7d").unwrap().as_secs(), 604_800);
    for wrong in [
        "",
        "h",
        "1",
        "-1h",
        "1y",
        "99999999999999999999h",
        "9999999999999999999w",
    ] {
        assert!(older_than(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn builds_are_told_newest_first() {
    let build = |reference: &str, created, service: &str| BuildRecord {
        reference: reference.into(),
        attributes: attributes(service),
        created: Some(Time(created)),
        completed: Some(Time(created + 2_500_000_000)),
        cached_steps: 3,
        completed_steps: 4,
        total_steps: 4,
        ..BuildRecord::default()
    };
    let mut failed = build("b", 2_000_000_000, "");
    failed.error = Some("no".into());
    let builds = Builds::of(
        vec![build("a", 1_000_000_000, "web"), failed, build("c", 0, "")],
        2,
    );
    insta::assert_snapshot!(text::builds(&builds), @r"
    build                began  seconds  cached  steps   state
    b -    1970-01-01T00:00:02      2.5       3      4  failed
    a web  1970-01-01T00:00:01      2.5       3      4    done
    ");
}
