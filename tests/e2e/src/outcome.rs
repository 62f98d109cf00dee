//! What a build did, stage by stage, as BuildKit told it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use crate::progress::Update;

/// What became of a stage. A stage that BuildKit does not mention was cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Its result was there already.
    Cached,
    /// Its work was done in this build.
    Ran,
    /// Its work failed.
    Failed,
}

/// What a build came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Whether it ended well; of several programs, whether all did.
    pub ok: bool,
    /// The exit codes, one a program; none for one that a signal ended.
    pub codes: Vec<Option<i32>>,
    /// What people saw besides BuildKit's progress.
    pub text: String,
    /// What the steps wrote to stdout.
    pub stdout: String,
    stages: BTreeMap<String, State>,
    /// The stages that were told to have run at some moment, though perhaps not at the last.
    ever_ran: BTreeSet<String>,
}

/// What a program says of one stage.
#[derive(Clone, Debug)]
pub struct Account {
    /// The stage.
    pub id: String,
    /// The digest of its key.
    pub key: String,
    /// Whether it ran.
    pub ran: bool,
}

impl Outcome {
    /// Folds what one program printed. Lines of JSON are progress, all others are for people.
    pub fn of(lines: &[String], code: Option<i32>) -> Result<Self> {
        let mut outcome = Self {
            ok: code == Some(0),
            codes: vec![code],
            ..Self::default()
        };
        // Two stages that do the same are one vertex with two names.
        let mut last = BTreeMap::new();
        for line in lines {
            if !line.starts_with('{') {
                outcome.text += line;
                outcome.text.push('\n');
                continue;
            }
            let update = Update::of(line)?;
            outcome.stdout += &update.stdout()?;
            for vertex in update.vertexes {
                let Some(stage) = vertex.stage().map(str::to_owned) else {
                    continue;
                };
                if vertex.state() == State::Ran {
                    outcome.ever_ran.insert(stage.clone());
                }
                let became = vertex.state();
                last.insert((vertex.digest, stage), became);
            }
        }
        for ((_, stage), became) in last {
            outcome.set(&stage, became);
        }
        Ok(outcome)
    }

    /// What several programs did together.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        for (stage, became) in &other.stages {
            self.set(stage, *became);
        }
        Self {
            ok: self.ok && other.ok,
            codes: [self.codes, other.codes].concat(),
            text: self.text + &other.text,
            stdout: self.stdout + &other.stdout,
            stages: self.stages,
            ever_ran: self.ever_ran.into_iter().chain(other.ever_ran).collect(),
        }
    }

    /// Takes over which stages ran from the program's own account, if BuildKit's allows it. A program that has several
    /// builds going tells of a step that they share once for each, the last time perhaps as cached; and of two stages
    /// that do the same, by their keys, BuildKit may name but one.
    pub fn with_account(mut self, account: &[Account]) -> Result<Self> {
        let told = account
            .iter()
            .filter(|stage| self.ever_ran.contains(&stage.id));
        let keys: BTreeSet<_> = told.map(|stage| &stage.key).collect();
        let possible = account.iter().filter(|stage| keys.contains(&stage.key));
        let possible: BTreeSet<_> = possible.map(|stage| stage.id.as_str()).collect();
        let ran = account.iter().filter(|stage| stage.ran);
        let ran: BTreeSet<_> = ran.map(|stage| stage.id.as_str()).collect();
        let certain = self.ran();
        if !(certain.is_subset(&ran) && ran.is_subset(&possible)) {
            return difference(&ran, &certain).map(|()| self);
        }
        for stage in ran {
            self.set(stage, State::Ran);
        }
        Ok(self)
    }

    fn set(&mut self, stage: &str, became: State) {
        let known = self.stages.entry(stage.to_owned()).or_insert(became);
        *known = became.max(*known);
    }

    /// What became of a stage, if BuildKit mentioned it.
    pub fn state(&self, stage: &str) -> Option<State> {
        self.stages.get(stage).copied()
    }

    /// The stages that ran, by their names in the plan: `notebook`, `notebook@micromamba+conda-env`.
    pub fn ran(&self) -> BTreeSet<&str> {
        let ran = self
            .stages
            .iter()
            .filter(|(_, state)| **state == State::Ran);
        ran.map(|(stage, _)| stage.as_str()).collect()
    }

    /// The stages that ran, by their names in the file: `notebook`. The `finish` of a service is none of its stages.
    pub fn ran_in_file(&self) -> BTreeSet<&str> {
        let stages = self
            .ran()
            .into_iter()
            .filter(|stage| !stage.ends_with("/finish"));
        stages
            .map(|stage| stage.split_once('@').map_or(stage, |(name, _)| name))
            .collect()
    }

    /// The same, if the build ended well.
    pub fn succeeded(self) -> Result<Self> {
        if self.ok {
            return Ok(self);
        }
        let failed = self
            .stages
            .iter()
            .filter(|(_, state)| **state == State::Failed);
        let failed: Vec<_> = failed.map(|(stage, _)| stage).collect();
        bail!("the build failed, in the stages {failed:?}:\n{}", self.text)
    }

    /// An error that tells what ran too much and what too little.
    pub fn expect_ran<'s>(&self, expected: impl IntoIterator<Item = &'s str>) -> Result<()> {
        difference(&self.ran(), &expected.into_iter().collect())
    }
}

/// An error that names what is in one of the sets only.
pub fn difference(ran: &BTreeSet<&str>, expected: &BTreeSet<&str>) -> Result<()> {
    if ran == expected {
        return Ok(());
    }
    let list = |stages: Vec<&&str>| match stages.as_slice() {
        [] => "nothing".to_owned(),
        some => some
            .iter()
            .map(|stage| **stage)
            .collect::<Vec<_>>()
            .join(" "),
    };
    let more = list(ran.difference(expected).collect());
    let less = list(expected.difference(ran).collect());
    bail!("ran and should not have: {more}; should have run and did not: {less}")
}

#[cfg(test)]
mod tests {
    use super::{Account, Outcome, State};

    fn of(lines: &[&str]) -> Outcome {
        let lines: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        Outcome::of(&lines, Some(0)).unwrap()
    }

    #[test]
    fn the_last_state_of_a_step_counts() {
        let outcome = of(&[
            r#"{"vertexes":[{"digest":"a","name":"[one] x","completed":"t"},{"digest":"b","name":"[two] x"}]}"#,
            "a word to people",
            r#"{"vertexes":[{"digest":"a","name":"[one] x","completed":"t","cached":true}]}"#,
            r#"{"vertexes":[{"digest":"b","name":"[two] x","completed":"t"}]}"#,
            r#"{"logs":[{"vertex":"b","stream":1,"data":"aGkK"}]}"#,
        ]);
        assert_eq!(
            (outcome.state("one"), outcome.state("two")),
            (Some(State::Cached), Some(State::Ran))
        );
        assert_eq!(
            (outcome.text.as_str(), outcome.stdout.as_str()),
            ("a word to people\n", "hi\n")
        );
    }

    #[test]
    fn differences_are_told_both_ways() {
        let outcome = of(&[r#"{"vertexes":[{"digest":"a","name":"[one@x] y","completed":"t"}]}"#]);
        assert_eq!(outcome.ran_in_file(), ["one"].into());
        outcome.expect_ran(["one@x"]).unwrap();
        let error = outcome.expect_ran(["two"]).unwrap_err().to_string();
        assert_eq!(
            error,
            "ran and should not have: one@x; should have run and did not: two"
        );
    }

    #[test]
    fn an_account_must_be_possible() {
        let outcome = of(&[
            r#"{"vertexes":[{"digest":"a","name":"[one] x","completed":"t"}]}"#,
            r#"{"vertexes":[{"digest":"a","name":"[one] x","completed":"t","cached":true}]}"#,
            r#"{"vertexes":[{"digest":"b","name":"[two] x","completed":"t"}]}"#,
        ]);
        // Three does the same as two.
        let account = |ran: &[&str]| {
            let stages = [("one", "k"), ("two", "l"), ("three", "l"), ("four", "m")];
            let account = stages.map(|(id, key)| Account {
                id: id.to_owned(),
                key: key.to_owned(),
                ran: ran.contains(&id),
            });
            outcome.clone().with_account(&account)
        };
        assert_eq!(
            account(&["one", "two"]).unwrap().ran(),
            ["one", "two"].into()
        );
        assert!(account(&["two", "three"]).is_ok());
        assert!(account(&["one"]).is_err(), "two ran for certain");
        assert!(account(&["two", "four"]).is_err(), "four was never told of");
    }
}
