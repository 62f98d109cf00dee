//! Turns a command into its operation: mounts sorted by destination, outputs numbered in that order.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_proto::pb;

use super::mount::Access;
use super::node::MountOutput;
use super::{
    BindMount, CacheMount, ContentCache, Exec, ExecNode, Mount, Network, SecretMount, Security,
    SshMount, TmpfsMount,
};
use crate::output::{Inputs, Vertex, index};
use crate::{LlbError, Output, Platform, caps};

/// Stands for no output where an output's index is expected.
const NO_OUTPUT: i64 = -1;

impl Exec {
    /// The finished command.
    pub fn build(mut self) -> Result<ExecNode, LlbError> {
        if self.args.is_empty() {
            return Err(LlbError::NoArguments);
        }
        if !self.cwd.starts_with('/') {
            return Err(LlbError::RelativePath {
                what: "the working directory",
                path: self.cwd,
            });
        }
        if self.read_only_root && self.root.is_none() {
            return Err(LlbError::EmptyReadOnlyRoot);
        }
        self.add_caps();
        let platform = self
            .platform
            .take()
            .or_else(|| self.root.as_ref().and_then(|root| root.platform().cloned()));
        let mounts = self.ordered_mounts()?;
        self.point_at_agent(&mounts);
        let mut wiring = Wiring {
            platform: platform.as_ref(),
            ..Wiring::default()
        };
        let mounts = mounts
            .into_iter()
            .map(|mount| wiring.connect(mount))
            .collect();

        let op = pb::op::Op::Exec(pb::ExecOp {
            network: self.network.to_pb().into(),
            security: self.security.to_pb().into(),
            secretenv: self
                .secret_env
                .iter()
                .map(super::SecretEnv::to_pb)
                .collect(),
            cdi_devices: self.devices.iter().map(super::Device::to_pb).collect(),
            meta: Some(self.meta()),
            mounts,
        });
        let Wiring {
            inputs, outputs, ..
        } = wiring;
        let vertex = Vertex::new(op, &inputs, platform.as_ref(), self.attributes);
        Ok(ExecNode { vertex, outputs })
    }

    /// Tells the command where the first agent's socket is, unless it was told already.
    fn point_at_agent(&mut self, mounts: &[Mount]) {
        const SOCKET: &str = "SSH_AUTH_SOCK";
        let agent = mounts.iter().find(|mount| matches!(mount, Mount::Ssh(_)));
        if let Some(agent) = agent.filter(|_| !self.env.iter().any(|(name, _)| name == SOCKET)) {
            self.env.push((SOCKET.to_owned(), agent.dest().to_owned()));
        }
    }

    fn meta(&self) -> pb::Meta {
        pb::Meta {
            args: self.args.clone(),
            env: self
                .env
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
            cwd: self.cwd.clone(),
            user: self.user.clone(),
            proxy_env: self.proxy.as_ref().map(super::ProxyEnv::to_pb),
            extra_hosts: self
                .extra_hosts
                .iter()
                .map(|(host, address)| pb::HostIp {
                    host: host.clone(),
                    ip: address.to_string(),
                })
                .collect(),
            hostname: self.hostname.clone(),
            ulimit: self.ulimits.iter().map(super::Ulimit::to_pb).collect(),
            cgroup_parent: self.cgroup_parent.clone(),
            remove_mount_stubs_recursive: true,
            valid_exit_codes: self.valid_exit_codes.clone(),
        }
    }

    fn add_caps(&mut self) {
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

    /// The root and all mounts in the order in which they are written: filesystems by destination, then secrets, then
    /// agents. Refuses two at one place.
    fn ordered_mounts(&mut self) -> Result<Vec<Mount>, LlbError> {
        let root = BindMount {
            read_only: self.read_only_root,
            ..Mount::bind(self.root.take(), "/")
        };
        let mut mounts = vec![Mount::Bind(root)];
        mounts.append(&mut self.mounts);
        name_agents(&mut mounts);
        let mut taken = BTreeSet::new();
        for mount in &mounts {
            let dest = mount.dest();
            if !dest.starts_with('/') {
                return Err(LlbError::RelativePath {
                    what: "the mount destination",
                    path: dest.to_owned(),
                });
            }
            if !taken.insert(dest) {
                return Err(LlbError::DuplicateMount {
                    dest: dest.to_owned(),
                });
            }
            if matches!(mount, Mount::Cache(cache) if cache.id.is_empty()) {
                return Err(LlbError::Empty {
                    what: "the id of a cache mount",
                });
            }
        }
        mounts.sort_by_cached_key(|mount| match mount {
            Mount::Secret(_) => (1, String::new()),
            Mount::Ssh(_) => (2, String::new()),
            filesystem => (0, filesystem.dest().to_owned()),
        });
        Ok(mounts)
    }
}

/// Gives the sockets of agents that have no destination their usual one.
fn name_agents(mounts: &mut [Mount]) {
    let agents = mounts.iter_mut().filter_map(|mount| match mount {
        Mount::Ssh(agent) => Some(agent),
        _ => None,
    });
    for (number, agent) in agents.enumerate() {
        if agent.dest.is_empty() {
            agent.dest = format!("/run/buildkit/ssh_agent.{number}");
        }
    }
}

/// Connects mounts to inputs and outputs.
#[derive(Default)]
struct Wiring<'a> {
    platform: Option<&'a Platform>,
    inputs: Inputs,
    outputs: BTreeMap<String, MountOutput>,
    next_output: usize,
}

impl Wiring<'_> {
    fn connect(&mut self, mount: Mount) -> pb::Mount {
        match mount {
            Mount::Bind(bind) => self.bind(bind),
            Mount::Cache(cache) => self.cache(cache),
            Mount::Tmpfs(tmpfs) => self.tmpfs(tmpfs),
            Mount::Secret(SecretMount { dest, access }) => self.secret(dest, access),
            Mount::Ssh(SshMount { dest, access }) => self.agent(dest, access),
        }
    }

    fn bind(&mut self, bind: BindMount) -> pb::Mount {
        let input = self.inputs.share(bind.source.as_ref());
        let output = match () {
            () if bind.read_only => self.no_output(&bind.dest, "it is read-only"),
            () if bind.no_output => {
                self.no_output(&bind.dest, "what the command writes there is thrown away")
            }
            () => self.output(&bind.dest, bind.source.as_ref()),
        };
        pb::Mount {
            input,
            selector: bind.selector,
            dest: bind.dest,
            output,
            readonly: bind.read_only,
            content_cache: bind.content_cache.to_pb().into(),
            ..pb::Mount::default()
        }
    }

    fn cache(&mut self, cache: CacheMount) -> pb::Mount {
        pb::Mount {
            input: self.inputs.share(cache.source.as_ref()),
            selector: cache.selector,
            output: self.no_output(&cache.dest, "a cache directory stays on the daemon"),
            dest: cache.dest,
            readonly: cache.read_only,
            mount_type: pb::MountType::Cache.into(),
            cache_opt: Some(pb::CacheOpt {
                id: cache.id,
                sharing: cache.sharing.to_pb().into(),
            }),
            ..pb::Mount::default()
        }
    }

    fn tmpfs(&mut self, tmpfs: TmpfsMount) -> pb::Mount {
        pb::Mount {
            input: Inputs::SCRATCH,
            output: self.no_output(
                &tmpfs.dest,
                "a directory in memory is gone after the command",
            ),
            dest: tmpfs.dest,
            mount_type: pb::MountType::Tmpfs.into(),
            tmpfs_opt: Some(pb::TmpfsOpt { size: tmpfs.size }),
            ..pb::Mount::default()
        }
    }

    // The output of the next two is 0 rather than none, as Go's client has it; nothing ever asks for it.

    fn secret(&mut self, dest: String, access: Access) -> pb::Mount {
        self.no_output(&dest, "it holds a secret");
        let Access {
            id,
            uid,
            gid,
            mode,
            optional,
        } = access;
        pb::Mount {
            input: Inputs::SCRATCH,
            dest,
            mount_type: pb::MountType::Secret.into(),
            secret_opt: Some(pb::SecretOpt {
                id,
                uid,
                gid,
                mode,
                optional,
            }),
            ..pb::Mount::default()
        }
    }

    fn agent(&mut self, dest: String, access: Access) -> pb::Mount {
        self.no_output(&dest, "it is a socket");
        let Access {
            id,
            uid,
            gid,
            mode,
            optional,
        } = access;
        pb::Mount {
            input: Inputs::SCRATCH,
            dest,
            mount_type: pb::MountType::Ssh.into(),
            ssh_opt: Some(pb::SshOpt {
                id,
                uid,
                gid,
                mode,
                optional,
            }),
            ..pb::Mount::default()
        }
    }

    /// Numbers the next output. Operations on it inherit the platform of what was mounted, or else the command's.
    fn output(&mut self, dest: &str, source: Option<&Output>) -> i64 {
        let number = self.next_output;
        self.next_output += 1;
        let platform = source.and_then(Output::platform).or(self.platform).cloned();
        self.outputs.insert(
            dest.to_owned(),
            MountOutput::Some {
                index: number,
                platform,
            },
        );
        index(number)
    }

    fn no_output(&mut self, dest: &str, cause: &'static str) -> i64 {
        self.outputs
            .insert(dest.to_owned(), MountOutput::None { cause });
        NO_OUTPUT
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
