//! Which step of a Dockerfile is which step of its earlier version.
//!
//! A step keeps its row while its text stays, wherever it moves; one whose text changed takes the row of the most
//! similar step that has gone, if they are of one instruction.

use strsim::normalized_damerau_levenshtein;

use super::Step;
use crate::tally::Tally;

/// Steps less alike than this are different steps.
const ALIKE: f64 = 0.5;

/// The rows of the steps that a Dockerfile has now.
#[derive(Clone, Debug, Default)]
pub struct Follow {
    known: Vec<(String, usize)>,
}

impl Follow {
    /// The row of each step; rows are added for steps that are new.
    pub fn rows(&mut self, steps: &[Step], tally: &mut Tally) -> Vec<usize> {
        let mut gone: Vec<Option<(String, usize)>> = self.known.drain(..).map(Some).collect();
        let mut rows: Vec<Option<usize>> = steps
            .iter()
            .map(|step| {
                let same = |known: &&mut Option<(String, usize)>| {
                    known.as_ref().is_some_and(|(text, _)| *text == step.text)
                };
                gone.iter_mut().find(same)?.take().map(|(_, row)| row)
            })
            .collect();
        for (step, row) in steps.iter().zip(&mut rows).filter(|(_, row)| row.is_none()) {
            let likeness = |known: &Option<(String, usize)>| {
                known
                    .as_ref()
                    .map_or(0.0, |(text, _)| alike(text, &step.text))
            };
            let best = gone
                .iter_mut()
                .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let found = best
                .filter(|best| likeness(best) >= ALIKE)
                .and_then(Option::take);
            *row = Some(match found {
                Some((_, row)) => {
                    tally.rename(row, &step.text);
                    row
                }
                None => tally.row(&step.text),
            });
        }
        let rows: Vec<usize> = rows.into_iter().flatten().collect();
        self.known = steps
            .iter()
            .map(|step| step.text.clone())
            .zip(rows.iter().copied())
            .collect();
        // A step that is away for a while comes back to its row.
        self.known.extend(gone.into_iter().flatten());
        rows
    }
}

fn alike(one: &str, other: &str) -> f64 {
    let word = |text: &str| {
        text.split(' ')
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase()
    };
    if word(one) == word(other) {
        normalized_damerau_levenshtein(one, other)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(texts: &[&str]) -> Vec<Step> {
        let step = |(line, text): (usize, &&str)| Step {
            line,
            text: (*text).to_owned(),
            key: [0; 32],
        };
        texts.iter().enumerate().map(step).collect()
    }

    #[test]
    fn steps_keep_their_rows() {
        let (mut follow, mut tally) = (Follow::default(), Tally::default());
        let mut rows = |texts: &[&str]| follow.rows(&steps(texts), &mut tally);
        assert_eq!(
            rows(&["RUN conda install", "COPY a /a", "RUN make"]),
            [0, 1, 2]
        );
        assert_eq!(
            rows(&["COPY a /a", "RUN conda install", "RUN make"]),
            [1, 0, 2],
            "moved"
        );
        assert_eq!(
            rows(&["COPY a /a", "RUN conda install -y", "RUN make"]),
            [1, 0, 2],
            "edited"
        );
        assert_eq!(
            rows(&["COPY a /a", "RUN make", "RUN something else"]),
            [1, 2, 3],
            "gone and new"
        );
        assert_eq!(rows(&["RUN conda install -y", "RUN make"]), [0, 2], "back");
    }
}
