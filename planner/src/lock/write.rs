//! A lock to its text.

use serde::Serialize;

use super::{LOCK_VERSION, Lock};

/// What stands above it, for whoever opens the file.
const HEAD: &str = "# Written by `layercake lock`. Do not edit; commit it.\n";

#[derive(Serialize)]
struct File<'l> {
    version: i64,
    #[serde(flatten)]
    lock: &'l Lock,
}

impl Lock {
    /// The lock as TOML. Equal locks give equal texts, in whichever order their parts stand.
    ///
    /// # Panics
    /// If a size is beyond what TOML's integers hold, 2^63 - 1.
    pub fn render(&self) -> String {
        let file = File {
            version: LOCK_VERSION,
            lock: &self.clone().sorted(),
        };
        let body =
            toml::to_string_pretty(&file).expect("texts, tables and sizes below 2^63 are TOML");
        format!("{HEAD}{body}")
    }
}
