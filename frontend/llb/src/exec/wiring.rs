//! Connects the mounts of a command to its inputs and outputs, which are numbered in the order of the mounts.

use std::collections::BTreeMap;

use buildkit_proto::pb;

use super::mount::Access;
use super::node::MountOutput;
use super::{BindMount, CacheMount, Mount, SecretMount, SshMount, TmpfsMount};
use crate::output::{Inputs, index};
use crate::{Output, Platform};

/// Stands for no output where an output's index is expected.
const NO_OUTPUT: i64 = -1;

/// The inputs and outputs of the mounts connected so far.
#[derive(Default)]
pub(super) struct Wiring<'a> {
    platform: Option<&'a Platform>,
    pub(super) inputs: Inputs,
    pub(super) outputs: BTreeMap<String, MountOutput>,
    next_output: usize,
}

impl<'a> Wiring<'a> {
    /// Nothing connected yet, of a command for this platform.
    pub(super) fn new(platform: Option<&'a Platform>) -> Self {
        Self {
            platform,
            ..Self::default()
        }
    }

    /// Writes a mount, taking its source as an input and numbering its output.
    pub(super) fn connect(&mut self, mount: Mount) -> pb::Mount {
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
