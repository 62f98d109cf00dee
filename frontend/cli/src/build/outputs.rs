//! Where the image of each service goes.

use std::collections::BTreeMap;
use std::io;

use layercake_solve::{Address, Destination, Exporter};

use crate::settings::{BuildSettings, OutputTemplate, UsageError, fill};

/// An exporter, and on this side the place that it writes to, if there is one.
pub type Export = (Exporter, Option<Destination>);

/// What is known of a service before it is built.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// Its name.
    pub service: &'a str,
    /// The project's version.
    pub version: Option<&'a str>,
    /// Its tags in the file.
    pub tags: &'a [String],
    /// How many services are built.
    pub of: usize,
}

/// The exporters of a service.
pub fn exports(
    settings: &BuildSettings,
    daemon: &Address,
    named: Named<'_>,
) -> Result<Vec<Export>, UsageError> {
    let tags = tags(settings, named)?;
    let docker = matches!(daemon, Address::Docker(_));
    let mut exports = Vec::new();
    for template in &settings.outputs {
        exports.push(export(template, settings.push, &tags, named)?);
    }
    if settings.push && !settings.outputs.iter().any(|output| output.kind == "image") {
        exports.push((image("image", &tags, true), None));
    }
    if settings.load && !docker {
        return Err(UsageError::new(format!(
            "--load needs the BuildKit inside a Docker engine, and {daemon} is none; use --builder docker://, or \
             --output type=docker,dest=FILE and `docker load`"
        )));
    }
    if docker && (settings.load || exports.is_empty()) {
        exports.push((image("moby", &tags, false), None));
    }
    for (exporter, _) in &exports {
        if exporter
            .attributes
            .get("push")
            .is_some_and(|push| push == "true")
        {
            check_push(exporter, docker, named)?;
        }
    }
    Ok(exports)
}

fn check_push(exporter: &Exporter, docker: bool, named: Named<'_>) -> Result<(), UsageError> {
    if docker {
        let message = "the BuildKit inside a Docker engine does not push; build with --load and `docker push`, or use \
                       a BuildKit daemon of its own";
        return Err(UsageError::new(message));
    }
    if !exporter.attributes.contains_key("name") {
        let message = format!(
            "`{}` has no tags to push; give it `tags:` in layercake.yaml, or use --tag",
            named.service
        );
        return Err(UsageError::new(message));
    }
    Ok(())
}

fn tags(settings: &BuildSettings, named: Named<'_>) -> Result<Vec<String>, UsageError> {
    let mut tags = named.tags.to_vec();
    for template in &settings.tags {
        let tag = filled(template, named)?;
        if named.of > 1 && !template.contains("{service}") {
            let message = format!(
                "--tag {template}: {} services would get this tag; put {{service}} in it",
                named.of
            );
            return Err(UsageError::new(message));
        }
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

fn export(
    template: &OutputTemplate,
    push: bool,
    tags: &[String],
    named: Named<'_>,
) -> Result<Export, UsageError> {
    let OutputTemplate {
        kind,
        dest,
        attributes,
    } = template;
    let mut filled_attributes = BTreeMap::new();
    for (key, value) in attributes {
        filled_attributes.insert(key.clone(), filled(value, named)?);
    }
    let mut exporter = match kind.as_str() {
        "image" | "oci" | "docker" => image(kind, tags, push && kind == "image"),
        _ => Exporter {
            kind: kind.clone(),
            attributes: BTreeMap::new(),
        },
    };
    exporter.attributes.extend(filled_attributes);
    let output = dest
        .as_deref()
        .map(|dest| output(kind, dest, named))
        .transpose()?;
    Ok((exporter, output))
}

fn output(kind: &str, dest: &str, named: Named<'_>) -> Result<Destination, UsageError> {
    if named.of > 1 && !dest.contains("{service}") {
        let message = format!(
            "{} services would be written to {dest}; put {{service}} in it",
            named.of
        );
        return Err(UsageError::new(message));
    }
    let dest = filled(dest, named)?;
    Ok(match (kind, dest.as_str()) {
        (_, "-") => Destination::Writer(Box::new(io::stdout())),
        ("local", _) => Destination::Directory(dest.into()),
        _ => Destination::File(dest.into()),
    })
}

fn image(kind: &str, tags: &[String], push: bool) -> Exporter {
    let mut attributes = BTreeMap::new();
    if !tags.is_empty() {
        attributes.insert("name".to_owned(), tags.join(","));
    }
    if push {
        attributes.insert("push".to_owned(), "true".to_owned());
    }
    Exporter {
        kind: kind.to_owned(),
        attributes,
    }
}

fn filled(template: &str, named: Named<'_>) -> Result<String, UsageError> {
    fill(template, named.service, named.version).map_err(|error| UsageError::new(error.to_string()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn check(
        arguments: &[&str],
        daemon: &str,
        tags: &[&str],
        of: usize,
    ) -> Result<Vec<String>, String> {
        let words = ["layercake", "build"].iter().chain(arguments);
        let Command::Build(args) = Cli::try_parse_from(words).unwrap().command else {
            panic!()
        };
        let settings = BuildSettings::new(&args, &|_: &str| None).unwrap();
        let tags: Vec<_> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let named = Named {
            service: "web",
            version: Some("1"),
            tags: &tags,
            of,
        };
        let exports = exports(&settings, &Address::parse(daemon).unwrap(), named)
            .map_err(|error| error.to_string())?;
        let shown = |(exporter, output): &Export| {
            format!("{} {:?} {output:?}", exporter.kind, exporter.attributes)
        };
        Ok(exports.iter().map(shown).collect())
    }

    const BUILDKIT: &str = "unix:///s";

    #[test]
    fn images_get_all_tags() {
        let pushed = check(
            &["--push", "-t", "r/{service}:{version}"],
            BUILDKIT,
            &["web:1"],
            2,
        )
        .unwrap();
        assert_eq!(
            pushed,
            [r#"image {"name": "web:1,r/web:1", "push": "true"} None"#]
        );
        let both = check(
            &["--push", "-o", "type=image,registry.insecure=true"],
            BUILDKIT,
            &["a"],
            1,
        )
        .unwrap();
        assert_eq!(
            both,
            [r#"image {"name": "a", "push": "true", "registry.insecure": "true"} None"#]
        );
    }

    #[test]
    fn archives_are_written_here() {
        let written = check(
            &["-o", "type=oci,dest=out/{service}.tar"],
            BUILDKIT,
            &["a"],
            2,
        )
        .unwrap();
        assert_eq!(written, [r#"oci {"name": "a"} Some(File(out/web.tar))"#]);
        assert_eq!(
            check(&["-o", "out"], BUILDKIT, &["a"], 1).unwrap(),
            ["local {} Some(Directory(out))"]
        );
    }

    #[test]
    fn docker_gets_its_images_and_buildkit_keeps_them() {
        assert_eq!(
            check(&[], "docker://", &["a"], 1).unwrap(),
            [r#"moby {"name": "a"} None"#]
        );
        assert!(check(&[], BUILDKIT, &["a"], 1).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (arguments, daemon, tags, says) in [
            (&["--load"][..], BUILDKIT, &["a"][..], "docker://"),
            (&["--push"], "docker://", &["a"], "does not push"),
            (&["--push"], BUILDKIT, &[], "no tags"),
            (&["-t", "x"], BUILDKIT, &["a"], "put {service}"),
            (
                &["-o", "type=tar,dest=x"],
                BUILDKIT,
                &["a"],
                "put {service}",
            ),
            (&["-t", "{x}"], BUILDKIT, &["a"], "not known"),
        ] {
            let error = check(arguments, daemon, tags, 2).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
