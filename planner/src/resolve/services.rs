//! Services: their base, stages, tags and image configuration.

use std::collections::HashMap;

use super::kinds::Index;
use super::{Resolver, run};
use crate::diagnostic::Diagnostic;
use crate::interpolate::{InterpolateError, template};
use crate::model::Service;
use crate::spec::{ServiceSpec, Text};
use crate::suggest::{list, suggest};

impl Resolver<'_> {
    pub(super) fn service(
        &self,
        name: &str,
        index: &Index,
        version: Option<&str>,
    ) -> Option<Service> {
        let (span, spec) = *self.services.get(name)?;
        self.check_listed_twice(&spec.stages);
        let tags = spec.tags.as_ref().unwrap_or(&self.spec.tags);
        let tags = tags.iter().filter_map(|tag| self.tag(tag, name, version));
        let tags = tags.collect();
        let base = self.base(&spec.base);
        let image = self.image_settings(&spec.image, name, version);
        if let Some(finish) = &spec.finish {
            self.check_script(finish);
        }
        Some(Service {
            name: name.to_owned(),
            span,
            base: base?,
            stages: stages(spec, index),
            finish: spec.finish.as_ref().map(run::script),
            image,
            tags,
        })
    }

    fn check_listed_twice(&self, stages: &[Text]) {
        let mut listed = HashMap::with_capacity(stages.len());
        for stage in stages {
            if let Some(first) = listed.insert(stage.value.as_str(), stage.span) {
                let message = format!("`{}` is listed twice", stage.value);
                let found = Diagnostic::error("listed-twice", stage.span, message);
                self.report(found.also(first, "first here").help("remove one"));
            }
        }
    }

    fn tag(&self, tag: &Text, service: &str, version: Option<&str>) -> Option<String> {
        let filled = self.templated(tag, service, version)?;
        let problem = super::image::reference_problem(&filled);
        if let Some(problem) = problem {
            let message = format!("`{filled}` is not an image name: {problem}");
            let found = Diagnostic::error("tag", tag.span, message);
            self.report(found.help("write it as `registry.example.com/{service}:{version}`"));
            return None;
        }
        Some(filled)
    }

    /// A text with `{service}` and `{version}` filled in.
    pub(super) fn templated(
        &self,
        text: &Text,
        service: &str,
        version: Option<&str>,
    ) -> Option<String> {
        let value = |name: &str| match name {
            "service" => Some(service),
            "version" => version,
            _ => None,
        };
        let problem = match template(&text.value, value) {
            Ok(filled) => return Some(filled),
            Err(problem) => problem,
        };
        let found = Diagnostic::error(
            "template",
            text.span,
            format!("`{}`: {problem}", text.value),
        );
        self.report(match &problem {
            InterpolateError::Unknown(name) if name == "version" => {
                if self.spec.version.is_some() {
                    return None; // The version itself is what is wrong or not yet known.
                }
                found.help("give the file a `version:`")
            }
            InterpolateError::Unknown(name) => {
                let known = ["service", "version"];
                let near = suggest(name, known).map(|near| format!("did you mean `{{{near}}}`?"));
                found.help(near.unwrap_or_else(|| format!("these are filled in: {}", list(&known))))
            }
            InterpolateError::Open(_) => found.help("write `{{` for a brace"),
        });
        None
    }
}

fn stages(spec: &ServiceSpec, index: &Index) -> Vec<crate::model::StageIx> {
    spec.stages
        .iter()
        .filter_map(|name| index.get(name.value.as_str()).copied())
        .collect()
}
