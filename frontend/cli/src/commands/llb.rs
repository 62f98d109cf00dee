//! `layercake llb`: what BuildKit is told to do, without doing it.

use buildkit_llb::dump;
use layercake_lower::LoweredImage;
use serde_json::{Map, Value};

use super::on_daemon::on_daemon;
use crate::args::{LlbArgs, LlbFormat};
use crate::daemon::Daemon;
use crate::exit::ExitStatus;
use crate::pipeline::Scope;
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::{Environment, UsageError};

/// Runs the command. The definition takes its context from whichever session it is solved in.
pub async fn run(
    args: LlbArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let work = async |project: &mut Project, daemon: &Daemon| {
        let scope = Scope::Services(args.services);
        let lowered = daemon.lower(project, &scope, printer).await?;
        match args.format {
            LlbFormat::Raw => printer.binary(
                only(&lowered.images)?.definition.to_bytes(),
                "pipe it to `buildctl debug dump-llb`, or use --format json",
            )?,
            LlbFormat::Json => printer.json(&json(&lowered.images)?)?,
        }
        Ok(())
    };
    on_daemon(args.project, &args.daemon, environment, work).await
}

/// The one service whose bytes are wanted.
fn only(services: &[LoweredImage]) -> Result<&LoweredImage, UsageError> {
    match services {
        [one] => Ok(one),
        _ => Err(UsageError::new(
            "raw LLB is that of one service; name it: layercake llb SERVICE --format raw",
        )),
    }
}

/// The definitions and image configurations by service.
fn json(services: &[LoweredImage]) -> anyhow::Result<Value> {
    let mut all = Map::new();
    for service in services {
        let mut one = Map::new();
        one.insert("llb".into(), dump::to_json(service.definition.pb())?);
        one.insert("config".into(), serde_json::from_slice(&service.config)?);
        all.insert(service.name.clone(), Value::Object(one));
    }
    Ok(Value::Object(all))
}
