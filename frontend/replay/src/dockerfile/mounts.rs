//! `RUN --mount`: what of a mount is in a command's key.

use std::collections::BTreeMap;

/// A mount as its flag has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    fields: BTreeMap<String, String>,
}

/// What a mount has a command depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Depends<'m> {
    /// On files of the context.
    Context(&'m str),
    /// On a stage, or an image.
    From(&'m str),
    /// On nothing.
    Nothing,
}

impl Mount {
    /// Reads `type=cache,target=/x`.
    pub fn parse(text: &str) -> Self {
        let field = |field: &str| {
            let (name, value) = field.split_once('=').unwrap_or((field, "true"));
            (name.trim().to_ascii_lowercase(), value.to_owned())
        };
        Self {
            fields: text.split(',').map(field).collect(),
        }
    }

    fn get(&self, names: &[&str]) -> &str {
        let value = names.iter().find_map(|name| self.fields.get(*name));
        value.map_or("", String::as_str)
    }

    fn kind(&self) -> &str {
        match self.get(&["type"]) {
            "" => "bind",
            kind => kind,
        }
    }

    /// What it brings.
    pub fn depends(&self) -> Depends<'_> {
        let from = self.get(&["from"]);
        match (self.kind(), from) {
            ("bind", "") => Depends::Context(self.get(&["source", "src"])),
            ("bind" | "cache", from) if !from.is_empty() => Depends::From(from),
            _ => Depends::Nothing,
        }
    }

    /// What of the flag itself counts. The id and the sharing of a cache do not, but for the one that a Dockerfile has
    /// by default: giving a cache an id runs the command once more.
    pub fn identity(&self) -> String {
        let target = self.get(&["target", "dst", "destination"]);
        if self.kind() != "cache" {
            return format!("{:?}", self.fields);
        }
        let id = self.get(&["id"]);
        let own =
            (id.is_empty() || id == target) && matches!(self.get(&["sharing"]), "" | "shared");
        format!("cache {target} {} {own}", self.get(&["readonly", "ro"]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_caches_do_not_count() {
        let identity = |text: &str| Mount::parse(text).identity();
        assert_eq!(
            identity("type=cache,id=a,target=/x,sharing=locked"),
            identity("type=cache,target=/x,id=b,sharing=private")
        );
        assert_ne!(
            identity("type=cache,target=/x"),
            identity("type=cache,target=/x,id=b")
        );
        assert_ne!(
            identity("type=cache,target=/x"),
            identity("type=cache,target=/y")
        );
        assert_ne!(identity("type=secret,id=a"), identity("type=secret,id=b"));
    }

    #[test]
    fn binds_depend_on_what_they_bring() {
        let mount = Mount::parse("target=/x,source=a");
        assert_eq!(mount.depends(), Depends::Context("a"));
        let mount = Mount::parse("type=bind,from=build,target=/x");
        assert_eq!(mount.depends(), Depends::From("build"));
        assert_eq!(
            Mount::parse("type=cache,target=/x").depends(),
            Depends::Nothing
        );
    }
}
