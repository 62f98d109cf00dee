//! A plan in Mermaid's language.

use std::fmt::Write;

use layercake_planner::plan::Plan;

use super::network::{Network, NodeKind};

/// The plan as a Mermaid flowchart.
pub fn mermaid(plan: &Plan) -> String {
    let Network { nodes, lines } = Network::of(plan);
    let mut out = String::from("flowchart LR\n");
    for (at, node) in nodes.iter().enumerate() {
        let (open, close) = match node.kind {
            NodeKind::Base => ("[(", ")]"),
            NodeKind::Stage | NodeKind::Expensive => ("(", ")"),
            NodeKind::Service => ("[[", "]]"),
        };
        let label: Vec<_> = node.lines.iter().map(|line| escaped(line)).collect();
        let _ = writeln!(out, "  n{at}{open}\"{}\"{close}", label.join("<br>"));
        if node.kind == NodeKind::Expensive {
            let _ = writeln!(out, "  style n{at} stroke-width:3px");
        }
    }
    for line in lines {
        let arrow = if line.reads { "-.->" } else { "-->" };
        let _ = writeln!(out, "  n{} {arrow} n{}", line.from, line.to);
    }
    out
}

/// Mermaid takes HTML's entities, with `#` in place of `&`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '#' | '<' | '>' | '&' | '`' => {
                let _ = write!(out, "#{};", u32::from(character));
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn labels_hold_no_markup() {
        assert_eq!(super::escaped("a\"<b>#1"), "a#34;#60;b#62;#35;1");
    }
}
