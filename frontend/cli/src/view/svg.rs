//! A picture as SVG.

use std::fmt::Write;

use layercake_planner::plan::Plan;
use layout::core::geometry::Point;

use super::drawing::{Channels, Frame, Line, Text};
use super::picture::{TooLarge, picture};

/// The fonts to look for; the first is the one that PNG is painted with.
const FONTS: &str = "'DejaVu Sans Mono', ui-monospace, Menlo, Consolas, monospace";

/// The plan as SVG.
pub fn svg(plan: &Plan) -> Result<String, TooLarge> {
    let drawing = picture(plan)?;
    let (width, height) = drawing.size();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n");
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n<g font-family=\"{FONTS}\" text-anchor=\"middle\">"
    );
    for line in &drawing.lines {
        write_line(&mut out, line);
    }
    for frame in &drawing.frames {
        write_box(&mut out, frame);
    }
    for text in &drawing.texts {
        write_text(&mut out, text);
    }
    out.push_str("</g>\n</svg>\n");
    Ok(out)
}

fn write_line(out: &mut String, line: &Line) {
    let (color, width) = (web(line.color), line.width);
    let _ = write!(out, "<path d=\"M {}", at(line.start));
    for [towards, from, to] in &line.curves {
        let _ = write!(out, " C {}, {}, {}", at(*towards), at(*from), at(*to));
    }
    let dashes = if line.dashed {
        " stroke-dasharray=\"5,5\""
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"{dashes}/>"
    );
    for head in &line.heads {
        let points = head.map(at).join(", ");
        let _ = writeln!(out, "<polygon points=\"{points}\" fill=\"{color}\"/>");
    }
}

fn write_box(out: &mut String, frame: &Frame) {
    let _ = writeln!(
        out,
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{}\" stroke=\"{}\" \
         stroke-width=\"{}\"/>",
        frame.at.x,
        frame.at.y,
        frame.size.x,
        frame.size.y,
        frame.rounded,
        web(frame.fill),
        web(frame.color),
        frame.width
    );
}

fn write_text(out: &mut String, text: &Text) {
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{:.2}\" font-size=\"{}\">{}</text>",
        text.at.x,
        text.at.y,
        text.size,
        escaped(&text.letters)
    );
}

fn at(point: Point) -> String {
    format!("{:.2} {:.2}", point.x, point.y)
}

fn web(color: Channels) -> String {
    format!("#{}", hex::encode(color))
}

/// Text between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_no_markup() {
        assert_eq!(super::escaped("a<b>&c"), "a&lt;b&gt;&amp;c");
    }
}
