//! Archives. BuildKit unpacks tar by itself; a zip needs a program of the tool image.

use buildkit_llb::{CopyOptions, FileOps, Mount, Output};
use layercake_planner::model::{BaseIx, Unpack};
use layercake_planner::plan::StageId;

use super::{SCRATCH, folders, output_at, quoted};
use crate::LowerError;
use crate::assemble::Lowering;
use crate::context::{Files, file_name};

/// Unpacks `$1` into `$2` with the modes that the archive has, whichever program the image brings.
const UNZIP: &str = r#"set -e
if command -v unzip >/dev/null; then
    exec unzip -q -o "$1" -d "$2"
fi
python=$(command -v python3 || command -v python) || {
    echo "the image has neither unzip nor python3; name one that has by \`on:\`" >&2
    exit 1
}
exec "$python" - "$1" "$2" <<'END'
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    for member in archive.infolist():
        path = archive.extract(member, sys.argv[2])
        mode = member.external_attr >> 16 & 0o777
        if mode:
            os.chmod(path, mode)
END"#;

impl Lowering<'_> {
    pub(super) fn unpack(
        &mut self,
        id: StageId,
        unpack: &Unpack,
        tool: Option<BaseIx>,
    ) -> Result<Output, LowerError> {
        let files = self.files_of(id, &unpack.archive)?;
        let what = format!("unpack {} to {}", unpack.archive.need.path, unpack.to);
        if let Some(tool) = tool {
            return self.unzip(id, unpack, files, tool, &what);
        }
        let options = CopyOptions {
            unpack: true,
            create_dest_path: true,
            ..CopyOptions::default()
        };
        let archive = files.file.unwrap_or_default();
        let copy =
            folders(FileOps::on(None), &unpack.to).copy(files.output, archive, &unpack.to, options);
        self.file(id, copy, &what)
    }

    fn unzip(
        &mut self,
        id: StageId,
        unpack: &Unpack,
        files: Files,
        tool: BaseIx,
        what: &str,
    ) -> Result<Output, LowerError> {
        let root = self.base(tool)?;
        let archive = format!("{SCRATCH}/archive/{}", file_name(&unpack.archive.need.path));
        let script = format!(
            "set -- {} {}\n{UNZIP}",
            quoted(&archive),
            quoted(&unpack.to)
        );
        let exec = self
            .script(tool, &script)
            .root(root)
            .user("root")
            .network(buildkit_llb::Network::None)
            .mount(
                Mount::bind(files.output, format!("{SCRATCH}/archive"))
                    .read_only()
                    .no_output(),
            )
            .mount(Mount::tmpfs("/tmp"))
            .mount(self.of_stage(id, output_at(&unpack.to))?);
        let node = self.exec(id, exec, what)?;
        self.of_stage(id, node.output(&unpack.to))
    }
}
