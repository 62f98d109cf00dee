//! Stages that must run though their results are known.

use layercake_lower::NoCache;
use layercake_planner::plan::Plan;
use layercake_planner::suggest::{list, suggest};

use crate::settings::UsageError;

/// All stages, if none is named; those named otherwise.
pub fn of(stages: Option<&[String]>) -> NoCache {
    match stages {
        None => NoCache::None,
        Some([]) => NoCache::All,
        Some(stages) => NoCache::Stages(stages.iter().cloned().collect()),
    }
}

/// Every stage that is named exists.
pub fn check_stages(no_cache: &NoCache, plan: &Plan) -> Result<(), UsageError> {
    let NoCache::Stages(names) = no_cache else {
        return Ok(());
    };
    let mut known: Vec<_> = plan
        .stages()
        .map(|(_, stage)| stage.name.as_str())
        .collect();
    known.sort_unstable();
    known.dedup();
    let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) else {
        return Ok(());
    };
    let way = match suggest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the stages are {}", list(&known)),
    };
    Err(UsageError::new(format!(
        "no-cache: nothing that is built has a stage `{name}`; {way}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_named_is_all() {
        assert_eq!(of(None), NoCache::None);
        assert_eq!(of(Some(&[])), NoCache::All);
        assert_eq!(
            of(Some(&["a".into()])),
            NoCache::Stages(["a".to_owned()].into())
        );
    }
}
