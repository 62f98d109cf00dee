//! A survey for people.

use std::fmt::Write;

use super::{Size, Sized, Survey};
use crate::view::bytes;
use crate::view::table::Table;

/// The survey, with the first `top` of each list.
pub fn render(survey: &Survey, top: usize) -> String {
    let mut out = Table::new(["", "files", "size"]);
    for (name, size) in [
        ("the folder", survey.whole),
        ("not ignored", survey.kept),
        ("sent", survey.sent),
        ("read by stages", survey.read),
    ] {
        line(&mut out, name, size);
    }
    let mut out = out.to_string();
    let mut services = Table::new(["service", "files", "sent", "read"]);
    for service in &survey.services {
        services.row([
            service.service.clone(),
            service.sent.files.to_string(),
            bytes(service.sent.bytes),
            bytes(service.read.bytes),
        ]);
    }
    let _ = write!(out, "\n{services}");
    if !survey.ignored.is_empty() {
        let mut ignored = Table::new(["ignored by", "files", "size"]);
        for found in &survey.ignored {
            line(&mut ignored, &found.line, found.size);
        }
        let _ = write!(out, "\n{ignored}");
    }
    list(
        &mut out,
        "largest files that are sent",
        &survey.largest,
        top,
    );
    list(
        &mut out,
        "not ignored, and read by no stage",
        &survey.unread,
        top,
    );
    if !survey.twice.is_empty() {
        let mut twice = Table::new(["the same bytes more than once", "size"]);
        for found in survey.twice.iter().take(top) {
            twice.row([found.paths.join(", "), bytes(found.bytes)]);
        }
        let _ = write!(out, "\n{twice}");
        out.push_str(&more(survey.twice.len(), top));
    }
    if !survey.pointers.is_empty() {
        let _ = writeln!(
            out,
            "\ngit-lfs pointers in place of files; run git lfs pull"
        );
        for path in survey.pointers.iter().take(top) {
            let _ = writeln!(out, "{path}");
        }
        out.push_str(&more(survey.pointers.len(), top));
    }
    out
}

fn line(table: &mut Table, name: &str, size: Size) {
    table.row([name.to_owned(), size.files.to_string(), bytes(size.bytes)]);
}

fn list(out: &mut String, head: &str, files: &[Sized], top: usize) {
    if files.is_empty() {
        return;
    }
    let mut table = Table::new([head, "size"]);
    for file in files.iter().take(top) {
        table.row([file.path.clone(), bytes(file.bytes)]);
    }
    let _ = write!(out, "\n{table}");
    out.push_str(&more(files.len(), top));
}

fn more(all: usize, shown: usize) -> String {
    match all.saturating_sub(shown) {
        0 => String::new(),
        more => format!("and {more} more\n"),
    }
}
