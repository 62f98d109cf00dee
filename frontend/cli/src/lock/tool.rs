//! The tool that links packages: that of the frontend image which the file's first line names, pinned.

use std::collections::BTreeSet;

use layercake_planner::lock::{Lock, Tool};
use layercake_planner::source::Source;

use super::Making;
use crate::frontend_image::TOOL_LABEL;
use crate::project::Project;
use crate::settings::{Environment, host_platform};

/// The frontend image of a file that names none.
const USUAL: &str = "docker.io/layercake/frontend:0.1";

impl<E: Environment> Making<'_, E> {
    /// The tool that is locked, or that of the frontend image where none is or it is to move. An image without a tool
    /// is told, and keeps the environments from being linked until it is locked.
    pub(super) async fn tool(&self, project: &Project, before: &Lock) -> Option<Tool> {
        if before.tool.is_some() && !self.settings.update_tool || self.settings.access.offline {
            return before.tool.clone();
        }
        let reference = frontend(&project.source);
        let asked = BTreeSet::from([reference.to_owned()]);
        let found = match self.look_up(&asked, &host_platform()).await {
            Ok(found) => found.into_values().next(),
            Err(error) => return self.without(before, reference, &format!("{error:#}")),
        };
        let digest = found.as_ref().and_then(|image| {
            let digest = image.config["config"]["Labels"][TOOL_LABEL].as_str()?;
            Some((digest, &image.digest))
        });
        match digest {
            Some((digest, image)) => {
                let name = reference.split('@').next().unwrap_or(reference);
                Some(Tool {
                    image: format!("{name}@{image}"),
                    digest: digest.to_owned(),
                })
            }
            None => self.without(before, reference, &format!("it has no label {TOOL_LABEL}")),
        }
    }

    fn without(&self, before: &Lock, reference: &str, why: &str) -> Option<Tool> {
        self.printer.note(&format!(
            "warning: the tool that links packages is not locked: the frontend image {reference}: {why}\n  way out: name an image that has it in the file's first line, `# syntax=IMAGE`, and run `layercake lock --update-tool`"
        ));
        before.tool.clone()
    }
}

/// The image that the first line names.
fn frontend(source: &Source) -> &str {
    let first = source.text.lines().next().unwrap_or_default();
    let named = first
        .strip_prefix('#')
        .and_then(|rest| rest.trim_start().strip_prefix("syntax"))
        .and_then(|rest| rest.trim_start().strip_prefix('='));
    named
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .unwrap_or(USUAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_frontend() {
        let of = |text: &str| {
            let source = Source {
                name: "layercake.yaml".into(),
                text: text.into(),
            };
            frontend(&source).to_owned()
        };
        assert_eq!(
            of("# syntax=example.com/f:1\nproject: x\n"),
            "example.com/f:1"
        );
        assert_eq!(of("#syntax = example.com/f:1\r\n"), "example.com/f:1");
        assert_eq!(of("project: x\n# syntax=example.com/f:1\n"), USUAL);
        assert_eq!(of(""), USUAL);
    }
}
