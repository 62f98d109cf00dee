//! The layers of locked conda environments, for people and programs.

use indicatif::DecimalBytes;
use layercake_planner::lock::{LockedWheel, Package};
use layercake_planner::plan::{LinkStep, Plan, Work};
use serde::Serialize;

use super::count;

/// The version of the form.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct LayersJson<'p> {
    version: u32,
    project: &'p str,
    platform: String,
    environments: Vec<EnvironmentJson<'p>>,
}

#[derive(Serialize)]
struct EnvironmentJson<'p> {
    stage: &'p str,
    prefix: &'p str,
    /// Of all archives.
    bytes: u64,
    /// Lowest first.
    layers: Vec<LayerJson<'p>>,
}

#[derive(Serialize)]
struct LayerJson<'p> {
    id: &'p str,
    /// Of its archives.
    bytes: u64,
    packages: Vec<PackageJson<'p>>,
}

#[derive(Serialize)]
struct PackageJson<'p> {
    name: &'p str,
    version: &'p str,
    /// Of a conda package; a wheel has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<&'p str>,
    /// Of its archive.
    bytes: u64,
}

/// The layers as a value that serializes.
pub fn layers_json(plan: &Plan) -> impl Serialize {
    LayersJson {
        version: VERSION,
        project: &plan.project,
        platform: plan.platform.to_string(),
        environments: environments(plan),
    }
}

/// The layers as a table for each environment.
pub fn layers(plan: &Plan) -> String {
    let tables: Vec<_> = environments(plan).iter().map(table).collect();
    if tables.is_empty() {
        return "no conda environment is locked\n".into();
    }
    tables.join("\n")
}

fn environments(plan: &Plan) -> Vec<EnvironmentJson<'_>> {
    let mut found: Vec<EnvironmentJson> = Vec::new();
    for (_, stage) in plan.stages() {
        let (Work::Link(step), "link") = (&stage.work, stage.kind) else {
            continue;
        };
        let layer = layer(&stage.id, step);
        match found.iter_mut().find(|known| known.stage == stage.name) {
            Some(known) => {
                known.bytes += layer.bytes;
                known.layers.push(layer);
            }
            None => found.push(EnvironmentJson {
                stage: &stage.name,
                prefix: &step.prefix,
                bytes: layer.bytes,
                layers: vec![layer],
            }),
        }
    }
    found
}

fn layer<'p>(id: &'p str, step: &'p LinkStep) -> LayerJson<'p> {
    let package = |package: &'p Package| PackageJson {
        name: &package.name,
        version: &package.version,
        build: Some(&package.build),
        bytes: package.size,
    };
    let wheel = |wheel: &'p LockedWheel| PackageJson {
        name: &wheel.name,
        version: &wheel.version,
        build: None,
        bytes: wheel.size,
    };
    let packages = step.packages.iter().map(package);
    LayerJson {
        id,
        bytes: step.size(),
        packages: packages.chain(step.wheels.iter().map(wheel)).collect(),
    }
}

fn table(environment: &EnvironmentJson) -> String {
    let layers = &environment.layers;
    let packages = layers.iter().map(|layer| layer.packages.len()).sum();
    let mut lines = vec![format!(
        "{} at {}: {}, {}, {}",
        environment.stage,
        environment.prefix,
        count(layers.len(), "layer"),
        count(packages, "package"),
        DecimalBytes(environment.bytes),
    )];
    let width = layers.iter().map(|layer| layer.id.len()).max().unwrap_or(0);
    for layer in layers {
        let packages = layer.packages.iter();
        let names: Vec<_> = packages
            .map(|package| format!("{} {}", package.name, package.version))
            .collect();
        lines.push(format!(
            "  {:width$}  {:>10}  {}",
            layer.id,
            DecimalBytes(layer.bytes).to_string(),
            names.join(", ")
        ));
    }
    lines.join("\n") + "\n"
}
