//! Two records of one stage, compared field by field.

use std::collections::BTreeMap;

use super::align::{Difference, align};
use super::cause::{Cause, FileChange, ImageVersion, Relation};
use super::parameters;
use crate::plan::{FileKey, ImageKey, InputKey, Key, KeyRecord, RootKey, StageKey};

/// Every difference that counts: none if and only if the digests are equal.
pub fn differences(before: &Key, after: &Key) -> Vec<Cause> {
    if before.digest() == after.digest() {
        return Vec::new();
    }
    of_others(before, after)
}

/// Every difference of records whose digests are others. Both sides are taken apart whole, so that a field cannot be
/// forgotten.
pub(super) fn of_others(before: &KeyRecord, after: &KeyRecord) -> Vec<Cause> {
    let KeyRecord {
        kind,
        platform,
        parameters: _,
        source: _,
        root,
        images,
        inputs,
        needs,
        reads,
    } = before;
    let KeyRecord {
        kind: kind_now,
        platform: platform_now,
        parameters: _, // Compared with the record, as they are named by the source.
        source: _,     // It is told, and does not decide.
        root: root_now,
        images: images_now,
        inputs: inputs_now,
        needs: needs_now,
        reads: reads_now,
    } = after;
    let mut found = Vec::new();
    if kind != kind_now {
        found.push(Cause::Kind {
            from: kind.clone(),
            to: kind_now.clone(),
        });
    }
    if platform != platform_now {
        found.push(Cause::Platform {
            from: platform.clone(),
            to: platform_now.clone(),
        });
    }
    found.extend(roots(root, root_now));
    found.extend(others(images, images_now));
    if kind == kind_now {
        found.extend(parameters::differences(before, after));
    }
    found.extend(files(inputs, inputs_now));
    found.extend(stages(Relation::Needs, needs, needs_now));
    found.extend(stages(Relation::Reads, reads, reads_now));
    if found.is_empty() {
        // Two spellings of one meaning, which count as two.
        found.push(Cause::Order {
            of: "parameters".into(),
        });
    }
    found
}

fn roots(before: &RootKey, after: &RootKey) -> Option<Cause> {
    let image = |root: &RootKey| match root {
        RootKey::Scratch => None,
        RootKey::Image(image) => Some(image.clone()),
    };
    let (from, to) = (image(before), image(after));
    let identity =
        |image: &Option<ImageKey>| image.as_ref().map(|image| image.identity().to_owned());
    (identity(&from) != identity(&to)).then(|| Cause::Image {
        name: "base".into(),
        from: from.as_ref().map(version),
        to: to.as_ref().map(version),
    })
}

fn others(before: &BTreeMap<String, ImageKey>, after: &BTreeMap<String, ImageKey>) -> Vec<Cause> {
    let list = |images: &BTreeMap<String, ImageKey>| -> Vec<(String, ImageKey)> {
        images
            .iter()
            .map(|(name, image)| (name.clone(), image.clone()))
            .collect()
    };
    let (before, after) = (list(before), list(after));
    let same = |a: &(String, ImageKey), b: &(String, ImageKey)| a.1.identity() == b.1.identity();
    let image = |name: &str, from: Option<&ImageKey>, to: Option<&ImageKey>| {
        let is_its_own_name = to.or(from).is_some_and(|image| image.reference == name);
        let name = if is_its_own_name {
            "image".into()
        } else {
            format!("image {name}")
        };
        Cause::Image {
            name,
            from: from.map(version),
            to: to.map(version),
        }
    };
    // The only image of a stage is compared with its only image before, whatever they are called.
    if let ([(_, a)], [(name, b)]) = (before.as_slice(), after.as_slice()) {
        return if same(&before[0], &after[0]) {
            Vec::new()
        } else {
            vec![image(name, Some(a), Some(b))]
        };
    }
    let differences = align(&before, &after, same, |a, b| a.0 == b.0).into_iter();
    differences
        .map(|difference| match difference {
            Difference::Changed((_, a), (name, b)) => image(name, Some(a), Some(b)),
            Difference::Added((name, b)) => image(name, None, Some(b)),
            Difference::Removed((name, a)) => image(name, Some(a), None),
            Difference::Reordered => Cause::Order {
                of: "images".into(),
            },
        })
        .collect()
}

fn version(image: &ImageKey) -> ImageVersion {
    let ImageKey { reference, digest } = image.clone();
    ImageVersion { reference, digest }
}

fn files(before: &[InputKey], after: &[InputKey]) -> Vec<Cause> {
    let differences = align(before, after, InputKey::counts_as, |a, b| a.path == b.path);
    let mut found = Vec::new();
    for difference in differences {
        match difference {
            Difference::Changed(a, b) => found.extend(within(a, b)),
            Difference::Added(input) => found.push(file(&input.path, FileChange::Added)),
            Difference::Removed(input) => found.push(file(&input.path, FileChange::Removed)),
            Difference::Reordered => found.push(Cause::Order {
                of: "inputs".into(),
            }),
        }
    }
    found
}

/// What differs between two inputs of one path.
fn within(before: &InputKey, after: &InputKey) -> Vec<Cause> {
    let InputKey {
        path,
        folder,
        files,
    } = before;
    let InputKey {
        path: _,
        folder: folder_now,
        files: files_now,
    } = after;
    let named = |folder: bool| if folder { "folder" } else { "file" }.to_owned();
    let mut found = Vec::new();
    if folder != folder_now {
        let change = FileChange::Kind {
            from: named(*folder),
            to: named(*folder_now),
        };
        return vec![file(path, change)];
    }
    let at = |name: &str| {
        if *folder {
            joined(path, name)
        } else {
            path.clone()
        }
    };
    let mut new: BTreeMap<&String, &FileKey> = files_now
        .iter()
        .filter(|(name, _)| !files.contains_key(*name))
        .collect();
    for (name, a) in files {
        if let Some(b) = files_now.get(name) {
            found.extend(content(&at(name), a, b));
            continue;
        }
        let renamed = new.iter().find(|(_, b)| **b == a && a.digest.is_some());
        match renamed.map(|(name, _)| *name) {
            Some(to) => {
                new.remove(to);
                found.push(file(&at(name), FileChange::Renamed { to: at(to) }));
            }
            None => found.push(file(&at(name), FileChange::Removed)),
        }
    }
    found.extend(new.keys().map(|name| file(&at(name), FileChange::Added)));
    found
}

fn content(path: &str, before: &FileKey, after: &FileKey) -> Vec<Cause> {
    let FileKey {
        digest,
        executable,
        link,
    } = before;
    let FileKey {
        digest: digest_now,
        executable: executable_now,
        link: link_now,
    } = after;
    let mut found = Vec::new();
    if link != link_now {
        found.push(FileChange::Link {
            from: link.clone(),
            to: link_now.clone(),
        });
    } else if digest != digest_now {
        found.push(FileChange::Content {
            from: digest.clone(),
            to: digest_now.clone(),
        });
    }
    if executable != executable_now {
        let mode = |executable: bool| if executable { "0755" } else { "0644" }.to_owned();
        found.push(FileChange::Mode {
            from: mode(*executable),
            to: mode(*executable_now),
        });
    }
    found.into_iter().map(|change| file(path, change)).collect()
}

fn file(path: &str, change: FileChange) -> Cause {
    let path = if path.is_empty() { "." } else { path }.to_owned();
    Cause::File { path, change }
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

fn stages(relation: Relation, before: &[StageKey], after: &[StageKey]) -> Vec<Cause> {
    let differences = align(
        before,
        after,
        |a, b| a.key == b.key,
        |a, b| a.stage == b.stage,
    );
    let dependency = |stage: &StageKey, added| Cause::Dependency {
        relation,
        stage: stage.stage.clone(),
        added,
    };
    differences
        .into_iter()
        .map(|difference| match difference {
            Difference::Changed(_, b) => Cause::Stage {
                relation,
                stage: b.stage.clone(),
            },
            Difference::Added(b) => dependency(b, true),
            Difference::Removed(a) => dependency(a, false),
            Difference::Reordered => Cause::Order {
                of: format!("stages that it {relation}"),
            },
        })
        .collect()
}
