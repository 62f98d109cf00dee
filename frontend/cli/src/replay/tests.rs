mod remembered;

use gix::objs::tree::EntryKind::{Blob, BlobExecutable};

use super::*;
use crate::args::{CachedBuilds, ReplayArgs, ShowFormat};
use crate::facts::git::made_up::Repository;

const FILE_TEXT: &str = "\
project: p
bases: { python: \"python:3.11-slim\" }
stages:
  tools: { apt: [git] }
  app: { copy: { from: app, to: /app } }
  seen: { needs: [tools], run: git --version }
services:
  web: { base: python, stages: [tools, app, seen] }
";
const DOCKERFILE: &str = "\
FROM python:3.11-slim
COPY app /app
RUN apt-get install git
RUN git --version
";

fn settings(repository: &Repository, change: impl FnOnce(&mut ReplayArgs)) -> ReplaySettings {
    let mut args = ReplayArgs {
        services: Vec::new(),
        since: None,
        until: "HEAD".into(),
        limit: None,
        dockerfiles: Vec::new(),
        costs: vec!["tools=100".into()],
        step_costs: vec!["apt-get=100".into()],
        costs_from: None,
        cached: CachedBuilds::All,
        format: ShowFormat::Text,
        page: crate::args::PageArgs::default(),
        project: crate::args::ProjectArgs {
            context: repository.path().into(),
            ..Default::default()
        },
    };
    change(&mut args);
    ReplaySettings::new(args, &|_: &str| None).unwrap()
}

fn made_up() -> Repository {
    let mut repository = Repository::new();
    let dockerfile = ("services/web/Dockerfile", DOCKERFILE, Blob);
    let file = ("layercake.yaml", FILE_TEXT, Blob);
    repository.commit("Empty", &[("README", "", Blob)]);
    repository.commit("Begin", &[("app/a", "1", Blob), file, dockerfile]);
    repository.commit(
        "Readme",
        &[
            ("app/a", "1", Blob),
            ("README", "x", Blob),
            file,
            dockerfile,
        ],
    );
    repository.commit("Edit", &[("app/a", "2", Blob), file, dockerfile]);
    repository.commit("Mode", &[("app/a", "2", BlobExecutable), file, dockerfile]);
    let other = FILE_TEXT.replace("[git]", "[git, curl]");
    let other_dockerfile = DOCKERFILE.replace("install git", "install git curl");
    repository.commit(
        "Package",
        &[
            ("app/a", "2", BlobExecutable),
            ("layercake.yaml", &other, Blob),
            ("services/web/Dockerfile", &other_dockerfile, Blob),
        ],
    );
    repository.commit("Gone", &[file, dockerfile]);
    repository.commit("Back", &[("app/a", "1", Blob), file, dockerfile]);
    repository
}

/// What is told of each commit adds up to what is told of the history.
fn assert_adds_up(replayed: &Replayed) {
    let counts = |of: fn(&Totals) -> Count| {
        let commits = replayed.commits.iter().map(|commit| of(&commit.total));
        let (runs, seconds) = commits.fold((0, 0.0), |(runs, seconds), count| {
            (runs + count.runs, seconds + count.seconds)
        });
        let whole = of(&replayed.total);
        assert_eq!(runs, whole.runs);
        assert!(
            (seconds - whole.seconds).abs() < 1e-6,
            "{seconds} {whole:?}"
        );
    };
    counts(|totals| totals.dockerfile);
    counts(|totals| totals.commands);
    counts(|totals| totals.layercake);
    counts(|totals| totals.ideal);
    for commit in &replayed.commits {
        assert_eq!(commit.stages.len(), commit.total.layercake.runs);
        assert_eq!(commit.ideal.len(), commit.total.ideal.runs);
        assert_eq!(
            commit.steps.values().sum::<usize>(),
            commit.total.dockerfile.runs
        );
    }
}

#[tokio::test]
async fn a_history_is_counted_by_each_account() {
    let repository = made_up();
    let replayed = replay(&settings(&repository, |_| {})).await.unwrap();
    assert_adds_up(&replayed);
    insta::assert_snapshot!(text::render(&replayed), @r"
    6 commits of 8 counted; a first run is not

    stage  builds  reruns  ideal  seconds
    tools       6       1      1      100
    seen        6       1      0        -
    app         6       2      2        -

    Dockerfile of web        builds  reruns  seconds
    COPY app /app                 6       2        -
    RUN apt-get install git       6       3      300
    RUN git --version             6       3        -

    web
      Dockerfile   ████████████████████████████████████████ 8, 300 s
        of it RUN  ██████████████████████████████ 6, 300 s
      layercake    ████████████████████ 4, 100 s
      ideal        ███████████████ 3, 100 s

    not counted: 5ad414f1: it has no layercake.yaml
    not counted: 1e104536: layercake.yaml: `app` does not exist
    ");
}

#[tokio::test]
async fn a_part_of_the_history_under_a_file_from_elsewhere() {
    let repository = made_up();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.yaml");
    std::fs::write(&file, FILE_TEXT).unwrap();
    let all = settings(&repository, |args| {
        args.project.file = Some(file.clone());
        args.since = Some("HEAD~6".into());
        args.cached = CachedBuilds::Last;
    });
    let all = replay(&all).await.unwrap();
    assert_eq!(all.builds, 6, "{:?}", all.commits);
    let app = all
        .stages
        .iter()
        .find(|stage| stage.stage == "app")
        .unwrap();
    assert_eq!(
        (app.builds, app.reruns, app.ideal),
        (6, 3, 3),
        "a revert runs if only the last build is kept"
    );
    let newest = replay(&settings(&repository, |args| args.limit = Some(2)))
        .await
        .unwrap();
    assert_eq!(
        newest
            .commits
            .iter()
            .map(|commit| commit.subject.as_str())
            .collect::<Vec<_>>(),
        ["Gone", "Back"]
    );
}

#[tokio::test]
async fn what_cannot_be_found_is_named() {
    let repository = made_up();
    let error = replay(&settings(&repository, |args| {
        args.since = Some("v9".into());
    }))
    .await
    .unwrap_err();
    assert!(format!("{error:#}").contains("`v9`"), "{error:#}");
    let nowhere = tempfile::tempdir().unwrap();
    let mut settings = settings(&repository, |_| {});
    settings.context = nowhere.path().into();
    let error = replay(&settings).await.unwrap_err();
    assert!(
        format!("{error:#}").contains("is in no git repository"),
        "{error:#}"
    );
}

/// The files of the recorded history at each commit of the stretch in which all paths of its guide are there, in texts
/// of our own: a text has the recorded identity in it, so it changes when the file did.
fn recorded() -> Repository {
    let record = include_str!("../../../replay/tests/data/clx-history.json");
    let record: serde_json::Value = serde_json::from_str(record).unwrap();
    let mut repository = Repository::new();
    let mut files: BTreeMap<String, (String, bool)> = BTreeMap::new();
    let mut inside = false;
    for commit in record["commits"].as_array().unwrap() {
        for change in commit["changed"].as_array().unwrap() {
            let path = change[0].as_str().unwrap();
            match change[1].as_str() {
                Some(id) => {
                    let file = (recorded_text(path, id), change[2] == "100755");
                    files.insert(path.to_owned(), file);
                }
                None => drop(files.remove(path)),
            }
        }
        let id = commit["commit"].as_str().unwrap();
        inside |= id.starts_with("91726332");
        if inside {
            let kind = |executable| if executable { BlobExecutable } else { Blob };
            let all = files.iter().map(|(path, (text, executable))| {
                (path.as_str(), text.as_str(), kind(*executable))
            });
            repository.commit(id, &all.collect::<Vec<_>>());
        }
        if id.starts_with("5768a800") {
            break;
        }
    }
    repository
}

fn recorded_text(path: &str, id: &str) -> String {
    let guide = |text: &str| format!("{text}# {id}\n");
    match path {
        "services/notebook-processor/Dockerfile" => guide(include_str!(
            "../../../replay/tests/data/guide/notebook-processor.Dockerfile"
        )),
        "services/drawio-converter/Dockerfile" => guide(include_str!(
            "../../../replay/tests/data/guide/drawio-converter.Dockerfile"
        )),
        "services/plantuml-converter/Dockerfile" => guide(include_str!(
            "../../../replay/tests/data/guide/plantuml-converter.Dockerfile"
        )),
        ".dockerignore" => "**/tests\n".to_owned(),
        path if path.ends_with("pyproject.toml") => {
            format!("[project]\nname = \"a\"\nversion = \"1\"\n# {id}\n")
        }
        path if path.ends_with("packages.yaml") => {
            format!("channels: [conda-forge]\ndependencies: [python=3.11, \"blob-{id}\"]\n")
        }
        path if path.ends_with("requirements.txt") => format!("blob-{id}==1\n"),
        _ => id.to_owned(),
    }
}

#[tokio::test]
async fn the_recorded_history_is_counted_by_each_account() {
    let repository = recorded();
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../replay/tests/data/guide/layercake.yaml"
    );
    let settings = settings(&repository, |args| {
        args.project.file = Some(file.into());
        args.cached = CachedBuilds::Last;
        args.costs.clear();
        args.step_costs.clear();
    });
    let replayed = replay(&settings).await.unwrap();
    assert_adds_up(&replayed);
    insta::assert_snapshot!(text::render(&replayed), @r"
    47 commits of 47 counted; a first run is not

    stage                        builds  reruns  ideal  seconds
    conda                            47       2      2        -
    apt                              47       0      0        -
    notebook-deps                    47       2      1        -
    dotnet-sdk                       47       0      0        -
    dotnet-interactive               47       0      0        -
    deno                             47       0      0        -
    ijava                            47       0      0        -
    clx-common                       47       9      9        -
    clx-common@micromamba+conda      47      10      9        -
    notebook                         47       8      8        -
    notebook@micromamba+conda        47      10      8        -
    drawio-apt                       47       0      0        -
    drawio-deps                      47       0      0        -
    clx-common@python                47       9      9        -
    drawio                           47       8      8        -
    drawio@python                    47       8      8        -
    plantuml-apt                     47       0      0        -
    plantuml-deps                    47       0      0        -
    jar                              47       0      0        -
    plantuml                         47      10     10        -
    plantuml@python                  47      10     10        -

    Dockerfile of drawio-converter                                builds  reruns  seconds
    WORKDIR /app                                                      47       0        -
    COPY ${SERVICE_PATH}/drawio-amd64-24.7.5.deb .                    47       0        -
    COPY ${SERVICE_PATH}/ArchitectsDaughter-Regular.ttf /usr/lo…      47       0        -
    COPY ${SERVICE_PATH}/base-requirements.txt ./base-requireme…      47       0        -
    RUN apt                                                           47       0        -
    RUN pip-base                                                      47       0        -
    COPY ${COMMON_PATH}/clx-common ./clx-common                       47       9        -
    COPY ${SERVICE_PATH} ./drawio-converter                           47      12        -
    RUN clx-common                                                    47      12        -
    RUN service                                                       47      12        -

    Dockerfile of notebook-processor                              builds  reruns  seconds
    WORKDIR /app                                                      47       0        -
    RUN mkdir -p /root/.jupyter /root/course                          47       0        -
    COPY ${SERVICE_PATH}/packages.yaml /tmp/packages.yaml             47       2        -
    COPY ${SERVICE_PATH}/base-requirements.txt ./base-requireme…      47       2        -
    COPY ${SERVICE_PATH}/deno-x86_64-unknown-linux-gnu.zip .          47       2        -
    COPY ${SERVICE_PATH}/packages-microsoft-prod.deb .                47       2        -
    COPY ${SERVICE_PATH}/ijava-1.3.0.zip .                            47       2        -
    RUN conda                                                         47       2        -
    RUN apt                                                           47       2        -
    RUN dotnet-sdk                                                    47       2        -
    RUN dotnet-interactive                                            47       2        -
    RUN deno                                                          47       2        -
    RUN ijava                                                         47       2        -
    RUN pip-base                                                      47       2        -
    COPY ${COMMON_PATH}/clx-common ./clx-common                       47      10        -
    COPY ${SERVICE_PATH} ./notebook-processor                         47      15        -
    RUN clx-common                                                    47      15        -
    RUN service                                                       47      15        -

    Dockerfile of plantuml-converter                              builds  reruns  seconds
    WORKDIR /app                                                      47       0        -
    COPY ${SERVICE_PATH}/plantuml-1.2024.6.jar ./plantuml.jar         47       0        -
    COPY ${SERVICE_PATH}/base-requirements.txt ./base-requireme…      47       0        -
    RUN apt                                                           47       0        -
    RUN pip-base                                                      47       0        -
    COPY ${COMMON_PATH}/clx-common ./clx-common                       47       9        -
    COPY ${SERVICE_PATH} ./plantuml-converter                         47      14        -
    RUN clx-common                                                    47      14        -
    RUN service                                                       47      14        -

    drawio-converter
      Dockerfile   ███████████ 45
        of it RUN  ██████ 24
      layercake    ████████ 34
      ideal        ████████ 34
    notebook-processor
      Dockerfile   ███████████████████ 79
        of it RUN  ███████████ 44
      layercake    ██████████ 41
      ideal        █████████ 37
    plantuml-converter
      Dockerfile   ████████████ 51
        of it RUN  ███████ 28
      layercake    █████████ 38
      ideal        █████████ 38
    all services
      Dockerfile   ████████████████████████████████████████ 175
        of it RUN  ██████████████████████ 96
      layercake    ████████████████████ 86
      ideal        ███████████████████ 82
    ");
}
