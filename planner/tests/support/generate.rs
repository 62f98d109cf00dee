//! Files of many stages of every kind: services with stages of their own and shared ones, and one long chain.

use std::fmt::Write;

/// The stages that each service has for itself.
const OWN: usize = 18;

/// The stages that all services have.
const SHARED: [&str; 4] = [
    "{ apt: [ca-certificates, curl] }",
    "{ files: { /etc/motd: \"Welcome\\n\" } }",
    "{ run: { script: useradd app, network: none } }",
    "{ wheel: libs/common, on: python }",
];

/// One stage in this many is part of the chain.
const CHAIN: usize = 10;

/// The files of the context that [`file`] reads.
pub fn context() -> Vec<(String, String)> {
    let projects = (0..10).map(|at| format!("libs/l{at}"));
    let projects = projects
        .chain(["libs/common".to_owned()])
        .flat_map(|folder| {
            [
                (
                    format!("{folder}/pyproject.toml"),
                    "[project]\nname = 'l'\n".to_owned(),
                ),
                (
                    format!("{folder}/src/code.py"),
                    format!("print('{folder}')\n"),
                ),
            ]
        });
    let data = (0..100).map(|at| (format!("data/{at}.txt"), format!("{at}\n")));
    projects.chain(data).collect()
}

/// The text of a file of about `stages` stages.
pub fn file(stages: usize) -> String {
    let mut text =
        "project: generated\nbases: { debian: \"debian:12\", python: \"python:3.12\" }\nstages:\n"
            .to_owned();
    let mut line = |name: &str, stage: &str| {
        writeln!(text, "  {name}: {stage}").expect("a text takes all");
    };
    for (at, stage) in SHARED.iter().enumerate() {
        line(&format!("shared-{at}"), stage);
    }
    let chain = stages / CHAIN;
    line("chain-0", "{ run: make }");
    for at in 1..chain {
        line(
            &format!("chain-{at}"),
            &format!("{{ run: make part-{at}, needs: [chain-{}] }}", at - 1),
        );
    }
    let services = (stages - chain) / OWN;
    for service in 0..services {
        for at in 0..OWN {
            line(&format!("s{service}-{at}"), &own(service, at));
        }
    }
    writeln!(
        text,
        "services:\n  chained: {{ base: debian, stages: [chain-{}] }}",
        chain.max(1) - 1
    )
    .expect("a text takes all");
    for service in 0..services {
        let own = (0..OWN).map(|at| format!("s{service}-{at}"));
        let shared = (0..SHARED.len()).map(|at| format!("shared-{at}"));
        let stages: Vec<_> = shared.chain(own).collect();
        writeln!(
            text,
            "  service-{service}: {{ base: debian, stages: [{}] }}",
            stages.join(", ")
        )
        .expect("a text takes all");
    }
    text
}

/// A stage of a service; some depend on those before them.
fn own(service: usize, at: usize) -> String {
    let id = format!("{service}-{at}");
    let before = |back: usize| format!("s{service}-{}", at - back);
    match at {
        0 => format!("{{ apt: [package-{service}, make] }}"),
        1 => format!("{{ apt: [tool-{service}] }}"),
        2 => format!("{{ pip: [\"library-{service}>=1.{at}\"] }}"),
        3 => format!("{{ wheel: libs/l{}, on: python }}", service % 10),
        4 => format!(
            "{{ copy: {{ from: data/{}.txt, to: /srv/{id}.txt }} }}",
            service % 100
        ),
        5 => format!("{{ files: {{ /etc/app/{id}.ini: \"id={id}\\n\" }} }}"),
        6 => format!(
            "{{ on: python, run: {{ script: make {id}, inputs: [data/{}.txt], outputs: [/opt/{id}] }} }}",
            service % 100
        ),
        7 => format!(
            "{{ copy: {{ from: /opt/{service}-6, stage: {}, to: /srv/{id} }} }}",
            before(1)
        ),
        8 => format!("{{ needs: [{}, shared-2], run: make {id} }}", before(8)),
        9 => format!(
            "{{ needs: [{}], run: {{ script: make {id}, outputs: [/opt/{id}] }} }}",
            before(1)
        ),
        10 => format!(
            "{{ after: [{}], files: {{ /etc/app/{service}-5.ini: \"over\\n\" }} }}",
            before(5)
        ),
        _ => format!(
            "{{ needs: [{}, {}], run: make {id} }}",
            before(1),
            before(2)
        ),
    }
}
