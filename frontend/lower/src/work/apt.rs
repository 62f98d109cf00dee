//! Debian packages: one transaction, its downloads and lists in cache mounts, its logs left out.

use buildkit_llb::{FileOps, Mkfile, Mount, Output, Sharing};
use layercake_planner::model::Apt;
use layercake_planner::plan::StageId;

use super::{NamedInternal, SCRATCH, quoted};
use crate::LowerError;
use crate::assemble::Lowering;
use crate::context::file_name;

/// Images delete every download by a file of this name; laid over it, this one keeps them for the next time.
const KEEP: (&str, &str) = (
    "/etc/apt/apt.conf.d/docker-clean",
    "Binary::apt::APT::Keep-Downloaded-Packages \"true\";\nAPT::Keep-Downloaded-Packages \"true\";\n",
);

impl Lowering<'_> {
    pub(super) fn apt(
        &mut self,
        id: StageId,
        apt: &Apt,
        root: Option<Output>,
    ) -> Result<Output, LowerError> {
        let mut words: Vec<String> = apt.packages.iter().map(|package| quoted(package)).collect();
        let mut mounts = Vec::new();
        for (at, deb) in apt.debs.iter().enumerate() {
            let files = self.files_of(id, deb)?;
            let folder = format!("{SCRATCH}/debs/{at}");
            words.push(quoted(&format!("{folder}/{}", file_name(&deb.need.path))));
            mounts.push(Mount::bind(files.output, folder).read_only().no_output());
        }
        let recommends = if apt.recommends {
            ""
        } else {
            " --no-install-recommends"
        };
        let script = format!(
            "set -e\napt-get update\napt-get install -y{recommends} {}\nrm -rf /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache",
            words.join(" ")
        );
        let keep = FileOps::on(None)
            .mkfile("/keep", KEEP.1, Mkfile::default())
            .named_internal("keep downloads");
        let keep = self.of_stage(id, keep.build())?;
        let Some(base) = self.base_of(id) else {
            return Err(LowerError::Config("apt needs a base"));
        };
        let mut exec = self
            .script(base, &script)
            .root(root)
            .user("root")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .mount(
                Mount::bind(keep, KEEP.0)
                    .selector("/keep")
                    .read_only()
                    .no_output(),
            )
            .mount(Mount::cache(
                "/var/cache/apt",
                self.cache_id("apt-archives"),
                Sharing::Locked,
            ))
            .mount(Mount::cache(
                "/var/lib/apt/lists",
                self.cache_id("apt-lists"),
                Sharing::Locked,
            ));
        for mount in mounts {
            exec = exec.mount(mount);
        }
        let what = format!("apt-get install {}", words.join(" "));
        let node = self.exec(id, exec, &what)?;
        self.of_stage(id, node.root_output())
    }
}
