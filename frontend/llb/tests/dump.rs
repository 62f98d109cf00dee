//! A definition as people read it.

use buildkit_llb::{
    Annotate, CopyMode, CopyOptions, Definition, Diff, Exec, FileOps, Merge, Mkdir, Mkfile, Mount,
    Network, Owner, Platform, Range, Rm, Sharing, Source, SourceMap, Symlink, dump,
};
use buildkit_proto::pb;

#[test]
fn every_kind_of_operation_is_readable() {
    let yaml = SourceMap::new("layercake.yaml", "YAML", "stages:\n");
    let base = Source::image("alpine")
        .platform("linux/arm/v7".parse::<Platform>().unwrap())
        .build()
        .unwrap();
    let context = Source::local("context")
        .session_id("s")
        .follow_paths(["src"])
        .build()
        .unwrap();
    let files = FileOps::on(base.clone())
        .mkdir(
            "/app",
            Mkdir {
                parents: true,
                owner: Some(Owner::parse("app:0").unwrap()),
                ..Mkdir::default()
            },
        )
        .mkfile("/app/text", "hello\n", Mkfile::default())
        .mkfile(
            "/app/binary",
            [0xff],
            Mkfile {
                timestamp: Some(0),
                ..Mkfile::default()
            },
        )
        .symlink("text", "/app/link", Symlink::default())
        .rm(
            "/tmp/*",
            Rm {
                allow_not_found: true,
                allow_wildcard: true,
            },
        )
        .copy(
            context.clone(),
            "/src",
            "/app/",
            CopyOptions {
                mode: Some(CopyMode::Symbolic("go=rX".to_owned())),
                exclude_patterns: vec!["tests".to_owned()],
                ..CopyOptions::default()
            },
        )
        .build()
        .unwrap();
    let exec = Exec::new(["make"])
        .root(files)
        .env("A", "1")
        .network(Network::None)
        .ulimit("nofile", 1, 2)
        .extra_host("db", "10.0.0.1".parse().unwrap())
        .mount(Mount::bind(context, "/src").selector("/src").read_only())
        .mount(Mount::cache("/cache", "id", Sharing::Locked))
        .mount(Mount::tmpfs("/tmp").size(1))
        .mount(Mount::secret("token", "/token").optional())
        .mount(Mount::ssh("default"))
        .secret_env("TOKEN", "token", false)
        .valid_exit_codes([0, 2])
        .named("make it")
        .progress_group("g", "group", true)
        .ignore_cache()
        .located(
            &yaml,
            [
                Range {
                    start: (1, 2),
                    end: (3, 4),
                },
                Range::lines(7, 7),
            ],
        )
        .build()
        .unwrap();
    let made = exec.root_output().unwrap();
    let changed = Diff::between(base.clone(), made)
        .export_cache(false)
        .build();
    let merged = Merge::of([Some(base), changed])
        .worker_filter("label.gpu==yes")
        .build();
    let json = dump::to_json(Definition::of(merged.as_ref()).pb()).unwrap();
    insta::assert_snapshot!(format!("{json:#}"));
}

#[test]
fn an_empty_definition_is_readable() {
    let json = dump::to_json(Definition::of(None).pb()).unwrap();
    assert_eq!(json, serde_json::json!({ "ops": [] }));
}

#[test]
fn bytes_that_are_no_operation_are_an_error() {
    let definition = pb::Definition {
        def: vec![vec![0xff]],
        ..pb::Definition::default()
    };
    assert!(dump::to_json(&definition).is_err());
}
