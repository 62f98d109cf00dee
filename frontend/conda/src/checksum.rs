//! The checksum of what a URL gives.

use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};

use crate::{Conda, CondaError};

impl Conda {
    /// Downloads `url`, keeps nothing of it, and tells its SHA-256: `sha256:…`.
    pub async fn checksum(&self, url: &str) -> Result<String, CondaError> {
        let failed = |problem: String| CondaError::Fetch {
            url: url.to_owned(),
            problem,
        };
        let answer = self.client().get(url).send().await;
        let answer = answer
            .map_err(|error| failed(error.to_string()))?
            .error_for_status()
            .map_err(|error| failed(error.without_url().to_string()))?;
        let mut hash = Sha256::new();
        let mut bytes = answer.bytes_stream();
        while let Some(chunk) = bytes
            .try_next()
            .await
            .map_err(|error| failed(error.without_url().to_string()))?
        {
            hash.update(&chunk);
        }
        Ok(format!("sha256:{}", hex::encode(hash.finalize())))
    }
}
