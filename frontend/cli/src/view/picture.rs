//! A plan as a picture: its nodes laid out.

use layercake_planner::plan::Plan;
use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::geometry::Point;
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;

use super::drawing::Drawing;
use super::network::{Line, Network, Node, NodeKind};

/// The size of letters, and the room that one takes; names are measured by it.
const FONT_SIZE: usize = 14;
const LETTER: (f64, f64) = (8.5, 18.0);
const MARGIN: f64 = 20.0;

/// The most nodes that are laid out: more take minutes, and nobody could read them.
const MOST_NODES: usize = 500;

/// A graph that is too large for a picture.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum TooLarge {
    /// More nodes than are laid out.
    #[error(
        "a picture of {0} nodes cannot be read; name some of the services, or use --format dot"
    )]
    Nodes(usize),
    /// More pixels than a PNG gets.
    #[error(
        "a PNG of {0:.0} by {1:.0} cannot be read; name some of the services, or use --format svg"
    )]
    Pixels(f32, f32),
}

/// The plan, drawn.
pub fn picture(plan: &Plan) -> Result<Drawing, TooLarge> {
    let Network { nodes, lines } = Network::of(plan);
    if nodes.len() > MOST_NODES {
        return Err(TooLarge::Nodes(nodes.len()));
    }
    let mut graph = VisualGraph::new(Orientation::LeftToRight);
    let handles: Vec<_> = nodes
        .iter()
        .map(|node| graph.add_node(element(node)))
        .collect();
    for line in lines {
        graph.add_edge(arrow(line), handles[line.from], handles[line.to]);
    }
    let mut drawing = Drawing::default();
    graph.do_it(false, false, false, &mut drawing);
    Ok(drawing)
}

fn element(node: &Node) -> Element {
    let text = node.lines.join("\n");
    let shape = ShapeKind::new_box(&text);
    let (fill, width, rounded) = match node.kind {
        NodeKind::Base => (0xeeee_eeff, 1, 0),
        NodeKind::Stage => (0xffff_ffff, 1, 10),
        NodeKind::Expensive => (0xfff3_d6ff, 3, 10),
        NodeKind::Service => (0xdfee_ffff, 2, 0),
    };
    let look = StyleAttr::new(
        Color::new(0x0000_00ff),
        width,
        Some(Color::new(fill)),
        rounded,
        FONT_SIZE,
    );
    Element::create(shape, look, Orientation::LeftToRight, size(node))
}

fn size(node: &Node) -> Point {
    let widest = node
        .lines
        .iter()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0);
    let letters = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    Point::new(
        letters(widest) * LETTER.0 + MARGIN,
        letters(node.lines.len()) * LETTER.1 + MARGIN,
    )
}

fn arrow(line: Line) -> Arrow {
    let style = if line.reads {
        LineStyleKind::Dashed
    } else {
        LineStyleKind::Normal
    };
    let look = StyleAttr::new(Color::new(0x5555_55ff), 1, None, 0, FONT_SIZE);
    Arrow::new(
        LineEndKind::None,
        LineEndKind::Arrow,
        style,
        "",
        &look,
        &None,
        &None,
    )
}
