//! `layercake prune`: removes from the daemon's cache what is cheap to make again.

use std::collections::HashSet;

use layercake_solve::PruneOptions;

use super::on_daemon::on_daemon;
use crate::args::{PruneArgs, ShowFormat};
use crate::cache::{Pruned, Selection, older_than, select, text};
use crate::daemon::{Daemon, PlannedOn};
use crate::exit::ExitStatus;
use crate::pipeline::Scope;
use crate::printer::Printer;
use crate::project::Project;
use crate::replay::Costs;
use crate::settings::Environment;

/// How many records one request names.
const AT_ONCE: usize = 500;

/// Runs the command.
pub async fn run(
    args: PruneArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let age = args.older_than.as_deref().map(older_than).transpose()?;
    let costs = match &args.costs_from {
        Some(path) => Costs::of_report(path)?,
        None => Costs::default(),
    };
    let work = async |project: &mut Project, daemon: &Daemon| {
        let (PlannedOn { plan, .. }, whole) = daemon.whole(project, &Scope::Whole, printer).await?;
        let records = daemon.client.cache_records().await?;
        let selection = Selection {
            keep: args.keep,
            all: args.all,
            age,
        };
        let chosen = select(&plan, &whole, &records, &selection);
        let removed = if args.dry_run {
            chosen
        } else {
            let mut gone = HashSet::new();
            for part in chosen.chunks(AT_ONCE) {
                let ids = part.iter().map(|record| record.id.as_str());
                let Some(records) = PruneOptions::records(ids) else {
                    continue;
                };
                let options = PruneOptions {
                    all: args.all,
                    keep_newer_than: age,
                    ..records
                };
                let removed = daemon.client.prune(&options).await?;
                gone.extend(removed.into_iter().map(|record| record.id));
            }
            chosen
                .into_iter()
                .filter(|record| gone.contains(&record.id))
                .collect()
        };
        let pruned = Pruned::of(&plan, &whole, &removed, &costs, args.dry_run);
        match args.format {
            ShowFormat::Text => printer.data(text::pruned(&pruned))?,
            ShowFormat::Json => printer.json(&pruned)?,
        }
        Ok(())
    };
    on_daemon(args.project, &args.daemon, environment, work).await
}
