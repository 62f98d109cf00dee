//! Where the result of a stage lies in a registry: under its own key, so that whoever has the same plan finds it.

use std::collections::BTreeMap;

use super::{Plan, StageId};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// How many digits of a key a tag has. The image says the whole key.
const DIGITS: usize = 32;

/// How much of a stage's name a tag has: with the key it is at most 128 characters, as registries demand.
const NAME: usize = 90;

impl Plan {
    /// The references under which the results of expensive stages are published: `REPOSITORY:STAGE-KEY`. There is none
    /// where the file names no repository, nor for a stage whose key stands on something that was not looked at.
    ///
    /// A stage that is only read by others is among them; a service's `finish` never is.
    pub fn stage_images(&self) -> BTreeMap<StageId, String> {
        let Some(repository) = &self.registry else {
            return BTreeMap::new();
        };
        let mut whole: Vec<bool> = Vec::with_capacity(self.stages.len());
        let mut images = BTreeMap::new();
        for (id, stage) in self.stages() {
            let mut before = self.before(id).into_iter();
            let known = stage.key.is_whole() && before.all(|(id, _)| whole[id.index()]);
            whole.push(known);
            if known && stage.expensive {
                images.insert(
                    id,
                    format!(
                        "{}:{}",
                        repository.value,
                        tag(&stage.id, stage.key.digest())
                    ),
                );
            }
        }
        images
    }
}

/// That a registry, named at `span`, cannot be used for stages; a build goes on without it.
pub fn registry_warning(span: Span, problem: String) -> Diagnostic {
    Diagnostic::warning("stage-images", span, problem)
}

fn tag(stage: &str, key: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '-'
        }
    };
    let name: String = stage.chars().take(NAME).map(plain).collect();
    format!("{name}-{}", &key[..DIGITS])
}

/// Whether a tag is of the form that stage images have.
pub fn is_stage_tag(tag: &str) -> bool {
    tag.rsplit_once('-').is_some_and(|(stage, key)| {
        let digits = key.bytes().all(|digit| digit.is_ascii_hexdigit());
        !stage.is_empty() && key.len() == DIGITS && digits
    })
}

#[cfg(test)]
mod tests {
    use super::{is_stage_tag, tag};

    #[test]
    fn other_tags_are_left_alone() {
        let key = "0123456789abcdef".repeat(2);
        assert!(is_stage_tag(&format!("conda-env-shared-05-{key}")));
        for tag in [
            "latest",
            "1.2",
            "-",
            &key,
            &format!("-{key}"),
            &format!("x-{key}0"),
        ] {
            assert!(!is_stage_tag(tag), "{tag}");
        }
    }

    #[test]
    fn tags_are_of_registries_grammar() {
        let key = "0123456789abcdef".repeat(4);
        assert_eq!(
            tag("conda-env/shared-05", &key),
            "conda-env-shared-05-0123456789abcdef0123456789abcdef"
        );
        let long = tag(&"x@é".repeat(100), &key);
        assert!(long.len() <= 128, "{long}");
        assert!(
            long.chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        );
    }
}
