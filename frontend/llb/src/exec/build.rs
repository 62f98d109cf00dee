//! Turns a command into its operation: mounts sorted by destination, outputs numbered in that order.

use std::collections::BTreeSet;

use buildkit_proto::pb;

use super::wiring::Wiring;
use super::{BindMount, Device, Exec, ExecNode, Mount, ProxyEnv, SecretEnv, Ulimit};
use crate::LlbError;
use crate::output::Vertex;

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
        let mut wiring = Wiring::new(platform.as_ref());
        let mounts = mounts
            .into_iter()
            .map(|mount| wiring.connect(mount))
            .collect();

        let op = pb::op::Op::Exec(pb::ExecOp {
            network: self.network.to_pb().into(),
            security: self.security.to_pb().into(),
            secretenv: self.secret_env.iter().map(SecretEnv::to_pb).collect(),
            cdi_devices: self.devices.iter().map(Device::to_pb).collect(),
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
            proxy_env: self.proxy.as_ref().map(ProxyEnv::to_pb),
            extra_hosts: self
                .extra_hosts
                .iter()
                .map(|(host, address)| pb::HostIp {
                    host: host.clone(),
                    ip: address.to_string(),
                })
                .collect(),
            hostname: self.hostname.clone(),
            ulimit: self.ulimits.iter().map(Ulimit::to_pb).collect(),
            cgroup_parent: self.cgroup_parent.clone(),
            remove_mount_stubs_recursive: true,
            valid_exit_codes: self.valid_exit_codes.clone(),
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
