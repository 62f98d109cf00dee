//! The frontend's image: this very program on nothing, so that the image and the command line never differ, and
//! beside it the tool that locked conda stages run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use buildkit_llb::{Annotate, CopyMode, CopyOptions, Definition, FileOps, Source};
use layercake_solve::{
    Destination, Exporter, GatewayResult, Session, SolveRequest, Solver, new_id,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::args::FrontendImageArgs;
use crate::daemon::Daemon;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::settings::{Environment, OutputTemplate, UsageError, host_platform, to_llb};

/// Where the program is in the image.
pub const PROGRAM: &str = "/layercake";

/// The name of the tool that links conda packages, beside this program and in the image.
const TOOL: &str = "layercake-link";

/// The label that has the digest of the tool's bytes; `layercake lock` pins it.
pub const TOOL_LABEL: &str = "dev.layercake.link";

/// Builds the image and pushes or writes it.
pub async fn build(
    args: FrontendImageArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let program = env::current_exe()?
        .canonicalize()
        .context("cannot find this program")?;
    let tool = tool(args.link_tool.as_deref(), &program)?;
    check_static(PROGRAM, &fs::read(&program)?)?;
    let bytes = fs::read(&tool)?;
    check_static(TOOL, &bytes)?;
    let digest = format!("sha256:{}", hex::encode(Sha256::digest(&bytes)));
    let (exporter, output) = export(&args)?;
    let daemon = Daemon::connect(&args.daemon, environment).await?;
    let files = [(program, PROGRAM), (tool, TOOL)];
    let mut session = Session::new(TOOL);
    for (path, place) in &files {
        session = session.directory(folder_name(place), folder(path));
    }
    if let Some(output) = output {
        session = session.output(0, output);
    }
    let session = daemon.client.attach(session).await?;
    let definition = definition(&files, session.id())?;
    let request = SolveRequest {
        reference: new_id(),
        session: session.id().to_owned(),
        exporters: vec![exporter],
        ..SolveRequest::default()
    };
    let built = daemon.client.gateway(&request, async |bridge| {
        let solved = bridge.solve(definition.into_pb(), &[], false).await?;
        let config = config(&digest).to_string();
        Ok(GatewayResult::of(solved).with_metadata("containerimage.config", config))
    });
    let digest = built.await?.image_digest().unwrap_or_default().to_owned();
    printer.data(format!(
        "{}@{digest}\n",
        args.push.as_deref().unwrap_or("layercake")
    ))?;
    Ok(ExitStatus::Success)
}

fn export(args: &FrontendImageArgs) -> Result<(Exporter, Option<Destination>), UsageError> {
    let mut exporter = Exporter {
        kind: "image".into(),
        ..Exporter::default()
    };
    if let Some(reference) = &args.push {
        exporter.attributes.insert("name".into(), reference.clone());
        exporter.attributes.insert("push".into(), "true".into());
        if args.insecure {
            exporter
                .attributes
                .insert("registry.insecure".into(), "true".into());
        }
        return Ok((exporter, None));
    }
    let template = OutputTemplate::parse(args.output.as_deref().unwrap_or_default())?;
    match (template.kind.as_str(), template.dest) {
        ("oci" | "docker", Some(dest)) if dest != "-" => {
            let exporter = Exporter {
                kind: template.kind,
                attributes: template.attributes,
            };
            Ok((exporter, Some(Destination::File(dest.into()))))
        }
        _ => Err(UsageError::new(
            "--output: the frontend's image goes to a file: type=oci,dest=FILE or type=docker,dest=FILE",
        )),
    }
}

/// The tool: the one that was named, or the one beside this program.
fn tool(named: Option<&Path>, program: &Path) -> anyhow::Result<PathBuf> {
    let path = named.map_or_else(|| program.with_file_name(TOOL), Path::to_owned);
    path.canonicalize().with_context(|| {
        format!(
            "cannot find {}, which links conda packages; build it \
             (`cargo build --release -p layercake-link`) and name it with --link-tool",
            path.display()
        )
    })
}

fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("/"))
}

/// The name under which the folder of a program is lent.
fn folder_name(place: &str) -> String {
    format!("folder-of-{}", place.trim_start_matches('/'))
}

/// An empty filesystem with the programs, each at its place.
fn definition(files: &[(PathBuf, &str)], session: &str) -> anyhow::Result<Definition> {
    let mut image = FileOps::on(None);
    for (path, place) in files {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let local = Source::local(folder_name(place))
            .session_id(session)
            .include([name.clone()])
            .shared_key_hint(folder_name(place))
            .named(format!("[internal] load {name}"))
            .build()?;
        let options = CopyOptions {
            mode: Some(CopyMode::Bits(0o755)),
            timestamp: Some(0),
            ..CopyOptions::default()
        };
        let to = format!("/{}", place.trim_start_matches('/'));
        image = image.copy(local, format!("/{name}"), to, options);
    }
    let image = image.named("[frontend] copy the programs").build()?;
    Ok(Definition::of(&image))
}

/// The labels say what BuildKit may ask of the frontend, that it needs no network, and which tool it brings.
fn config(tool: &str) -> Value {
    let platform = to_llb(&host_platform());
    json!({
        "architecture": platform.architecture(),
        "os": platform.os(),
        "variant": platform.variant(),
        "config": {
            "Entrypoint": [PROGRAM, "frontend"],
            "WorkingDir": "/",
            "Labels": {
                "moby.buildkit.frontend.network.none": "true",
                "moby.buildkit.frontend.caps": "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,\
                                                moby.buildkit.frontend.contexts",
                TOOL_LABEL: tool,
                "org.opencontainers.image.title": "layercake frontend",
                "org.opencontainers.image.version": env!("CARGO_PKG_VERSION"),
                "org.opencontainers.image.licenses": env!("CARGO_PKG_LICENSE"),
                "org.opencontainers.image.source": env!("CARGO_PKG_REPOSITORY"),
            },
        },
        "rootfs": { "type": "layers", "diff_ids": [] },
    })
}

/// On an empty filesystem only a program runs that needs no dynamic linker.
fn check_static(name: &str, program: &[u8]) -> anyhow::Result<()> {
    let name = name.trim_start_matches('/');
    match needs_linker(program) {
        Some(false) => Ok(()),
        Some(true) => bail!(
            "{name} is dynamically linked and cannot run on an empty image; build it with \
             `RUSTFLAGS=\"-C target-feature=+crt-static\" cargo build --release --target {}-unknown-linux-gnu -p {name}`, \
             or for a musl target",
            env::consts::ARCH
        ),
        None => {
            bail!("{name} is not a 64-bit Linux executable; take the one that was built for Linux")
        }
    }
}

/// Whether an ELF file names a dynamic linker; nothing if it is no 64-bit little-endian ELF file.
fn needs_linker(program: &[u8]) -> Option<bool> {
    const INTERPRETER: u32 = 3;
    let number = |at: usize, length: usize| {
        let bytes = program.get(at..at + length)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0_usize, |number, byte| number << 8 | usize::from(*byte)),
        )
    };
    if program.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let (table, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    for header in 0..count {
        if number(table + header * size, 4)? == INTERPRETER as usize {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf(kinds: &[u8]) -> Vec<u8> {
        let mut file = vec![0; 64 + kinds.len() * 56];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[32] = 64;
        file[54] = 56;
        file[56] = u8::try_from(kinds.len()).unwrap();
        for (at, kind) in kinds.iter().enumerate() {
            file[64 + at * 56] = *kind;
        }
        file
    }

    #[test]
    fn a_program_with_an_interpreter_is_dynamic() {
        assert_eq!(needs_linker(&elf(&[1, 3])), Some(true));
        assert_eq!(needs_linker(&elf(&[1, 2])), Some(false));
        assert_eq!(needs_linker(b"#!/bin/sh\n"), None);
        assert!(
            check_static(TOOL, &elf(&[3]))
                .unwrap_err()
                .to_string()
                .contains("crt-static")
        );
    }
}
