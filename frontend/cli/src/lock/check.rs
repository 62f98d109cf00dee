//! Whether the lock is what the file asks for.

use std::collections::BTreeSet;

use layercake_planner::diagnostic::Diagnostic;
use layercake_planner::facts::Platform;

use crate::exit::ExitStatus;
use crate::pipeline::Scope;
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::parse_platform;

/// Says what is wrong with the file and how its lock differs, at every platform of the lock or those given.
pub async fn check(
    project: &mut Project,
    platforms: &[Platform],
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    if project.given.lock.is_none() {
        printer.note(&format!(
            "{} has no lock; run `layercake lock`",
            project.source.name
        ));
        return Ok(ExitStatus::Rejected);
    }
    let lock = project.lock()?;
    let mut platforms = platforms.to_vec();
    if platforms.is_empty() {
        let bases = lock.bases.iter().map(|base| &base.platform);
        let environments = lock.environments.iter().map(|one| &one.platform);
        let names: BTreeSet<_> = bases.chain(environments).collect();
        platforms = names
            .into_iter()
            .filter_map(|name| parse_platform(name).ok())
            .collect();
    }
    if platforms.is_empty() {
        platforms.push(project.given.platform.clone());
    }
    let mut found: Vec<Diagnostic> = Vec::new();
    for platform in platforms {
        project.given.platform = platform;
        let planned = project.plan_offline(&Scope::Whole).await?;
        for one in planned.diagnostics {
            if is_wrong(&one) && !found.contains(&one) {
                found.push(one);
            }
        }
    }
    if found.is_empty() {
        printer.note(&format!(
            "the lock of {} is up to date",
            project.source.name
        ));
        return Ok(ExitStatus::Success);
    }
    printer.findings(&project.source, &found)?;
    Ok(ExitStatus::Rejected)
}

/// Whether a finding is an error, or a lock that lacks something: it is built, but not as locked.
pub fn is_wrong(found: &Diagnostic) -> bool {
    found.severity == layercake_planner::diagnostic::Severity::Error || found.code == "lock-missing"
}
