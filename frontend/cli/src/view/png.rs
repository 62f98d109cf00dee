//! A picture as PNG, painted here with a font of our own, so that every machine makes the same of it.

use anyhow::Context as _;
use layercake_planner::plan::Plan;
use tiny_skia::{
    Color, FillRule, Paint, Path, PathBuilder, Pixmap, Shader, Stroke, StrokeDash, Transform,
};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::drawing::{Channels, Drawing, Frame, Line, Text};
use super::picture::{TooLarge, picture};

/// Pixels for each of the picture, so that it is sharp on today's screens.
const SCALE: f32 = 2.0;
/// The fewest at which names can be read.
const LEAST: f32 = 0.75;
/// The most pixels: each takes four bytes of memory.
const MOST_PIXELS: f32 = 64_000_000.0;

/// How far the points that a quarter of a circle heads for are from its ends, by its radius.
const ARC: f32 = 0.552_285;

/// The plan as PNG, on white.
pub fn png(plan: &Plan) -> anyhow::Result<Vec<u8>> {
    let drawing = picture(plan)?;
    let face = Face::parse(dejavu::sans_mono::regular(), 0).context("the font cannot be read")?;
    let (width, height) = drawing.size();
    let scale = scale(length(width), length(height))?;
    let pixmap = Pixmap::new(
        pixels(length(width) * scale),
        pixels(length(height) * scale),
    );
    let pixmap = pixmap.ok_or(TooLarge::Pixels(length(width), length(height)))?;
    let mut canvas = Canvas {
        pixmap,
        transform: Transform::from_scale(scale, scale),
    };
    canvas.pixmap.fill(Color::WHITE);
    canvas.paint(&drawing, &face);
    let encoded = canvas.pixmap.encode_png();
    encoded.context("the picture cannot be written as PNG")
}

/// How many pixels each of the picture becomes.
fn scale(width: f32, height: f32) -> Result<f32, TooLarge> {
    let scale = SCALE.min((MOST_PIXELS / (width * height)).sqrt());
    if scale < LEAST {
        return Err(TooLarge::Pixels(width, height));
    }
    Ok(scale)
}

struct Canvas {
    pixmap: Pixmap,
    transform: Transform,
}

impl Canvas {
    fn paint(&mut self, drawing: &Drawing, face: &Face<'_>) {
        for line in &drawing.lines {
            self.line(line);
        }
        for frame in &drawing.frames {
            self.frame(frame);
        }
        for text in &drawing.texts {
            self.text(text, face);
        }
    }

    fn line(&mut self, line: &Line) {
        let mut path = PathBuilder::new();
        path.move_to(length(line.start.x), length(line.start.y));
        for [towards, from, to] in &line.curves {
            path.cubic_to(
                length(towards.x),
                length(towards.y),
                length(from.x),
                length(from.y),
                length(to.x),
                length(to.y),
            );
        }
        let dash = line.dashed.then(|| StrokeDash::new(vec![5.0, 5.0], 0.0));
        self.stroke(path, line.width, line.color, dash.flatten());
        for head in &line.heads {
            let mut path = PathBuilder::new();
            let [tip, left, right] = head.map(|point| (length(point.x), length(point.y)));
            path.move_to(tip.0, tip.1);
            path.line_to(left.0, left.1);
            path.line_to(right.0, right.1);
            path.close();
            self.fill(path, line.color);
        }
    }

    fn frame(&mut self, frame: &Frame) {
        let path = rounded(frame);
        self.fill(path.clone(), frame.fill);
        self.stroke(path, frame.width, frame.color, None);
    }

    fn text(&mut self, text: &Text, face: &Face<'_>) {
        let scale = length(text.size) / f32::from(face.units_per_em());
        // A letter that the font has not is an empty box, its first.
        let glyph = |letter| face.glyph_index(letter).unwrap_or(GlyphId(0));
        let advance = |glyph| f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
        let glyphs: Vec<_> = text.letters.chars().map(glyph).collect();
        let width: f32 = glyphs.iter().map(|glyph| advance(*glyph)).sum();
        let mut pen = Pen {
            path: PathBuilder::new(),
            scale,
            x: length(text.at.x) - width / 2.0,
            y: length(text.at.y),
        };
        for glyph in glyphs {
            face.outline_glyph(glyph, &mut pen);
            pen.x += advance(glyph);
        }
        self.fill(pen.path, [0, 0, 0, 255]);
    }

    fn fill(&mut self, path: PathBuilder, color: Channels) {
        if let Some(path) = path.finish() {
            let (paint, rule) = (paint(color), FillRule::Winding);
            self.pixmap
                .fill_path(&path, &paint, rule, self.transform, None);
        }
    }

    fn stroke(
        &mut self,
        path: PathBuilder,
        width: usize,
        color: Channels,
        dash: Option<StrokeDash>,
    ) {
        let path: Option<Path> = path.finish();
        if let Some(path) = path {
            let width = f32::from(u16::try_from(width).unwrap_or(u16::MAX));
            let stroke = Stroke {
                width,
                dash,
                ..Stroke::default()
            };
            self.pixmap
                .stroke_path(&path, &paint(color), &stroke, self.transform, None);
        }
    }
}

/// Draws letters from where it stands.
struct Pen {
    path: PathBuilder,
    scale: f32,
    x: f32,
    y: f32,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let to = self.at(x, y);
        self.path.move_to(to.0, to.1);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.at(x, y);
        self.path.line_to(to.0, to.1);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (by, to) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(by.0, by.1, to.0, to.1);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (towards, from, to) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path
            .cubic_to(towards.0, towards.1, from.0, from.1, to.0, to.1);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

/// A box with round corners.
fn rounded(frame: &Frame) -> PathBuilder {
    let (left, top) = (length(frame.at.x), length(frame.at.y));
    let (width, height) = (length(frame.size.x), length(frame.size.y));
    let (right, bottom) = (left + width, top + height);
    let radius = length(frame.rounded).min(width / 2.0).min(height / 2.0);
    let rest = radius * (1.0 - ARC);
    let mut path = PathBuilder::new();
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - rest, top, right, top + rest, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(
        right,
        bottom - rest,
        right - rest,
        bottom,
        right - radius,
        bottom,
    );
    path.line_to(left + radius, bottom);
    path.cubic_to(
        left + rest,
        bottom,
        left,
        bottom - rest,
        left,
        bottom - radius,
    );
    path.line_to(left, top + radius);
    path.cubic_to(left, top + rest, left + rest, top, left + radius, top);
    path.close();
    path
}

fn paint(color: Channels) -> Paint<'static> {
    let [red, green, blue, alpha] = color;
    Paint {
        shader: Shader::SolidColor(Color::from_rgba8(red, green, blue, alpha)),
        ..Paint::default()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a place in a picture")]
fn length(length: f64) -> f32 {
    length as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "no picture has more than MOST_PIXELS"
)]
fn pixels(length: f32) -> u32 {
    length.ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_is_large_gets_fewer_pixels_and_one_that_is_huge_is_none() {
        let of = |side: f32| scale(side, side).ok();
        assert_eq!(of(1000.0), Some(2.0));
        assert_eq!(of(8000.0), Some(1.0));
        assert_eq!(of(20_000.0), None);
    }
}
