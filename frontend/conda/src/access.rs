//! How channels and packages are reached: credentials, mirrors, caches, or no network at all.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use rattler_networking::mirror_middleware::Mirror;
use rattler_networking::{
    AuthenticationMiddleware, LazyClient, MirrorMiddleware, OfflineMiddleware,
};
use rattler_repodata_gateway::fetch::CacheAction;
use rattler_repodata_gateway::{ChannelConfig, Gateway, SourceConfig};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use url::Url;

use crate::CondaError;

/// How long a server may keep silent.
const SILENCE: Duration = Duration::from_mins(1);

/// How channels and packages are reached.
#[derive(Clone, Debug)]
pub struct Access {
    /// What a channel's bare name is appended to.
    pub channel_alias: Url,
    /// The folder that relative paths of channels start from.
    pub root: PathBuf,
    /// The folder that keeps the channels' indexes between runs.
    pub cache: PathBuf,
    /// Servers to ask in place of others, by the URL that they stand for.
    pub mirrors: Vec<(Url, Url)>,
    /// Whether only files of this machine and the cache are read.
    pub offline: bool,
}

impl Access {
    /// The HTTP client. Credentials are those of conda's tools: the file that `RATTLER_AUTH_FILE` names,
    /// `~/.rattler/credentials.json`, and netrc.
    pub(crate) fn client(&self) -> Result<ClientWithMiddleware, CondaError> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("layercake/", env!("CARGO_PKG_VERSION")))
            .read_timeout(SILENCE)
            .build()
            .map_err(|error| CondaError::Client(error.to_string()))?;
        let mut builder = ClientBuilder::new(client);
        if self.offline {
            builder = builder.with(OfflineMiddleware);
        }
        let credentials = AuthenticationMiddleware::from_env_and_defaults()
            .map_err(|error| CondaError::Client(error.to_string()))?;
        let mut mirrors: HashMap<Url, Vec<Mirror>> = HashMap::new();
        for (original, mirror) in &self.mirrors {
            mirrors.entry(original.clone()).or_default().push(Mirror {
                url: mirror.clone(),
                no_zstd: false,
                no_bz2: false,
                max_failures: None,
            });
        }
        Ok(builder
            .with(MirrorMiddleware::from_map(mirrors))
            .with(credentials)
            .build())
    }

    /// The reader of channels' indexes.
    pub(crate) fn gateway(&self, client: &ClientWithMiddleware) -> Gateway {
        let default = SourceConfig {
            cache_action: if self.offline {
                CacheAction::ForceCacheOnly
            } else {
                CacheAction::CacheOrFetch
            },
            ..SourceConfig::default()
        };
        Gateway::builder()
            .with_client(LazyClient::from(client.clone()))
            .with_cache_dir(self.cache.join("repodata"))
            .with_channel_config(ChannelConfig {
                default,
                per_channel: HashMap::new(),
            })
            .finish()
    }
}
