//! A plan in Graphviz' language.

use std::fmt::Write;

use layercake_planner::plan::Plan;

use super::network::{Network, NodeKind};

/// The plan as a DOT digraph.
pub fn dot(plan: &Plan) -> String {
    let Network { nodes, lines } = Network::of(plan);
    let mut out = String::from("digraph layercake {\n  rankdir = LR;\n  node [shape = box];\n");
    for (at, node) in nodes.iter().enumerate() {
        let look = match node.kind {
            NodeKind::Base => "shape = cylinder",
            NodeKind::Stage => "style = rounded",
            NodeKind::Expensive => "style = \"rounded,bold\"",
            NodeKind::Service => "shape = component",
        };
        let label: Vec<_> = node.lines.iter().map(|line| escaped(line)).collect();
        let _ = writeln!(out, "  n{at} [label = \"{}\", {look}];", label.join("\\n"));
    }
    for line in lines {
        let look = if line.reads { " [style = dashed]" } else { "" };
        let _ = writeln!(out, "  n{} -> n{}{look};", line.from, line.to);
    }
    out.push_str("}\n");
    out
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    #[test]
    fn quotes_end_no_label() {
        assert_eq!(super::escaped(r#"a"\b"#), r#"a\"\\b"#);
    }
}
