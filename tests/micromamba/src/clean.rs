//! `clean`: the package cache is one folder, so it goes as a whole or stays.

use std::fs;

use anyhow::Result;

use crate::cli::Clean;
use crate::config::Config;
use crate::output::say;

/// Empties the package cache. Its folder stays: it may be a mount. There are no
/// cached indexes or archives apart from it, so removing those removes nothing.
pub fn clean(config: &Config, what: &Clean) -> Result<()> {
    if !(what.all || what.packages) {
        say("nothing to clean");
        return Ok(());
    }
    let Ok(entries) = fs::read_dir(&config.packages) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        say(&format!("remove   {}", path.display()));
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_emptied_and_its_folder_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::from_environment(Some("/none".into())).unwrap();
        config.packages = folder.path().join("pkgs");
        fs::create_dir_all(config.packages.join("a/b")).unwrap();
        let mut what = Clean {
            all: false,
            packages: false,
            tarballs: true,
            index_cache: true,
            yes: true,
        };
        clean(&config, &what).unwrap();
        assert!(config.packages.join("a/b").exists());
        what.all = true;
        clean(&config, &what).unwrap();
        assert_eq!(fs::read_dir(&config.packages).unwrap().count(), 0);
    }
}
