//! The indexes of channels.

use std::fs;

use anyhow::{Context as _, Result, bail};
use rattler_conda_types::{Channel, RepoData, RepoDataRecord, Subdir};
use rattler_networking::LazyClient;

/// What a channel is asked for: packages of this machine, and those of any.
const SUBDIRS: [Subdir; 2] = [Subdir::Linux64, Subdir::NoArch];

/// All the packages of the channels, one list for each channel and subdirectory.
pub async fn fetch(channels: &[Channel], client: &LazyClient) -> Result<Vec<Vec<RepoDataRecord>>> {
    let mut found = Vec::new();
    for channel in channels {
        for subdir in SUBDIRS {
            let url = format!("{}repodata.json", channel.platform_url(subdir));
            let text = read(&url, client)
                .await
                .with_context(|| format!("could not read {url}"))?;
            let index: RepoData = serde_json::from_slice(&text)
                .with_context(|| format!("{url} is no index of a channel"))?;
            found.push(index.into_repo_data_records(channel));
        }
    }
    Ok(found)
}

async fn read(url: &str, client: &LazyClient) -> Result<Vec<u8>> {
    if let Some(path) = url.strip_prefix("file://") {
        return Ok(fs::read(path)?);
    }
    if !url.starts_with("http://") {
        bail!("this stand-in has no TLS; it reads http:// and file:// channels");
    }
    let answer = client.client().get(url).send().await?;
    Ok(answer.error_for_status()?.bytes().await?.to_vec())
}
