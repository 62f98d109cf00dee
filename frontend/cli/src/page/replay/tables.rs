//! How often each thing ran again.

use maud::{Markup, html};

use super::super::{number, round, wide};
use super::{DOCKERFILE, IDEAL, LAYERCAKE, accounts, whole};
use crate::replay::{Count, Replayed};

/// The longest bar, in pixels.
const BAR: f64 = 110.0;

/// The services and all of them together, under each account.
pub fn services(replayed: &Replayed) -> Markup {
    let all = replayed.totals();
    let has_dockerfile = accounts(replayed).len() > 2;
    let most = all
        .iter()
        .flat_map(|(_, totals)| [totals.dockerfile.runs, totals.layercake.runs]);
    let most = most.max().unwrap_or(0);
    let cell = |class: &str, count: Count| {
        html! {
            td class=(class) {
                (count.runs)
                @if replayed.costed { div.small { (whole(count.seconds)) " s" } }
                (bar(count.runs, most))
            }
        }
    };
    let table = html! {
        table {
            thead {
                tr {
                    th { "service" }
                    @if has_dockerfile { th { "Dockerfile" } th { "of it RUN" } }
                    th { "layercake" } th { "ideal" }
                }
            }
            tbody {
                @for (name, totals) in all {
                    tr {
                        th scope="row" { (name) }
                        @if has_dockerfile {
                            (cell(DOCKERFILE.class, totals.dockerfile))
                            (cell(DOCKERFILE.class, totals.commands))
                        }
                        (cell(LAYERCAKE.class, totals.layercake))
                        (cell(IDEAL.class, totals.ideal))
                    }
                }
            }
        }
    };
    html! {
        h2 { "Services" }
        (wide("services", &table))
    }
}

/// The stages. What ran though its own meaning was the same was pulled along.
pub fn stages(replayed: &Replayed) -> Markup {
    let most = replayed.stages.iter().map(|stage| stage.reruns).max();
    let most = most.unwrap_or(0);
    let table = html! {
        table {
            thead {
                tr {
                    th { "stage" } th { "services" } th.number { "builds" } th { "layercake" } th { "ideal" }
                    th.number { "pulled along" }
                    @if replayed.costed { th.number { "seconds of all runs" } }
                }
            }
            tbody {
                @for stage in &replayed.stages {
                    tr {
                        th scope="row" { (stage.stage) }
                        td { (stage.services.join(", ")) }
                        td.number { (stage.builds) }
                        td.layercake { (stage.reruns) (bar(stage.reruns, most)) }
                        td.ideal { (stage.ideal) (bar(stage.ideal, most)) }
                        td.number { (stage.reruns.saturating_sub(stage.ideal)) }
                        @if replayed.costed { td.number { (of_all(stage.seconds, stage.reruns)) } }
                    }
                }
            }
        }
    };
    html! {
        h2 { "Stages" }
        (wide("stages", &table))
    }
}

/// The steps of each Dockerfile.
pub fn dockerfiles(replayed: &Replayed) -> Markup {
    let services = replayed.services.iter();
    let followed = services.filter(|service| !service.steps.is_empty());
    html! {
        @for service in followed {
            @let name = format!("Dockerfile of {}", service.name);
            @let most = service.steps.iter().map(|step| step.reruns).max().unwrap_or(0);
            h2 { (name) }
            (wide(&name, &html! {
                table {
                    thead {
                        tr {
                            th { "step" } th.number { "builds" } th { "ran again" }
                            @if replayed.costed { th.number { "seconds of all runs" } }
                        }
                    }
                    tbody {
                        @for step in &service.steps {
                            tr {
                                th.step scope="row" { code { (step.step) } }
                                td.number { (step.builds) }
                                td.dockerfile { (step.reruns) (bar(step.reruns, most)) }
                                @if replayed.costed { td.number { (of_all(step.seconds, step.reruns)) } }
                            }
                        }
                    }
                }
            }))
        }
    }
}

/// A bar below its number, which says the same.
fn bar(value: usize, most: usize) -> Markup {
    let length = BAR * number(value) / number(most.max(1));
    html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(round(BAR)) height="8" aria-hidden="true" {
            @if value > 0 { rect.filled width=(round(length.max(1.0))) height="8" {} }
        }
    }
}

fn of_all(seconds: Option<f64>, runs: usize) -> String {
    seconds.map_or("-".to_owned(), |seconds| whole(seconds * number(runs)))
}
