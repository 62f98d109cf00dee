//! What was foretold, held against what happened.

use layercake_solve::Report;
use maud::{Markup, html};

use super::class;
use super::table::short;
use crate::view::count;

/// The verdict, and the stages that did something else than was foretold.
pub fn prediction(report: &Report) -> Markup {
    html! {
        h2 { "Prediction" }
        @match &report.prediction {
            None => p { "No earlier build on this builder was known, so nothing was foretold." },
            Some(found) => {
                p {
                    (count(found.checked, "stage")) " foretold to run or to be cached: "
                    @if found.mismatches.is_empty() { span.cached { "all did" } }
                    @else { span.failed { (found.mismatches.len()) " did not" } }
                    "."
                }
                @if !found.mismatches.is_empty() {
                    table {
                        thead { tr { th { "stage" } th { "foretold" } th { "happened" } th { "key" } } }
                        tbody {
                            @for mismatch in &found.mismatches {
                                tr {
                                    th scope="row" { (mismatch.stage) }
                                    td { (class(mismatch.predicted)) }
                                    td class=(class(mismatch.observed)) { (class(mismatch.observed)) }
                                    td { code { (short(&mismatch.key)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
