//! Image configurations: the base's, changed by what the service sets, as `docker build` would.

use std::collections::BTreeMap;

use layercake_planner::facts::{ImageFact, Platform};
use layercake_planner::model::{Command, Healthcheck, ImageSettings};
use layercake_planner::plan::Service;
use serde_json::{Map, Value, json};

use crate::LowerError;

/// The shell of an image that names none.
const DEFAULT_SHELL: [&str; 2] = ["/bin/sh", "-c"];

/// The configuration of a service's image.
pub(crate) fn config(
    service: &Service,
    base: &ImageFact,
    labels: &BTreeMap<String, String>,
) -> Result<Vec<u8>, LowerError> {
    let mut image = base
        .config
        .as_object()
        .cloned()
        .ok_or(LowerError::Config("it is not an object"))?;
    // The layers are the exporter's to tell, and the time is SOURCE_DATE_EPOCH's.
    for field in [
        "rootfs",
        "created",
        "container",
        "container_config",
        "id",
        "parent",
        "docker_version",
    ] {
        image.remove(field);
    }
    let mut config = match image.remove("config") {
        Some(Value::Object(config)) => config,
        None | Some(Value::Null) => Map::new(),
        Some(_) => return Err(LowerError::Config("its `config` is not an object")),
    };
    apply(&mut config, &service.image);
    extend(
        &mut config,
        "Labels",
        labels
            .iter()
            .map(|(name, value)| (name.clone(), json!(value))),
    );
    image.insert("config".into(), Value::Object(config));
    Ok(Value::Object(image).to_string().into_bytes())
}

/// The configuration of an image that is files and nothing to run.
#[must_use]
pub fn bare(platform: &Platform, labels: &BTreeMap<String, String>) -> Vec<u8> {
    let mut config = json!({
        "architecture": platform.architecture,
        "os": platform.os,
        "config": { "Labels": labels },
    });
    if !platform.variant.is_empty() {
        config["variant"] = json!(platform.variant);
    }
    config.to_string().into_bytes()
}

fn apply(config: &mut Map<String, Value>, settings: &ImageSettings) {
    let ImageSettings {
        user,
        workdir,
        env,
        expose,
        entrypoint,
        cmd,
        labels,
        volumes,
        stop_signal,
        healthcheck,
        shell,
    } = settings;
    set(config, "Shell", shell.as_ref());
    let shell = shell_of(config);
    set(config, "User", user.as_ref());
    set(config, "WorkingDir", workdir.as_ref());
    if !env.is_empty() {
        let merged = merged_env(&environment(config), env);
        config.insert("Env".into(), json!(merged));
    }
    extend(
        config,
        "ExposedPorts",
        expose.iter().map(|port| (port.clone(), json!({}))),
    );
    extend(
        config,
        "Volumes",
        volumes.iter().map(|path| (path.clone(), json!({}))),
    );
    extend(
        config,
        "Labels",
        labels
            .iter()
            .map(|(name, value)| (name.clone(), json!(value))),
    );
    if let Some(entrypoint) = entrypoint {
        config.insert("Entrypoint".into(), json!(argv(entrypoint, &shell)));
        config.remove("Cmd"); // An inherited command was meant for the inherited entry point.
    }
    if let Some(cmd) = cmd {
        config.insert("Cmd".into(), json!(argv(cmd, &shell)));
    }
    set(config, "StopSignal", stop_signal.as_ref());
    if let Some(check) = healthcheck {
        config.insert("Healthcheck".into(), health(check));
    }
}

fn set<T: serde::Serialize>(config: &mut Map<String, Value>, field: &str, value: Option<&T>) {
    if let Some(value) = value {
        config.insert(field.to_owned(), json!(value));
    }
}

fn extend(
    config: &mut Map<String, Value>,
    field: &str,
    entries: impl Iterator<Item = (String, Value)>,
) {
    let mut entries = entries.peekable();
    if entries.peek().is_none() {
        return;
    }
    let mut map = config
        .get(field)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    map.extend(entries);
    config.insert(field.to_owned(), Value::Object(map));
}

fn argv(command: &Command, shell: &[String]) -> Vec<String> {
    match command {
        Command::Exec(words) => words.clone(),
        Command::Shell(text) => shell.iter().chain([text]).cloned().collect(),
    }
}

fn health(check: &Healthcheck) -> Value {
    let test = match &check.test {
        None => vec!["NONE".to_owned()],
        Some(Command::Shell(text)) => vec!["CMD-SHELL".to_owned(), text.clone()],
        Some(Command::Exec(words)) => ["CMD".to_owned()]
            .into_iter()
            .chain(words.clone())
            .collect(),
    };
    let mut value = Map::from_iter([("Test".to_owned(), json!(test))]);
    let durations = [
        ("Interval", check.interval),
        ("Timeout", check.timeout),
        ("StartPeriod", check.start_period),
        ("StartInterval", check.start_interval),
        ("Retries", u64::from(check.retries)),
    ];
    value.extend(
        durations
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .map(|(name, n)| (name.to_owned(), json!(n))),
    );
    Value::Object(value)
}

/// The shell of commands written as one text: Docker's `Shell`, which OCI does not have.
pub(crate) fn shell_of(config: &Map<String, Value>) -> Vec<String> {
    let shell: Vec<String> = texts(config.get("Shell"));
    if shell.is_empty() {
        DEFAULT_SHELL.map(str::to_owned).to_vec()
    } else {
        shell
    }
}

/// The environment of an image, in its order.
pub(crate) fn environment(config: &Map<String, Value>) -> Vec<(String, String)> {
    let split = |entry: String| match entry.split_once('=') {
        Some((name, value)) => (name.to_owned(), value.to_owned()),
        None => (entry, String::new()),
    };
    texts(config.get("Env")).into_iter().map(split).collect()
}

/// The `config` of an image.
pub(crate) fn config_of(image: &ImageFact) -> Map<String, Value> {
    image
        .config
        .get("config")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

/// Where an image's commands run, where it says.
pub(crate) fn working_directory(config: &Map<String, Value>) -> Option<String> {
    let directory = config.get("WorkingDir").and_then(Value::as_str)?;
    (!directory.is_empty()).then(|| directory.to_owned())
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn merged_env(base: &[(String, String)], set: &[(String, String)]) -> Vec<String> {
    let mut env = base.to_vec();
    for (name, value) in set {
        let value = expanded(value, base);
        match env.iter_mut().find(|(known, _)| known == name) {
            Some(entry) => entry.1 = value,
            None => env.push((name.clone(), value)),
        }
    }
    env.into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

/// `$NAME` and `${NAME}` by the base's value, empty where it has none; `$$` is one dollar sign.
fn expanded(text: &str, env: &[(String, String)]) -> String {
    let value = |name: &str| {
        env.iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) =
            rest.strip_prefix('{').and_then(|rest| rest.split_once('}'))
        {
            out.push_str(value(name));
            rest = after;
        } else {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            out.push_str(if end == 0 { "$" } else { value(&rest[..end]) });
            rest = &rest[end..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
#[allow(clippy::needless_pass_by_value)] // Tables of `json!` values read better without a `&` before each.
mod tests {
    use super::*;

    fn base(config: Value) -> ImageFact {
        ImageFact {
            digest: "sha256:0".into(),
            config: json!({"architecture": "amd64", "os": "linux", "config": config}),
        }
    }

    #[track_caller]
    fn check(inherited: Value, settings: &ImageSettings, expect: Value) {
        let mut config = config_of(&base(inherited));
        apply(&mut config, settings);
        assert_eq!(Value::Object(config), expect);
    }

    #[test]
    fn what_is_left_out_is_inherited() {
        let inherited =
            json!({"Env": ["PATH=/bin"], "Entrypoint": ["/e"], "Cmd": ["c"], "User": "u"});
        check(inherited.clone(), &ImageSettings::default(), inherited);
    }

    #[test]
    fn an_entry_point_clears_the_inherited_command() {
        let settings = ImageSettings {
            entrypoint: Some(Command::Exec(vec!["/x".into()])),
            ..Default::default()
        };
        check(
            json!({"Entrypoint": ["/e"], "Cmd": ["c"]}),
            &settings,
            json!({"Entrypoint": ["/x"]}),
        );
    }

    #[test]
    fn commands_as_text_take_the_shell_of_the_base() {
        let settings = ImageSettings {
            cmd: Some(Command::Shell("run $X".into())),
            ..Default::default()
        };
        check(
            json!({"Shell": ["/s", "-c"]}),
            &settings,
            json!({"Shell": ["/s", "-c"], "Cmd": ["/s", "-c", "run $X"]}),
        );
        check(
            json!({}),
            &settings,
            json!({"Cmd": ["/bin/sh", "-c", "run $X"]}),
        );
    }

    #[test]
    fn environment_extends_what_is_there() {
        let env = vec![
            ("PATH".into(), "$PATH:/t${NO}/$$".into()),
            ("A".into(), "1".into()),
        ];
        let settings = ImageSettings {
            env,
            ..Default::default()
        };
        check(
            json!({"Env": ["PATH=/bin", "B=2"]}),
            &settings,
            json!({"Env": ["PATH=/bin:/t/$", "B=2", "A=1"]}),
        );
    }

    #[test]
    fn a_health_check_can_be_switched_off() {
        let settings = ImageSettings {
            healthcheck: Some(Healthcheck::default()),
            ..Default::default()
        };
        check(
            json!({}),
            &settings,
            json!({"Healthcheck": {"Test": ["NONE"]}}),
        );
    }
}
