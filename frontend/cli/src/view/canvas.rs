//! SVG, as layout-rs has it drawn. Its own writer asks for a font that machines have not, and leaves an empty field
//! below the graph as long as the longest name.

use std::fmt::Write;

use layout::core::color::Color;
use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::Point;
use layout::core::style::StyleAttr;

/// The fonts to look for; the first is the one that PNG is drawn with.
const FONTS: &str = "'DejaVu Sans Mono', ui-monospace, Menlo, Consolas, monospace";

/// The height of a line of text, and how far its letters stand below its middle, by their size.
const LINE: f64 = 1.25;
const BASELINE: f64 = 0.34;

/// The free space at the right and at the bottom.
const MARGIN: f64 = 20.0;

/// What was drawn so far.
#[derive(Debug, Default)]
pub struct Canvas {
    /// They go below the shapes, so that none is drawn through a name.
    lines: String,
    shapes: String,
    clips: Vec<String>,
    width: f64,
    height: f64,
}

impl Canvas {
    /// The whole picture, as large as what is drawn on it.
    pub fn finish(self) -> String {
        let (width, height) = (self.width + MARGIN, self.height + MARGIN);
        let clips = self.clips.concat();
        format!(
            concat!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n",
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" ",
                "viewBox=\"0 0 {width} {height}\">\n",
                "<defs><marker id=\"head\" markerWidth=\"10\" markerHeight=\"7\" refX=\"10\" refY=\"3.5\" ",
                "orient=\"auto-start-reverse\"><polygon points=\"0 0, 10 3.5, 0 7\" fill=\"context-stroke\"/></marker>",
                "{clips}</defs>\n<g font-family=\"{fonts}\" text-anchor=\"middle\">\n{lines}{shapes}</g>\n</svg>\n"
            ),
            width = width,
            height = height,
            clips = clips,
            fonts = FONTS,
            lines = self.lines,
            shapes = self.shapes,
        )
    }

    fn shape(&mut self, shape: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.shapes, "{shape}");
    }

    fn reach(&mut self, point: Point) {
        self.width = self.width.max(point.x);
        self.height = self.height.max(point.y);
    }
}

impl RenderBackend for Canvas {
    fn draw_rect(
        &mut self,
        xy: Point,
        size: Point,
        look: &StyleAttr,
        properties: Option<String>,
        clip: Option<ClipHandle>,
    ) {
        self.reach(xy.add(size));
        let clip = clip.map(|clip| format!(" clip-path=\"url(#clip{clip})\""));
        self.shape(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" {}{}{}/>",
            xy.x,
            xy.y,
            size.x,
            size.y,
            look.rounded,
            filled(look),
            clip.unwrap_or_default(),
            others(properties),
        ));
    }

    fn draw_line(
        &mut self,
        start: Point,
        stop: Point,
        look: &StyleAttr,
        properties: Option<String>,
    ) {
        self.reach(start);
        self.reach(stop);
        self.shape(format_args!(
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" {}{}/>",
            start.x,
            start.y,
            stop.x,
            stop.y,
            stroked(look),
            others(properties),
        ));
    }

    fn draw_circle(
        &mut self,
        xy: Point,
        size: Point,
        look: &StyleAttr,
        properties: Option<String>,
    ) {
        let radius = size.scale(0.5);
        self.reach(xy.add(radius));
        self.shape(format_args!(
            "<ellipse cx=\"{}\" cy=\"{}\" rx=\"{}\" ry=\"{}\" {}{}/>",
            xy.x,
            xy.y,
            radius.x,
            radius.y,
            filled(look),
            others(properties),
        ));
    }

    fn draw_text(&mut self, xy: Point, text: &str, look: &StyleAttr) {
        let size = number(look.font_size);
        let below = |line: usize| number(line) * LINE * size;
        let first = xy.y + BASELINE * size - below(text.lines().count().saturating_sub(1)) / 2.0;
        for (line, letters) in text.lines().enumerate() {
            self.shape(format_args!(
                "<text x=\"{}\" y=\"{:.2}\" font-size=\"{size}\">{}</text>",
                xy.x,
                first + below(line),
                escaped(letters),
            ));
        }
    }

    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        dashed: bool,
        head: (bool, bool),
        look: &StyleAttr,
        properties: Option<String>,
        text: &str,
    ) {
        // The first has the point where it begins and the one that it heads for, all others the one that it comes from
        // and the point where it arrives.
        let Some(((start, towards), rest)) = path.split_first() else {
            return;
        };
        self.reach(*start);
        let mut way = format!("M {} {}", start.x, start.y);
        for (at, (from, to)) in rest.iter().enumerate() {
            self.reach(*to);
            let _ = match at {
                0 => write!(way, " C {} {}, ", towards.x, towards.y),
                _ => write!(way, " S "),
            };
            let _ = write!(way, "{} {}, {} {}", from.x, from.y, to.x, to.y);
        }
        let strokes = if dashed {
            " stroke-dasharray=\"5,5\""
        } else {
            ""
        };
        let at_start = if head.0 {
            " marker-start=\"url(#head)\""
        } else {
            ""
        };
        let at_end = if head.1 {
            " marker-end=\"url(#head)\""
        } else {
            ""
        };
        let _ = writeln!(
            self.lines,
            "<path d=\"{way}\" fill=\"none\" {}{strokes}{at_start}{at_end}{}/>",
            stroked(look),
            others(properties),
        );
        if let [.., (_, end)] = path {
            self.draw_text(start.add(*end).scale(0.5), text, look);
        }
    }

    fn create_clip(&mut self, xy: Point, size: Point, rounded_px: usize) -> ClipHandle {
        let handle = self.clips.len();
        self.clips.push(format!(
            "<clipPath id=\"clip{handle}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{rounded_px}\"/>\
             </clipPath>",
            xy.x, xy.y, size.x, size.y
        ));
        handle
    }
}

fn filled(look: &StyleAttr) -> String {
    let fill = look.fill_color.unwrap_or_else(Color::transparent);
    format!("fill=\"{}\" {}", fill.to_web_color(), stroked(look))
}

fn stroked(look: &StyleAttr) -> String {
    let color = look.line_color.to_web_color();
    format!("stroke=\"{color}\" stroke-width=\"{}\"", look.line_width)
}

/// Attributes that a shape was given.
fn others(properties: Option<String>) -> String {
    properties.map_or_else(String::new, |properties| format!(" {properties}"))
}

/// Text between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn number(small: usize) -> f64 {
    f64::from(u32::try_from(small).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_as_large_as_what_is_on_it() {
        let mut canvas = Canvas::default();
        let look = StyleAttr::simple();
        canvas.draw_rect(
            Point::new(10., 10.),
            Point::new(90., 20.),
            &look,
            None,
            None,
        );
        canvas.draw_text(Point::new(55., 20.), "a <long> name & more\nb", &look);
        let picture = canvas.finish();
        assert!(picture.contains("viewBox=\"0 0 120 50\""), "{picture}");
        assert!(
            picture.contains(">a &lt;long&gt; name &amp; more</text>"),
            "{picture}"
        );
    }
}
