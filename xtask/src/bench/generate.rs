//! Files of many stages, as a large repository would have them: services of twenty stages each that share a few,
//! some in chains, some reading files.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;

/// The stages of one service.
const PER_SERVICE: usize = 20;

/// The stages that all services have.
const SHARED: usize = 4;

/// Writes a project whose `layercake.yaml` has this many stages.
pub fn project(folder: &Path, stages: usize) -> Result<()> {
    fs::create_dir_all(folder.join("files"))?;
    for index in 0..PER_SERVICE {
        fs::write(
            folder.join(format!("files/{index}.txt")),
            format!("file {index}\n"),
        )?;
    }
    Ok(fs::write(folder.join("layercake.yaml"), file(stages)?)?)
}

/// The text of the file.
fn file(stages: usize) -> Result<String> {
    let mut text =
        String::from("project: generated\nbases: { base: \"python:3.11-slim\" }\nstages:\n");
    for index in 0..stages {
        writeln!(text, "  s{index}: {}", stage(index))?;
    }
    text += "services:\n";
    let own: Vec<_> = (SHARED..stages).collect();
    for (service, own) in own.chunks(PER_SERVICE).enumerate() {
        let names: Vec<_> = (0..SHARED)
            .chain(own.iter().copied())
            .map(|index| format!("s{index}"))
            .collect();
        writeln!(
            text,
            "  service{service}: {{ base: base, stages: [{}] }}",
            names.join(", ")
        )?;
    }
    Ok(text)
}

/// One stage. Every fourth needs the one before the one before it, within its service.
fn stage(index: usize) -> String {
    let place = index.wrapping_sub(SHARED) % PER_SERVICE;
    let copied = index % PER_SERVICE;
    match index % 4 {
        0 => format!("{{ files: {{ /etc/generated/{index}: \"value = {index}\\n\" }} }}"),
        1 => format!("{{ copy: {{ from: files/{copied}.txt, to: /srv/{index}.txt }} }}"),
        2 => format!(
            "{{ run: {{ script: make part-{index}, outputs: [/opt/part-{index}], network: none }} }}"
        ),
        _ if index >= SHARED && place >= 2 => {
            format!(
                "{{ needs: [s{}], run: {{ script: make step-{index}, outputs: [/opt/step-{index}] }} }}",
                index - 1
            )
        }
        _ => format!("{{ run: {{ script: make step-{index}, outputs: [/opt/step-{index}] }} }}"),
    }
}

#[cfg(test)]
mod tests {
    use super::file;

    #[test]
    fn every_stage_is_in_a_service() {
        let text = file(100).unwrap();
        assert_eq!(
            text.lines()
                .filter(|line| line.starts_with("  s") && !line.starts_with("  service"))
                .count(),
            100
        );
        for index in 0..100 {
            let name = format!("s{index}");
            let used = text.lines().filter(|line| line.starts_with("  service"));
            assert!(
                used.into_iter()
                    .any(|line| line.contains(&format!("{name},"))
                        || line.contains(&format!("{name}]"))),
                "{name}"
            );
        }
    }
}
