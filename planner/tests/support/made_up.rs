//! Made-up files: stages of most kinds that refer to each other, in services, in any order.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::world::World;

/// A stage of a made-up file: what it does, and the stages before it that it refers to.
#[derive(Clone, Debug)]
pub struct Made {
    kind: usize,
    needs: Vec<usize>,
    after: Vec<usize>,
    source: Option<usize>,
}

/// Stages that refer only to those before them, so that there is no circle.
pub fn stages() -> impl Strategy<Value = Vec<Made>> {
    let made = |at: usize| {
        let before = || proptest::collection::vec(0..at.max(1), 0..3);
        (
            0..8_usize,
            before(),
            before(),
            proptest::option::of(0..at.max(1)),
        )
            .prop_map(move |(kind, needs, after, source)| Made {
                kind,
                needs: if at == 0 { Vec::new() } else { needs },
                after: if at == 0 { Vec::new() } else { after },
                source: source.filter(|_| at > 0),
            })
    };
    (2..14_usize).prop_flat_map(move |count| (0..count).map(made).collect::<Vec<_>>())
}

/// The lines of a stage's mapping; names are by number, so that no rank or name hides an order.
fn entry(at: usize, made: &Made) -> Vec<String> {
    let names = |list: &[usize]| {
        let list: BTreeSet<_> = list.iter().map(|to| format!("s{to}")).collect();
        list.into_iter().collect::<Vec<_>>().join(", ")
    };
    let input = match made.source {
        Some(source) => format!("{{ from: /etc/f, stage: s{source}, to: /in }}"),
        None => "{ from: data, to: /in }".to_owned(),
    };
    let kind = match made.kind {
        0 => format!("apt: [package-{at}, make]"),
        1 => format!("pip: [library-{at}, attrs]"),
        2 => "wheel: app".to_owned(),
        3 => format!("files: {{ /etc/f{at}: x, /etc/g{at}: y }}"),
        4 => format!("copy: [{{ from: data, to: /srv/{at} }}, {input}]")
            .replace("/in", &format!("/in/{at}")),
        5 => format!("run: {{ script: make {at}, inputs: [{input}, data] }}"),
        6 => format!(
            "run: {{ script: make {at}, inputs: [{input}], outputs: [/opt/b{at}, /opt/a{at}] }}"
        ),
        _ => format!(
            "on: debian\n    run: {{ script: make {at}, inputs: [{input}], outputs: [/opt/{at}] }}"
        ),
    };
    let mut lines = vec![kind];
    for (key, list) in [("needs", &made.needs), ("after", &made.after)] {
        if !list.is_empty() {
            lines.push(format!("{key}: [{}]", names(list)));
        }
    }
    lines
}

/// The file, with its parts in the order in which `shuffle` leaves them.
pub fn file(
    stages: &[Made],
    services: &[Vec<usize>],
    mut shuffle: impl FnMut(&mut Vec<String>),
) -> String {
    let mut entries: Vec<String> = stages
        .iter()
        .enumerate()
        .map(|(at, made)| {
            let mut lines = entry(at, made);
            shuffle(&mut lines);
            format!("  s{at}:\n    {}\n", lines.join("\n    "))
        })
        .collect();
    shuffle(&mut entries);
    let mut listed: Vec<String> = services
        .iter()
        .enumerate()
        .map(|(at, stages)| {
            let stages: BTreeSet<_> = stages.iter().map(|to| format!("s{to}")).collect();
            let mut stages: Vec<_> = stages.into_iter().collect();
            shuffle(&mut stages);
            let base = if at % 3 == 2 { "debian" } else { "python" };
            format!(
                "  service-{at}: {{ base: {base}, stages: [{}] }}\n",
                stages.join(", ")
            )
        })
        .collect();
    shuffle(&mut listed);
    let mut parts = vec![
        "bases: { python: \"python:3.12\", debian: \"debian:12\" }\n".to_owned(),
        format!("stages:\n{}", entries.concat()),
        format!("services:\n{}", listed.concat()),
    ];
    shuffle(&mut parts);
    parts.concat()
}

pub fn world() -> World {
    World::with([
        ("app/pyproject.toml", "[project]\n"),
        ("app/src/app.py", "print()\n"),
        ("data/one", "1"),
        ("data/two", "2"),
    ])
}

/// The stages of each service, by their places.
pub fn services() -> impl Strategy<Value = Vec<Vec<Index>>> {
    proptest::collection::vec(proptest::collection::vec(any::<Index>(), 1..8), 1..4)
}

/// The same, once it is known how many stages there are.
pub fn listed(services: &[Vec<Index>], stages: &[Made]) -> Vec<Vec<usize>> {
    let listed = |list: &Vec<Index>| list.iter().map(|at| at.index(stages.len())).collect();
    services.iter().map(listed).collect()
}

/// Shuffles lists, always alike for one seed.
pub fn shuffle(seed: u64) -> impl FnMut(&mut Vec<String>) {
    let mut state = seed | 1;
    move |list| {
        for at in (1..list.len()).rev() {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from(state >> 33).expect("31 bits") % (at + 1);
            list.swap(at, other);
        }
    }
}
