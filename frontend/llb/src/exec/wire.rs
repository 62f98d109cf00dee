//! The parts of a command in their wire types.

use buildkit_proto::pb;

use super::{ContentCache, Device, Network, ProxyEnv, SecretEnv, Security, Sharing, Ulimit};

impl Network {
    pub(super) fn to_pb(self) -> pb::NetMode {
        match self {
            Self::Sandbox => pb::NetMode::Unset,
            Self::Host => pb::NetMode::Host,
            Self::None => pb::NetMode::None,
        }
    }
}

impl Security {
    pub(super) fn to_pb(self) -> pb::SecurityMode {
        match self {
            Self::Sandbox => pb::SecurityMode::Sandbox,
            Self::Insecure => pb::SecurityMode::Insecure,
        }
    }
}

impl ContentCache {
    pub(super) fn to_pb(self) -> pb::MountContentCache {
        match self {
            Self::Default => pb::MountContentCache::Default,
            Self::On => pb::MountContentCache::On,
            Self::Off => pb::MountContentCache::Off,
        }
    }
}

impl Sharing {
    pub(super) fn to_pb(self) -> pb::CacheSharingOpt {
        match self {
            Self::Shared => pb::CacheSharingOpt::Shared,
            Self::Private => pb::CacheSharingOpt::Private,
            Self::Locked => pb::CacheSharingOpt::Locked,
        }
    }
}

impl ProxyEnv {
    pub(super) fn to_pb(&self) -> pb::ProxyEnv {
        pb::ProxyEnv {
            http_proxy: self.http.clone(),
            https_proxy: self.https.clone(),
            ftp_proxy: self.ftp.clone(),
            no_proxy: self.no.clone(),
            all_proxy: self.all.clone(),
        }
    }
}

impl Ulimit {
    pub(super) fn to_pb(&self) -> pb::Ulimit {
        pb::Ulimit {
            name: self.name.clone(),
            soft: self.soft,
            hard: self.hard,
        }
    }
}

impl SecretEnv {
    pub(super) fn to_pb(&self) -> pb::SecretEnv {
        pb::SecretEnv {
            id: self.id.clone(),
            name: self.name.clone(),
            optional: self.optional,
        }
    }
}

impl Device {
    pub(super) fn to_pb(&self) -> pb::CdiDevice {
        pb::CdiDevice {
            name: self.name.clone(),
            optional: self.optional,
        }
    }
}
