//! The capabilities that a command requires of the daemon.

use super::{BindMount, CacheMount, ContentCache, Exec, Mount, Network, Security, TmpfsMount};
use crate::caps;

impl Exec {
    /// Requires what the command and its mounts need.
    pub(super) fn add_caps(&mut self) {
        let has_secrets = !self.secret_env.is_empty()
            || self.mounts.iter().any(|m| matches!(m, Mount::Secret(_)));
        let needed = [
            (true, caps::EXEC_META_BASE),
            (self.network != Network::Sandbox, caps::EXEC_META_NETWORK),
            (self.security != Security::Sandbox, caps::EXEC_META_SECURITY),
            (self.proxy.is_some(), caps::EXEC_META_PROXY),
            (!self.ulimits.is_empty(), caps::EXEC_META_ULIMIT),
            (
                !self.valid_exit_codes.is_empty(),
                caps::EXEC_VALID_EXIT_CODE,
            ),
            (!self.devices.is_empty(), caps::EXEC_META_CDI),
            (self.root.is_some(), caps::EXEC_MOUNT_BIND),
            (has_secrets, caps::EXEC_MOUNT_SECRET),
            (!self.secret_env.is_empty(), caps::EXEC_SECRET_ENV),
        ];
        for (_, cap) in needed.into_iter().filter(|(needed, _)| *needed) {
            self.attributes.add_cap(cap);
        }
        for cap in self.mounts.iter().flat_map(mount_caps) {
            self.attributes.add_cap(cap);
        }
    }
}

fn mount_caps(mount: &Mount) -> Vec<&'static str> {
    match mount {
        Mount::Bind(BindMount {
            source,
            selector,
            content_cache,
            ..
        }) => [
            (source.is_some(), caps::EXEC_MOUNT_BIND),
            (!selector.is_empty(), caps::EXEC_MOUNT_SELECTOR),
            (
                *content_cache != ContentCache::Default,
                caps::EXEC_MOUNT_CONTENT_CACHE,
            ),
        ]
        .into_iter()
        .filter_map(|(needed, cap)| needed.then_some(cap))
        .collect(),
        Mount::Cache(CacheMount { selector, .. }) => {
            let mut needed = vec![caps::EXEC_MOUNT_CACHE, caps::EXEC_MOUNT_CACHE_SHARING];
            needed.extend((!selector.is_empty()).then_some(caps::EXEC_MOUNT_SELECTOR));
            needed
        }
        Mount::Tmpfs(TmpfsMount { size, .. }) => {
            let mut needed = vec![caps::EXEC_MOUNT_TMPFS];
            needed.extend((*size > 0).then_some(caps::EXEC_MOUNT_TMPFS_SIZE));
            needed
        }
        Mount::Secret(_) => vec![caps::EXEC_MOUNT_SECRET],
        Mount::Ssh(_) => vec![caps::EXEC_MOUNT_SSH],
    }
}
