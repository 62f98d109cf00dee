//! Whether packages have scripts that run after linking. Channels do not say, so the archives are asked: of a
//! `.conda` on a server only the end is downloaded.

use std::path::Path;

use futures::stream::{self, StreamExt, TryStreamExt};
use layercake_planner::lock::Package;
use rattler_conda_types::RepoDataRecord;
use rattler_conda_types::package::{PackageFile, PathsJson};
use rattler_package_streaming::reqwest::fetch::fetch_file_from_remote_url;
use rattler_package_streaming::seek::read_package_file;
use reqwest_middleware::ClientWithMiddleware;

use crate::CondaError;

/// How many archives are looked into at once.
const AT_ONCE: usize = 16;

/// Marks those of `packages` that have scripts.
pub(crate) async fn mark(
    packages: Vec<(Package, RepoDataRecord)>,
    client: &ClientWithMiddleware,
) -> Result<Vec<Package>, CondaError> {
    stream::iter(packages)
        .map(|(mut package, record)| async move {
            package.scripts = has_scripts(&record, client).await?;
            Ok(package)
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

async fn has_scripts(
    record: &RepoDataRecord,
    client: &ClientWithMiddleware,
) -> Result<bool, CondaError> {
    let failed = |problem: String| CondaError::Archive {
        package: record.identifier.to_string(),
        problem,
    };
    let paths: PathsJson = if let Ok(path) = record.url.to_file_path() {
        let read = tokio::task::spawn_blocking(move || read_package_file(path)).await;
        read.map_err(|error| failed(error.to_string()))?
            .map_err(|error| failed(error.to_string()))?
    } else {
        let bytes = fetch_file_from_remote_url(
            client.clone(),
            record.url.clone(),
            PathsJson::package_path(),
        )
        .await
        .map_err(|error| failed(error.to_string()))?
        .ok_or_else(|| failed("it has no info/paths.json".into()))?;
        PathsJson::from_slice(&bytes).map_err(|error| failed(error.to_string()))?
    };
    let name = record.package_record.name.as_normalized();
    let script = format!("bin/.{name}-post-link.sh");
    Ok(paths
        .paths
        .iter()
        .any(|path| path.relative_path == Path::new(&script)))
}
