//! What there is to tell as one HTML page: nothing is fetched and no script runs, so it works from a disk, in print and
//! by keyboard, in light and dark.

mod replay;
mod report;

pub use replay::html as replay;
pub use report::html as report;

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// The page around what it tells.
fn document(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                (content)
            }
        }
    };
    page.into_string()
}

/// What may be wider than the page; the keyboard can scroll it.
fn wide(name: &str, content: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(name) { (content) }
    }
}

/// A picture of this size.
fn picture(name: &str, width: f64, height: f64, content: &Markup) -> Markup {
    let (width, height) = (round(width), round(height));
    wide(
        name,
        &html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
                viewBox=(format!("0 0 {width} {height}")) role="group" aria-label=(name) { (content) }
        },
    )
}

/// A length in pixels, as short as it can be said.
fn round(length: f64) -> String {
    let text = format!("{length:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// How many of something, as a length.
fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A page is complete in itself: it names no other place and runs nothing.
#[cfg(test)]
fn assert_alone(page: &str) {
    let outside = page.replace("http://www.w3.org/2000/svg", "");
    for reference in [
        "http:", "https:", "//", "url(", "@import", "<script", "src=",
    ] {
        assert!(!outside.contains(reference), "{reference}");
    }
}
