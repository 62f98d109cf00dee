//! The picture of a plan as PNG: what SVG says, drawn here, with a font of our own, so that every machine makes the
//! same of it.

use std::sync::Arc;

use anyhow::Context as _;
use layercake_planner::plan::Plan;
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::svg::{TooLarge, svg};

/// Pixels for each of the picture, so that it is sharp on today's screens.
const SCALE: f32 = 2.0;
/// The fewest at which names can be read.
const LEAST: f32 = 0.75;
/// The most pixels: each takes four bytes of memory.
const MOST_PIXELS: f32 = 64_000_000.0;

/// The plan as PNG, on white.
pub fn png(plan: &Plan) -> anyhow::Result<Vec<u8>> {
    let tree = Tree::from_str(&svg(plan)?, &options()).context("the picture cannot be drawn")?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let scale = scale(width, height)?;
    let pixels = tree.size().to_int_size().scale_by(scale);
    let mut pixmap = pixels
        .and_then(|pixels| Pixmap::new(pixels.width(), pixels.height()))
        .ok_or(TooLarge::Pixels(width, height))?;
    pixmap.fill(Color::WHITE);
    let transform = Transform::from_scale(scale, scale);
    resvg::render(&tree, transform, &mut pixmap.as_mut());
    pixmap
        .encode_png()
        .context("the picture cannot be written as PNG")
}

/// How many pixels each of the picture becomes.
fn scale(width: f32, height: f32) -> Result<f32, TooLarge> {
    let scale = SCALE.min((MOST_PIXELS / (width * height)).sqrt());
    if scale < LEAST {
        return Err(TooLarge::Pixels(width, height));
    }
    Ok(scale)
}

/// Our font, and no other: those of the machine are not looked for.
fn options() -> Options<'static> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(dejavu::sans_mono::regular().to_vec());
    Options {
        fontdb: Arc::new(fonts),
        ..Options::default()
    }
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
