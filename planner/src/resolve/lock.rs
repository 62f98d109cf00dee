//! The lock: read once, and asked by bases, fetches and conda stages for what they came to.

use std::collections::BTreeMap;

use super::Resolver;
use crate::diagnostic::Diagnostic;
use crate::lock::layers::count;
use crate::lock::{Lock, Request, UNREADABLE};
use crate::model::LockedEnvironment;
use crate::source::Span;
use crate::spec::{CondaSpec, Installer, Text};

const WAY_OUT: &str = "run `layercake lock`";

impl Resolver<'_> {
    /// Reads the lock, where there is one.
    pub(super) fn read_lock(&mut self) {
        let Some(source) = &self.facts.lock else {
            return;
        };
        match Lock::parse(&source.text) {
            Ok(lock) => self.lock = Some(lock),
            Err(error) => {
                let message = format!("{}:{}: {}", source.name, error.line, error.message);
                let found = Diagnostic::error_of_file("lock-file", message);
                self.report(found.help(UNREADABLE));
            }
        }
    }

    /// The reference by which an image is looked up: with its digest, where that is locked.
    pub(super) fn locked_reference(&self, reference: &str, span: Span) -> String {
        let Some(lock) = &self.lock else {
            return reference.to_owned();
        };
        let platform = self.facts.platform.to_string();
        match lock.base(reference, &platform) {
            Some(digest) => format!("{reference}@{digest}"),
            None if reference.contains('@') => reference.to_owned(),
            None => {
                self.not_locked(span, &format!("the image `{reference}` for {platform}"));
                reference.to_owned()
            }
        }
    }

    /// The checksum of what a URL gives: 64 hexadecimal digits, where it is locked or was just looked up.
    pub(super) fn locked_checksum(&self, url: &Text) -> Option<String> {
        let url = self.filled(url)?;
        let locked = self.lock.as_ref().and_then(|lock| lock.fetch(&url));
        let known = locked.or_else(|| self.facts.checksums.get(&url).map(String::as_str));
        if known.is_none() {
            self.needs.borrow_mut().checksums.insert(url);
        }
        Some(known?.trim_start_matches("sha256:").to_owned())
    }

    /// What the lock has for a conda stage, if that is what the stage asks for.
    pub(super) fn locked(
        &self,
        stage: &str,
        spec: &CondaSpec,
        layers: usize,
        environment: &str,
        virtual_packages: &BTreeMap<String, String>,
    ) -> Option<LockedEnvironment> {
        let lock = self.lock.as_ref()?;
        if spec.installer == Some(Installer::Micromamba) {
            return None;
        }
        let platform = self.facts.platform.to_string();
        let Some(locked) = lock.environment(stage, &platform) else {
            let what = format!("the environment of the stage `{stage}` for {platform}");
            self.not_locked(self.span(stage), &what);
            return None;
        };
        let mut changes = Request::new(environment, virtual_packages).changes_since(locked);
        let count = count(&locked.packages, &locked.wheels);
        if locked.layers != layers || count > layers {
            let was = locked.layers.max(count);
            changes.push(format!(
                "its packages are sorted into {was} layers at most, not into {layers}"
            ));
        }
        if !changes.is_empty() {
            let message = format!(
                "the lock of the stage `{stage}` for {platform} is out of date: {}",
                changes.join("; ")
            );
            let found = Diagnostic::error("lock-drift", spec.spec.span, message);
            self.report(found.help(WAY_OUT));
        }
        Some(LockedEnvironment {
            packages: locked.packages.clone(),
            wheels: locked.wheels.clone(),
            tool: lock.tool.clone(),
        })
    }

    fn not_locked(&self, span: Span, what: &str) {
        let message = format!("{what} is not in the lock");
        self.report(Diagnostic::warning("lock-missing", span, message).help(WAY_OUT));
    }
}
