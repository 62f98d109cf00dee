//! Whatever the order in which a file says things, it means the same; and whatever it says, plans hold together.

use std::collections::{BTreeMap, BTreeSet};

use layercake_planner::plan::Plan;
use layercake_planner::resolve::Selection;
use proptest::prelude::*;

use crate::made_up::{file, listed, services, shuffle, stages, world};

/// The plan, unless the file has a mistake: wheels and others may meet in ways that are refused.
fn planned(yaml: &str) -> Result<Plan, BTreeSet<String>> {
    let outcome = world().try_plan(yaml, &Selection::All);
    outcome.plan.ok_or_else(|| {
        let found = outcome.diagnostics.iter();
        found
            .map(|found| format!("{} {}", found.code, found.message))
            .collect()
    })
}

/// The layers of each service by their keys, and all keys.
fn meaning(plan: &Plan) -> (BTreeMap<&str, Vec<String>>, BTreeSet<String>) {
    let key = |id| plan.stage(id).key.digest().to_owned();
    let services = plan.services.iter();
    let services = services.map(|service| {
        let layers = service.layers.iter().map(|id| key(*id));
        (service.name.as_str(), layers.collect())
    });
    (
        services.collect(),
        plan.stages().map(|(id, _)| key(id)).collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_means_nothing(stages in stages(), services in services(), seed in any::<u64>()) {
        let services = listed(&services, &stages);
        let plain = file(&stages, &services, |_| {});
        let shuffled = file(&stages, &services, shuffle(seed));
        match (planned(&plain), planned(&shuffled)) {
            (Ok(plain), Ok(shuffled)) => prop_assert_eq!(meaning(&plain), meaning(&shuffled)),
            (Err(plain), Err(shuffled)) => prop_assert_eq!(plain, shuffled),
            (plain, shuffled) => prop_assert!(false, "{:?}\n{:?}", plain.err(), shuffled.err()),
        }
    }

    /// What a service is made of has nothing to do with which others are built along.
    #[test]
    fn services_are_planned_alike_alone_and_together(stages in stages(), services in services()) {
        let yaml = file(&stages, &listed(&services, &stages), |_| {});
        let Ok(together) = planned(&yaml) else { return Ok(()) };
        let (together, _) = meaning(&together);
        for name in together.keys() {
            let selection = Selection::Services(vec![(*name).to_owned()]);
            let alone = world().try_plan(&yaml, &selection).plan.expect("a plan");
            prop_assert_eq!(&meaning(&alone).0[name], &together[name]);
        }
    }
}
