//! The frontend against a BuildKit that answers from memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Mutex;

use buildkit_llb::dump;
use buildkit_proto::pb;
use futures::executor::block_on;
use layercake_planner::explain::{LABEL, read_label};
use layercake_solve::events::Warning;
use layercake_solve::{
    CacheOption, Capabilities, Failure, FileStat, GatewayResult, ImageRequest, ResolvedImage,
    SolvedRef, Solver, SubSolve,
};
use serde_json::{Value, json};

use super::answer;

const FOLDER: u32 = 1 << 31;
const LINK: u32 = 1 << 27;

/// The client's folder, and what was asked about it.
#[derive(Default)]
struct Memory {
    files: BTreeMap<&'static str, &'static str>,
    links: BTreeMap<&'static str, &'static str>,
    solved: Mutex<Vec<Value>>,
    imports: Mutex<Vec<CacheOption>>,
    warnings: Mutex<Vec<String>>,
    /// What running fails on.
    broken: Option<&'static str>,
}

impl Memory {
    fn new(files: &[(&'static str, &'static str)]) -> Self {
        Self {
            files: files.iter().copied().collect(),
            ..Self::default()
        }
    }

    fn ask(&self, options: &[(&str, &str)]) -> Result<GatewayResult, Failure> {
        let options = options.iter().enumerate();
        let variables = options.map(|(at, (name, value))| {
            (
                format!("BUILDKIT_FRONTEND_OPT_{at}"),
                format!("{name}={value}"),
            )
        });
        block_on(answer(
            self,
            variables.chain([("BUILDKIT_SESSION_ID".to_owned(), "session".to_owned())]),
        ))
    }

    #[track_caller]
    fn refused(&self, options: &[(&str, &str)]) -> Failure {
        self.ask(options).expect_err("a refusal")
    }

    /// All local sources that were solved, with what was asked of them.
    fn sources(&self) -> Vec<(String, Value)> {
        let solved = self.solved.lock().unwrap();
        let sources = solved
            .iter()
            .flat_map(|definition| definition["ops"].as_array().unwrap().iter());
        let mut locals: Vec<_> = sources
            .filter_map(|op| {
                let name = op["source"]["identifier"]
                    .as_str()?
                    .strip_prefix("local://")?;
                Some((name.to_owned(), op["source"]["attrs"].clone()))
            })
            .collect();
        locals.dedup();
        locals
    }
}

impl Solver for Memory {
    async fn ping(&self) -> Result<Capabilities, Failure> {
        let llb = ["mergeop", "diffop", "file.symlink.create"]
            .map(str::to_owned)
            .into();
        Ok(Capabilities {
            llb,
            ..Capabilities::default()
        })
    }

    async fn resolve_image(&self, request: &ImageRequest) -> Result<ResolvedImage, Failure> {
        if request.reference.contains("nowhere") {
            return Err(Failure::invalid("no such image"));
        }
        let platform = request.platform.clone().unwrap_or_default();
        let architecture = platform.architecture;
        let config = json!({ "architecture": architecture, "os": "linux", "config": { "Env": ["PATH=/bin"] } });
        let digest = format!("sha256:{}", "1".repeat(64));
        Ok(ResolvedImage {
            reference: request.reference.clone(),
            digest,
            config: config.to_string().into(),
        })
    }

    async fn solve(
        &self,
        definition: pb::Definition,
        imports: &[CacheOption],
        evaluate: bool,
    ) -> Result<SolvedRef, Failure> {
        if let Some(cause) = self.broken.filter(|_| evaluate) {
            return Err(Failure::invalid(cause));
        }
        let mut solved = self.solved.lock().unwrap();
        solved.push(dump::to_json(&definition).unwrap());
        *self.imports.lock().unwrap() = imports.to_vec();
        Ok(SolvedRef {
            id: solved.len().to_string(),
            definition: Some(definition),
        })
    }

    async fn solve_frontend(&self, _: &SubSolve) -> Result<GatewayResult, Failure> {
        Err(Failure::invalid("no frontend is asked"))
    }

    async fn evaluate(&self, _: &SolvedRef) -> Result<(), Failure> {
        Ok(())
    }

    async fn read_file(
        &self,
        _: &SolvedRef,
        path: &str,
        _: Option<Range<u64>>,
    ) -> Result<Vec<u8>, Failure> {
        let text = self.files.get(path.trim_start_matches('/'));
        text.map(|text| text.as_bytes().to_vec())
            .ok_or_else(|| Failure::invalid("no such file"))
    }

    async fn read_dir(
        &self,
        _: &SolvedRef,
        path: &str,
        _: Option<&str>,
    ) -> Result<Vec<FileStat>, Failure> {
        let path = path.trim_matches('/');
        let folder = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        let mut found = BTreeMap::new();
        let all = self
            .files
            .iter()
            .map(|file| (file, 0))
            .chain(self.links.iter().map(|link| (link, LINK)));
        for ((path, text), kind) in all {
            let Some(below) = path.strip_prefix(&folder) else {
                continue;
            };
            let stat = |mode, size, link: &str| FileStat {
                mode,
                size,
                link: link.to_owned(),
                ..FileStat::default()
            };
            let (name, stat) = match (below.split_once('/'), kind) {
                (Some((name, _)), _) => (name, stat(FOLDER | 0o755, 0, "")),
                (None, LINK) => (below, stat(LINK | 0o777, 0, text)),
                (None, _) => (below, stat(0o644, text.len() as u64, "")),
            };
            found.insert(
                name,
                FileStat {
                    path: name.to_owned(),
                    ..stat
                },
            );
        }
        Ok(found.into_values().collect())
    }

    async fn stat_file(&self, _: &SolvedRef, _: &str) -> Result<FileStat, Failure> {
        Err(Failure::invalid("folders are listed instead"))
    }

    async fn warn(&self, warning: &Warning) -> Result<(), Failure> {
        self.warnings.lock().unwrap().push(warning.short.clone());
        Ok(())
    }

    async fn inputs(&self) -> Result<BTreeMap<String, pb::Definition>, Failure> {
        Ok(BTreeMap::new())
    }
}

const ONE: &str = "bases: { python: 'python:3.11-slim' }
stages:
  files: { copy: { from: src, to: /app/ } }
services:
  web: { base: python, stages: [files], image: { cmd: [run] } }
";

fn one() -> Memory {
    Memory::new(&[
        ("layercake.yaml", ONE),
        ("src/a.py", "a"),
        ("src/b.md", "b"),
    ])
}

/// The image that the frontend is from, as BuildKit says.
const OWN: (&str, &str) = ("source", "r.io/frontend:1");

/// The same, with the list that the frontend's image makes of its files.
fn hashed() -> Memory {
    let digests = r#"{ "src/a.py": "12ab", "src/b.md": "34cd", "layercake.yaml": "56ef" }"#;
    let mut memory = one();
    memory.files.insert("digests", digests);
    memory
}

fn metadata(result: &GatewayResult, key: &str) -> Value {
    serde_json::from_slice(&result.metadata[key]).unwrap()
}

#[test]
fn the_only_service_is_built_with_its_configuration() {
    let memory = one();
    let imports = r#"[{"Type":"registry","Attrs":{"ref":"r/c"}}]"#;
    let result = memory
        .ask(&[
            ("label:a", "b"),
            ("cache-imports", imports),
            ("platform", "linux/amd64"),
        ])
        .unwrap();
    let config = metadata(&result, "containerimage.config");
    assert_eq!(config["config"]["Cmd"], json!(["run"]));
    assert_eq!(config["config"]["Labels"], json!({ "a": "b" }));
    assert_eq!(
        metadata(&result, "containerimage.base.config")["config"]["Env"],
        json!(["PATH=/bin"])
    );
    assert_eq!(memory.imports.lock().unwrap()[0].attributes["ref"], "r/c");
}

#[test]
fn an_image_bears_the_records_of_its_stages() {
    let memory = hashed();
    let config = metadata(&memory.ask(&[OWN]).unwrap(), "containerimage.config");
    let records = config["config"]["Labels"][LABEL].as_str().unwrap();
    let records = serde_json::to_string(&read_label(records).unwrap()).unwrap();
    assert!(
        records.contains("12ab") && records.contains("34cd"),
        "{records}"
    );
    assert!(!records.contains("56ef"), "{records}");

    let config = metadata(&memory.ask(&[]).unwrap(), "containerimage.config");
    assert_eq!(config["config"]["Labels"][LABEL], Value::Null);
}

#[test]
fn only_what_is_needed_is_sent_and_only_once() {
    let memory = one();
    memory.ask(&[]).unwrap();
    let of_context: BTreeSet<_> = memory
        .sources()
        .into_iter()
        .filter(|(name, _)| name == "context")
        .map(|(_, attrs)| attrs.to_string())
        .collect();
    let follow = |paths: &str| {
        of_context
            .iter()
            .filter(|attrs| attrs.contains(paths))
            .count()
    };
    assert_eq!(
        (of_context.len(), follow("src"), follow(".dockerignore")),
        (2, 1, 1),
        "{of_context:?}"
    );
}

#[test]
fn transfers_of_different_files_do_not_share_a_copy() {
    let memory = one();
    memory.ask(&[("target", "web")]).unwrap();
    let hint =
        |(_, attrs): (String, Value)| attrs["local.sharedkeyhint"].as_str().map(str::to_owned);
    let hints: BTreeSet<_> = memory.sources().into_iter().filter_map(hint).collect();
    let hints: Vec<_> = hints.iter().map(String::as_str).collect();
    assert_eq!(
        hints,
        ["context-.dockerignore", "context-web", "dockerfile"]
    );
}

#[test]
fn a_platform_list_has_its_configuration_by_platform() {
    let result = one()
        .ask(&[("platform", "linux/arm64"), ("multi-platform", "true")])
        .unwrap();
    let keys: Vec<_> = result.metadata.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "containerimage.base.config/linux/arm64",
            "containerimage.config/linux/arm64",
            "refs.platforms"
        ]
    );
}

#[test]
fn errors_point_at_the_lines() {
    let memory = Memory::new(&[("layercake.yaml", ONE)]);
    let failure = memory.refused(&[]);
    assert_eq!(
        failure.message(),
        "layercake.yaml:3: `src` does not exist [missing-source]; paths are relative to the context, the folder that \
         is built"
    );
    assert_eq!(failure.sources()[0].ranges[0].start.unwrap().line, 3);
    assert!(
        Memory::new(&[])
            .refused(&[])
            .message()
            .contains("layercake.yaml is not there")
    );
}

#[test]
fn what_is_ignored_or_leaves_the_context_is_told() {
    let mut memory = one();
    memory.files.insert(".dockerignore", "src\n");
    assert!(
        memory
            .refused(&[])
            .message()
            .contains("left out of the context")
    );
    memory.files.insert(
        "layercake.yaml.dockerignore",
        "# the file's own goes first\n",
    );
    assert!(memory.ask(&[]).is_ok());
    let mut memory = Memory::new(&[("layercake.yaml", ONE)]);
    memory.links.insert("src", "../elsewhere");
    assert!(memory.refused(&[]).message().contains("leaves the context"));
}

#[test]
fn pointers_of_git_lfs_are_found() {
    let mut memory = one();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258\
                   daaa5e2ca24d17e2393\nsize 12345\n";
    memory.files.insert("src/big.bin", pointer);
    assert!(memory.refused(&[]).message().contains("lfs-pointer"));
}

#[test]
fn several_services_need_a_target() {
    let two = "bases: { b: 'b:1' }\nservices: { one: { base: b }, two: { base: b } }\n";
    let memory = Memory::new(&[("layercake.yaml", two)]);
    assert!(memory.refused(&[]).message().contains("`one` and `two`"));
    assert!(
        memory
            .refused(&[("target", "tow")])
            .message()
            .contains("did you mean `two`?")
    );
    assert!(memory.ask(&[("target", "two")]).is_ok());
}

#[test]
fn warnings_reach_the_user() {
    let memory = one();
    memory.ask(&[("build-arg:UNUSED", "1")]).unwrap();
    assert!(memory.warnings.lock().unwrap()[0].contains("`UNUSED`"));
}

#[test]
fn an_image_that_is_not_there_is_named() {
    let memory = one();
    let failure = memory.refused(&[("context:python", "docker-image://nowhere:1")]);
    assert!(failure.message().contains("`nowhere:1`"), "{failure}");
}

#[test]
fn what_buildkit_has_lost_is_told_with_the_way_out() {
    let lost = "failed to commit a1 to b2 during finalize: snapshot does not exist: not found";
    for (broken, told) in [(lost, Some("--filter id=a1")), ("exit code: 1", None)] {
        let failure = Memory {
            broken: Some(broken),
            ..one()
        }
        .refused(&[]);
        let help = failure.message().strip_prefix(broken).unwrap();
        assert_eq!(help.is_empty(), told.is_none(), "{failure}");
        assert!(help.contains(told.unwrap_or_default()), "{failure}");
    }
}

#[test]
fn questions_are_answered() {
    let memory = one();
    let targets = metadata(
        &memory.ask(&[("requestid", "frontend.targets")]).unwrap(),
        "result.json",
    );
    assert_eq!(targets["targets"][0]["name"], "web");
    assert_eq!(targets["targets"][0]["base"], "python:3.11-slim");
    let lint = memory.ask(&[("requestid", "frontend.lint")]).unwrap();
    assert_eq!(
        (
            lint.metadata["result.statuscode"].as_slice(),
            &metadata(&lint, "result.json")["warnings"]
        ),
        (&b"0"[..], &json!([]))
    );
    let all = metadata(
        &memory
            .ask(&[("requestid", "frontend.subrequests.describe")])
            .unwrap(),
        "result.json",
    );
    assert_eq!(all.as_array().unwrap().len(), 7);
    assert_eq!(
        memory.refused(&[("requestid", "frontend.other")]),
        Failure::unsupported_subrequest("frontend.other")
    );
}

#[test]
fn plans_are_shown_and_compared_with_images() {
    let memory = one();
    let ask = |name: &str| memory.ask(&[("requestid", name)]).unwrap();
    assert_eq!(
        metadata(&ask("frontend.plan"), "result.json")["stages"][0]["id"],
        "files"
    );
    let graph = String::from_utf8(ask("frontend.graph").metadata["result.txt"].clone()).unwrap();
    assert!(graph.starts_with("digraph"), "{graph}");
    let told = metadata(&ask("frontend.explain"), "result.json");
    assert_eq!(
        (&told["predicted"], &told["stages"][0]["verdict"]),
        (&json!(false), &json!("new"))
    );
    assert_eq!(told["against"], "nothing, as the service has no tag");
    let asked = [
        ("requestid", "frontend.explain"),
        ("build-arg:LAYERCAKE_AGAINST", "web:1"),
    ];
    let refused = memory.refused(&asked);
    assert!(refused.message().contains("bears no records"), "{refused}");
}

/// Files are hashed for a comparison, and for what only tells of the plan they are not.
#[test]
fn digests_of_files_are_known_where_they_are_asked_for() {
    let memory = hashed();
    let key = |result: &GatewayResult| metadata(result, "result.json")["stages"][0]["key"].clone();
    let told = key(&memory
        .ask(&[("requestid", "frontend.explain"), OWN])
        .unwrap());
    let plan = key(&memory.ask(&[("requestid", "frontend.plan")]).unwrap());
    assert_ne!(told, plan["digest"]);
    assert!(plan["record"]["inputs"][0]["files"]["a.py"]["digest"].is_null());
}

#[test]
fn an_outline_tells_what_a_build_can_be_given() {
    let file = "args: { LEVEL: low }
bases: { b: 'b:1' }
stages:
  login: { run: { script: login, secrets: [token], ssh: [default] } }
services: { web: { base: b, stages: [login] } }
";
    let memory = Memory::new(&[("layercake.yaml", file)]);
    let asked = [
        ("requestid", "frontend.outline"),
        ("build-arg:LEVEL", "high"),
    ];
    let outline = metadata(&memory.ask(&asked).unwrap(), "result.json");
    assert_eq!(outline["name"], "web");
    assert_eq!(
        (&outline["args"][0]["name"], &outline["args"][0]["value"]),
        (&json!("LEVEL"), &json!("high"))
    );
    assert_eq!(outline["secrets"][0]["name"], "token");
    assert_eq!(
        outline["ssh"][0]["location"]["ranges"][0]["start"]["line"],
        4
    );
}
