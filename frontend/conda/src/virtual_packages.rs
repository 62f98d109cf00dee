//! Virtual packages: what the solver is to assume of the machine that the image will run on.
//!
//! Those of the machine that solves say nothing about that, so they are not asked. What a stage does not set has a
//! default that is written into the lock.

use std::collections::BTreeMap;

use rattler_conda_types::{GenericVirtualPackage, Version};

use crate::CondaError;

/// A kernel and a C library that today's bases and hosts have.
const DEFAULTS: [(&str, &str); 3] = [("unix", "0"), ("linux", "5.10"), ("glibc", "2.28")];

/// The virtual packages for a platform's `architecture` (`amd64`): the defaults, and over them those `given`, without
/// the underscores. One that is given as an empty text is not assumed.
pub fn assumed(architecture: &str, given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = DEFAULTS
        .iter()
        .map(|(name, version)| ((*name).to_owned(), (*version).to_owned()))
        .collect();
    all.insert("archspec".into(), machine(architecture).into());
    for (name, version) in given {
        let name = name.trim_start_matches('_').to_lowercase();
        if version.is_empty() {
            all.remove(&name);
        } else {
            all.insert(name, version.clone());
        }
    }
    all
}

/// The name that conda has for an architecture.
fn machine(architecture: &str) -> &str {
    match architecture {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        other => other,
    }
}

/// As the solver takes them. The value of `archspec` is a build string, by conda's convention.
pub(crate) fn generic(
    assumed: &BTreeMap<String, String>,
) -> Result<Vec<GenericVirtualPackage>, CondaError> {
    let all = assumed.iter().map(|(name, value)| {
        let bad = |problem: String| CondaError::VirtualPackage {
            name: name.clone(),
            value: value.clone(),
            problem,
        };
        let (version, build) = match name.as_str() {
            "archspec" => ("1", value.as_str()),
            _ => (value.as_str(), "0"),
        };
        Ok(GenericVirtualPackage {
            name: format!("__{name}")
                .parse()
                .map_err(|error| bad(format!("{error}")))?,
            version: version
                .parse::<Version>()
                .map_err(|error| bad(error.to_string()))?,
            build_string: build.parse().map_err(|error| bad(format!("{error}")))?,
        })
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    fn shown(all: &BTreeMap<String, String>) -> String {
        let all = generic(all).unwrap();
        all.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn what_is_not_set_has_a_default() {
        let all = assumed("amd64", &given("cuda", "12.5"));
        assert_eq!(
            shown(&all),
            "__archspec=1=x86_64 __cuda=12.5=0 __glibc=2.28=0 __linux=5.10=0 __unix=0=0"
        );
        let all = assumed("arm64", &given("__GLIBC", "2.17"));
        assert_eq!(
            shown(&all),
            "__archspec=1=aarch64 __glibc=2.17=0 __linux=5.10=0 __unix=0=0"
        );
        assert!(!assumed("amd64", &given("glibc", "")).contains_key("glibc"));
    }

    #[test]
    fn a_version_that_is_none_is_refused() {
        let error = generic(&given("cuda", "twelve!")).unwrap_err();
        assert!(error.to_string().contains("`__cuda`"), "{error}");
    }
}
