//! A picture as layout-rs has it drawn, in shapes that [`svg`](super::svg) writes and [`png`](super::png) paints.
//!
//! layout-rs' own writer asks for a font that machines have not, and leaves an empty field below the graph as long as
//! the longest name.

use layout::core::color::Color;
use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::Point;
use layout::core::style::StyleAttr;

/// The height of a line of text, and how far its letters stand below its middle, by their size.
const LINE: f64 = 1.25;
const BASELINE: f64 = 0.34;

/// The length of an arrow's head, and half its width.
const HEAD: (f64, f64) = (10.0, 3.5);

/// The free space at the right and at the bottom.
const MARGIN: f64 = 20.0;

/// Red, green, blue, and how much of it covers what is below.
pub type Channels = [u8; 4];

/// A picture. Lines lie below boxes, so that none is drawn through a name.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    /// The lines, below all else.
    pub lines: Vec<Line>,
    /// The boxes.
    pub frames: Vec<Frame>,
    /// The names, above all else.
    pub texts: Vec<Text>,
    reach: Option<Point>,
}

/// A line from one box to another.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it begins.
    pub start: Point,
    /// Its curves: two points that it heads for, and where it goes.
    pub curves: Vec<[Point; 3]>,
    /// The points of its heads.
    pub heads: Vec<[Point; 3]>,
    /// Whether it is dashed.
    pub dashed: bool,
    /// Its width.
    pub width: usize,
    /// Its colour.
    pub color: Channels,
}

/// A box.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its upper left corner.
    pub at: Point,
    /// Its width and height.
    pub size: Point,
    /// The radius of its corners.
    pub rounded: f64,
    /// The colour in it.
    pub fill: Channels,
    /// The width of its frame.
    pub width: usize,
    /// The colour of its frame.
    pub color: Channels,
}

/// A line of text.
#[derive(Clone, Debug)]
pub struct Text {
    /// The middle of its lower edge.
    pub at: Point,
    /// The size of its letters.
    pub size: f64,
    /// What it says.
    pub letters: String,
}

impl Drawing {
    /// Its width and height.
    pub fn size(&self) -> (f64, f64) {
        let reach = self.reach.unwrap_or(Point::zero());
        (reach.x + MARGIN, reach.y + MARGIN)
    }

    fn reach(&mut self, point: Point) {
        let reach = self.reach.unwrap_or(Point::zero());
        self.reach = Some(Point::new(reach.x.max(point.x), reach.y.max(point.y)));
    }

    fn frame(&mut self, at: Point, size: Point, rounded: f64, look: &StyleAttr) {
        self.reach(at.add(size));
        self.frames.push(Frame {
            at,
            size,
            rounded,
            fill: channels(look.fill_color.unwrap_or_else(Color::transparent)),
            width: look.line_width,
            color: channels(look.line_color),
        });
    }
}

/// A plan is drawn of boxes, arrows and text; the other shapes are made of these.
impl RenderBackend for Drawing {
    fn draw_rect(
        &mut self,
        xy: Point,
        size: Point,
        look: &StyleAttr,
        _properties: Option<String>,
        _clip: Option<ClipHandle>,
    ) {
        self.frame(xy, size, number(look.rounded), look);
    }

    fn draw_circle(
        &mut self,
        xy: Point,
        size: Point,
        look: &StyleAttr,
        _properties: Option<String>,
    ) {
        let rounded = size.x.min(size.y) / 2.0;
        self.frame(xy.sub(size.scale(0.5)), size, rounded, look);
    }

    fn draw_line(
        &mut self,
        start: Point,
        stop: Point,
        look: &StyleAttr,
        properties: Option<String>,
    ) {
        let path = [(start, start), (stop, stop)];
        self.draw_arrow(&path, false, (false, false), look, properties, "");
    }

    fn draw_text(&mut self, xy: Point, text: &str, look: &StyleAttr) {
        let size = number(look.font_size);
        let below = |line: usize| number(line) * LINE * size;
        let first = xy.y + BASELINE * size - below(text.lines().count().saturating_sub(1)) / 2.0;
        for (line, letters) in text.lines().enumerate() {
            self.texts.push(Text {
                at: Point::new(xy.x, first + below(line)),
                size,
                letters: letters.to_owned(),
            });
        }
    }

    /// The first of the path has the point where it begins and the one that it heads for, all others the one that it
    /// comes from and the point where it arrives.
    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        dashed: bool,
        head: (bool, bool),
        look: &StyleAttr,
        _properties: Option<String>,
        text: &str,
    ) {
        let Some(((start, towards), rest)) = path.split_first() else {
            return;
        };
        self.reach(*start);
        let (mut curves, mut towards) = (Vec::new(), *towards);
        for (from, to) in rest {
            self.reach(*to);
            curves.push([towards, *from, *to]);
            towards = to.add(*to).sub(*from); // It goes on as it came.
        }
        let mut heads = Vec::new();
        if let Some([_, from, to]) = curves.last().filter(|_| head.1) {
            heads.push(arrowhead(*from, *to));
        }
        if let Some([towards, ..]) = curves.first().filter(|_| head.0) {
            heads.push(arrowhead(*towards, *start));
        }
        if let Some([.., end]) = curves.last() {
            self.draw_text(start.add(*end).scale(0.5), text, look);
        }
        self.lines.push(Line {
            start: *start,
            curves,
            heads,
            dashed,
            width: look.line_width,
            color: channels(look.line_color),
        });
    }

    /// Parts of records alone are clipped, and no plan has one.
    fn create_clip(&mut self, _xy: Point, _size: Point, _rounded: usize) -> ClipHandle {
        0
    }
}

/// The head of an arrow that comes from one point and ends at the other.
fn arrowhead(from: Point, tip: Point) -> [Point; 3] {
    let way = tip.sub(from);
    let length = way.length().max(f64::MIN_POSITIVE);
    let way = way.scale(1.0 / length);
    let back = tip.sub(way.scale(HEAD.0));
    let aside = Point::new(-way.y, way.x).scale(HEAD.1);
    [tip, back.add(aside), back.sub(aside)]
}

/// layout-rs says a colour as eight hexadecimal digits behind a #, and in no other way.
fn channels(color: Color) -> Channels {
    let text = color.to_web_color();
    let number = u32::from_str_radix(text.trim_start_matches('#'), 16);
    number.unwrap_or(0).to_be_bytes()
}

fn number(small: usize) -> f64 {
    f64::from(u32::try_from(small).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_as_large_as_what_is_on_it_however_long_its_names() {
        let mut drawing = Drawing::default();
        let look = StyleAttr::simple();
        drawing.draw_rect(
            Point::new(10., 10.),
            Point::new(90., 20.),
            &look,
            None,
            None,
        );
        drawing.draw_text(Point::new(55., 20.), "a long name\nb", &look);
        assert_eq!(drawing.size(), (120.0, 50.0));
        assert_eq!(drawing.texts.len(), 2);
    }

    #[test]
    fn colours_are_read() {
        assert_eq!(channels(Color::new(0x1234_56ff)), [0x12, 0x34, 0x56, 0xff]);
    }

    #[test]
    fn heads_point_where_the_line_goes() {
        let [tip, left, right] = arrowhead(Point::new(0., 0.), Point::new(20., 0.));
        assert_eq!((tip.x, tip.y), (20.0, 0.0));
        assert_eq!((left.x, left.y), (10.0, 3.5));
        assert_eq!((right.x, right.y), (10.0, -3.5));
    }
}
