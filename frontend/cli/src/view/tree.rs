//! A plan for people: each service with its layers, lowest first, and what is built on the way to them.

use std::collections::HashSet;

use layercake_planner::plan::{Edge, Plan, Service, Stage, StageId};

use super::count;

/// The services that a stage names as those it is shared with; of more it tells the number.
const SHOWN: usize = 4;

/// The kind of stages that link a group of packages.
const LINK: &str = "link";

/// A row of the tree: the stage's name, its kind, and what else is to be said of it.
type Row = [String; 3];

/// The plan as a tree.
pub fn tree(plan: &Plan) -> String {
    let mut lines = vec![headline(plan)];
    let stages = plan.stages_by_service();
    for service in &plan.services {
        let stages = stages
            .get(service.name.as_str())
            .map_or(&[][..], Vec::as_slice);
        lines.push(String::new());
        lines.extend(of_service(plan, service, stages));
    }
    lines.join("\n") + "\n"
}

fn headline(plan: &Plan) -> String {
    let version = plan
        .version
        .as_ref()
        .map(|version| format!(" {version}"))
        .unwrap_or_default();
    format!(
        "{}{version} for {}: {}, {}",
        plan.project,
        plan.platform,
        count(plan.services.len(), "service"),
        count(plan.stages().len(), "stage"),
    )
}

fn of_service(plan: &Plan, service: &Service, stages: &[StageId]) -> Vec<String> {
    let base = plan.base(service.base);
    let mut linked = HashSet::new();
    let mut rows: Vec<Row> = service
        .layers
        .iter()
        .chain(&service.finish)
        .filter(|id| is_first(plan.stage(**id), &mut linked))
        .map(|id| row(plan, service, *id))
        .collect();
    rows.insert(
        0,
        [base.name.clone(), "base".into(), base.reference.clone()],
    );
    let mut lines = vec![service.name.clone()];
    lines.extend(drawn(&rows));
    let aside: Vec<_> = aside(service, stages)
        .into_iter()
        .map(|id| plan.stage(id))
        .filter(|stage| is_first(stage, &mut linked))
        .collect();
    if !aside.is_empty() {
        let named: Vec<_> = aside
            .iter()
            .map(|stage| format!("{} ({})", shown(stage), stage.kind))
            .collect();
        lines.push(format!("   on the way: {}", named.join(", ")));
    }
    lines
}

/// Rows with their branches, in columns.
fn drawn(rows: &[Row]) -> Vec<String> {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let (names, kinds) = (width(0), width(1));
    let line = |(at, [name, kind, rest]): (usize, &Row)| {
        let branch = if at + 1 == rows.len() {
            "└─"
        } else {
            "├─"
        };
        format!("{branch} {name:names$}  {kind:kinds$}  {rest}")
            .trim_end()
            .to_owned()
    };
    rows.iter().enumerate().map(line).collect()
}

fn row(plan: &Plan, service: &Service, id: StageId) -> Row {
    let stage = plan.stage(id);
    let before = plan.before(id);
    let mut notes = Vec::new();
    if stage.kind == LINK {
        let groups = plan.stages().map(|(_, other)| other);
        let groups = groups.filter(|other| other.kind == LINK && other.name == stage.name);
        notes.push(count(groups.count(), "layer"));
    }
    for (edge, verb) in [(Edge::Needs, "needs"), (Edge::Reads, "reads")] {
        let mut linked = HashSet::new();
        let names: Vec<_> = before
            .iter()
            .filter(|(_, kind)| *kind == edge)
            .map(|(id, _)| plan.stage(*id))
            .filter(|stage| is_first(stage, &mut linked))
            .map(shown)
            .collect();
        if !names.is_empty() {
            notes.push(format!("{verb} {}", names.join(", ")));
        }
    }
    let others = stage.services.iter().map(String::as_str);
    notes.extend(shared(others.filter(|name| *name != service.name)));
    if stage.expensive {
        notes.push("expensive".into());
    }
    let name = shown(stage).to_owned();
    [name, stage.kind.to_owned(), notes.join("; ")]
}

/// The groups of a locked environment stand in one line, where `layercake plan --layers` shows each.
fn is_first<'p>(stage: &'p Stage, linked: &mut HashSet<&'p str>) -> bool {
    stage.kind != LINK || linked.insert(&stage.name)
}

/// What a stage is called here.
fn shown(stage: &Stage) -> &str {
    if stage.kind == LINK {
        &stage.name
    } else {
        &stage.id
    }
}

/// Of many services only the first are named, so that the whole stays readable and grows with the stages alone.
fn shared<'n>(mut others: impl Iterator<Item = &'n str>) -> Option<String> {
    let named: Vec<_> = others.by_ref().take(SHOWN).collect();
    match (named.is_empty(), others.count()) {
        (true, _) => None,
        (false, 0) => Some(format!("shared with {}", named.join(", "))),
        (false, more) => Some(format!("shared with {} and {more} more", named.join(", "))),
    }
}

/// The stages of a service that are not in its image.
fn aside(service: &Service, stages: &[StageId]) -> Vec<StageId> {
    let image: HashSet<_> = service.layers.iter().chain(&service.finish).collect();
    stages
        .iter()
        .filter(|id| !image.contains(id))
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::shared;

    #[test]
    fn many_services_are_counted() {
        let shared = |names: &[&'static str]| shared(names.iter().copied());
        assert_eq!(shared(&[]), None);
        assert_eq!(shared(&["a", "b"]).unwrap(), "shared with a, b");
        let many = shared(&["a", "b", "c", "d", "e", "f"]).unwrap();
        assert_eq!(many, "shared with a, b, c, d and 2 more");
    }
}
