//! What plans are lowered to.

#[path = "../../../../planner/tests/support/every_kind.rs"]
mod every_kind;
#[path = "../../../../planner/tests/support/made_up.rs"]
mod made_up;
#[path = "../../../../planner/tests/support/world.rs"]
#[allow(dead_code, reason = "other tests make more of it")]
mod world;

mod errors;
mod keys;
mod kinds;
mod properties;
mod published;
mod shown;

use std::collections::BTreeMap;

use layercake_lower::{Abilities, ContextSource, LowerError, LowerOptions, Lowered, NoCache};
use layercake_planner::plan::Plan;

/// For a daemon that can do everything, or one that cannot merge.
fn options(merge: bool) -> LowerOptions {
    LowerOptions {
        context: ContextSource::Session {
            name: "context".into(),
            session_id: None,
            shared_key_hint: "hint".into(),
            exclude: vec!["**/*.tmp".into()],
        },
        abilities: Abilities {
            merge,
            symbolic_modes: true,
        },
        no_cache: NoCache::None,
        reruns: BTreeMap::new(),
        published: BTreeMap::new(),
        source: None,
        labels: BTreeMap::new(),
    }
}

fn try_lower(plan: &Plan, merge: bool) -> Result<Lowered, LowerError> {
    layercake_lower::lower(plan, &options(merge))
}

#[track_caller]
fn lower(plan: &Plan, merge: bool) -> Lowered {
    try_lower(plan, merge).expect("a plan that can be lowered")
}
