//! `layercake llb`: what BuildKit is told to do, without doing it.

use buildkit_llb::dump;
use layercake_lower::{ContextSource, LowerOptions, LoweredService, NoCache, lower};
use serde_json::{Map, Value};

use crate::args::{LlbArgs, LlbFormat};
use crate::daemon::Daemon;
use crate::exit::ExitStatus;
use crate::interrupt::interruptible;
use crate::pipeline::Scope;
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::{Environment, ProjectSettings, UsageError};

/// Runs the command. The definition takes its context from whichever session it is solved in.
pub async fn run(
    args: LlbArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let settings = ProjectSettings::new(args.project, environment)?;
    let mut project = Project::open(&settings)?;
    interruptible(Box::pin(async {
        let daemon = Daemon::connect(&args.daemon, environment).await?;
        project.choose_platform(&settings, &daemon).await?;
        let session = daemon.client.attach(Daemon::logins()).await?;
        let planned = daemon
            .plan(session.id(), &mut project, &Scope::Services(args.services))
            .await?;
        printer.diagnostics(&project.source, &planned.warnings);
        let options = LowerOptions {
            context: ContextSource::Session {
                name: "context".into(),
                session_id: None,
                shared_key_hint: "context".into(),
                exclude: project.context.ignore.lines().to_vec(),
            },
            abilities: planned.abilities,
            no_cache: NoCache::None,
            source: Some(project.source.clone()),
            labels: std::collections::BTreeMap::new(),
        };
        let lowered = lower(&planned.plan, &options)?;
        match args.format {
            LlbFormat::Raw => printer.data(only(&lowered.services)?.definition.to_bytes())?,
            LlbFormat::Json => printer.json(&json(&lowered.services)?)?,
        }
        Ok(ExitStatus::Success)
    }))
    .await
}

/// The one service whose bytes are wanted.
fn only(services: &[LoweredService]) -> Result<&LoweredService, UsageError> {
    match services {
        [one] => Ok(one),
        _ => Err(UsageError::new(
            "raw LLB is that of one service; name it: layercake llb SERVICE --format raw",
        )),
    }
}

/// The definitions and image configurations by service.
fn json(services: &[LoweredService]) -> anyhow::Result<Value> {
    let mut all = Map::new();
    for service in services {
        let mut one = Map::new();
        one.insert("llb".into(), dump::to_json(service.definition.pb())?);
        one.insert("config".into(), serde_json::from_slice(&service.config)?);
        all.insert(service.name.clone(), Value::Object(one));
    }
    Ok(Value::Object(all))
}
