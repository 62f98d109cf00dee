//! The packages and wheels of a locked environment in groups, each an image layer of its own.
//!
//! Names are hashed onto shelves, as many as the budget of layers allows. The largest packages of a shelf stand
//! alone, and the rest of it is one group. What becomes of a package is decided on its own shelf by its own name
//! and size, so that a package that comes, goes or changes touches one group: or two, where by its size another of
//! the same shelf now stands alone, or no longer does.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::lock::{LockedWheel, Package};

/// How an environment's layers are shared out: those of conda's packages, and above them those of the wheels of the
/// `pip:` section. Neither moves the other.
pub(super) fn shares(layers: usize) -> (usize, usize) {
    let wheels = (layers / 5).max(1);
    (layers.saturating_sub(wheels).max(1), wheels)
}

/// A shelf has room for this many packages that stand alone, if the budget allows it.
const ALONE: usize = 3;

/// A smaller archive is not worth a layer, in bytes.
const HEAVY: u64 = 1 << 20;

/// What is put into groups.
pub(super) trait Item {
    /// What it is called.
    fn name(&self) -> &str;
    /// The bytes of its archive.
    fn size(&self) -> u64;
    /// Whether it is for any machine.
    fn is_noarch(&self) -> bool;
}

impl Item for Package {
    fn name(&self) -> &str {
        &self.name
    }
    fn size(&self) -> u64 {
        self.size
    }
    fn is_noarch(&self) -> bool {
        self.noarch.is_some()
    }
}

impl Item for LockedWheel {
    fn name(&self) -> &str {
        &self.name
    }
    fn size(&self) -> u64 {
        self.size
    }
    fn is_noarch(&self) -> bool {
        self.url.ends_with("-none-any.whl")
    }
}

/// Packages that are linked together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group<'p, T> {
    /// What it is called: by its package, or `shared-` and the number of its shelf.
    pub name: String,
    /// Whether it is what is left of a shelf.
    pub shared: bool,
    /// The packages, by name.
    pub packages: Vec<&'p T>,
}

impl<T: Item> Group<'_, T> {
    /// What is large and rarely changes lies below: the interpreter, then what stands alone, compiled packages
    /// before others.
    fn rank(&self) -> impl Ord + use<'_, T> {
        let mut packages = self.packages.iter();
        let python = packages.any(|package| package.name() == "python");
        let noarch = self.packages.iter().all(|package| package.is_noarch());
        let size: u64 = self.packages.iter().map(|package| package.size()).sum();
        (
            !python,
            self.shared,
            noarch,
            Reverse(size),
            self.name.as_str(),
        )
    }
}

/// Sorts packages into at most `layers` groups, lowest layer first. Every package is in one of them.
pub(super) fn group<T: Item>(packages: &[T], layers: usize) -> Vec<Group<'_, T>> {
    let layers = layers.max(1);
    let shelves = layers.div_ceil(ALONE + 1);
    let alone = layers / shelves - 1;
    let mut by_shelf: BTreeMap<usize, Vec<&T>> = BTreeMap::new();
    for package in packages {
        let shelf = shelf_of(package.name(), shelves);
        by_shelf.entry(shelf).or_default().push(package);
    }
    let mut groups: Vec<_> = by_shelf
        .into_iter()
        .flat_map(|(shelf, packages)| divide(shelf, packages, alone))
        .collect();
    groups.sort_by(|a, b| a.rank().cmp(&b.rank()));
    groups
}

/// The groups of one shelf.
fn divide<T: Item>(shelf: usize, mut packages: Vec<&T>, alone: usize) -> Vec<Group<'_, T>> {
    packages.sort_by_key(|package| (Reverse(package.size()), package.name()));
    let heavy = packages.iter().take(alone);
    let heavy = heavy.take_while(|package| package.size() >= HEAVY).count();
    let mut rest = packages.split_off(heavy);
    let mut groups: Vec<_> = packages
        .into_iter()
        .map(|package| Group {
            name: package.name().to_owned(),
            shared: false,
            packages: vec![package],
        })
        .collect();
    if !rest.is_empty() {
        rest.sort_by_key(|package| package.name());
        groups.push(Group {
            name: format!("shared-{:02}", shelf + 1),
            shared: true,
            packages: rest,
        });
    }
    groups
}

/// The shelf of a package: the one that its name is hashed to highest, so that with another number of shelves
/// most packages stay on theirs.
fn shelf_of(name: &str, shelves: usize) -> usize {
    let digest = Sha256::digest(name);
    let seed = digest
        .iter()
        .take(8)
        .fold(0, |seed: u64, byte| seed << 8 | u64::from(*byte));
    let height = |shelf: &usize| mixed(seed ^ mixed(*shelf as u64 + 1));
    (0..shelves).max_by_key(height).unwrap_or_default()
}

/// A number that differs from its argument's neighbours' in about half of its bits (SplitMix64's last step).
fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::lock::Noarch;

    fn package(name: &str, size: u64) -> Package {
        Package {
            name: name.into(),
            version: "1".into(),
            build: "0".into(),
            build_number: 0,
            subdir: "linux-64".into(),
            url: format!("https://example.org/linux-64/{name}-1-0.conda"),
            sha256: "0".repeat(64),
            md5: None,
            size,
            noarch: None,
            python_site_packages_path: None,
            scripts: false,
            depends: Vec::new(),
            constrains: Vec::new(),
        }
    }

    /// What a group is, whatever its name and place.
    fn contents(packages: &[Package], layers: usize) -> BTreeSet<Vec<(String, u64)>> {
        let of = |group: &Group<Package>| -> Vec<_> {
            let packages = group.packages.iter();
            packages.map(|it| (it.name.clone(), it.size)).collect()
        };
        group(packages, layers).iter().map(of).collect()
    }

    fn environment() -> impl Strategy<Value = Vec<Package>> {
        let size = prop_oneof![1..HEAVY, HEAVY..HEAVY * 4, HEAVY..2_000_000_000];
        let named = prop::collection::btree_map("[a-z]{1,8}", size, 10..600);
        named.prop_map(|all| {
            let all = all.iter();
            all.map(|(name, size)| package(name, *size)).collect()
        })
    }

    /// The groups of `after` that are not among those of `before`: what is linked anew.
    fn touched(before: &[Package], after: &[Package], layers: usize) -> usize {
        contents(after, layers)
            .difference(&contents(before, layers))
            .count()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn every_package_is_in_one_of_few_groups(
            packages in environment(),
            layers in 1..100_usize,
        ) {
            let groups = group(&packages, layers);
            prop_assert!(groups.len() <= layers);
            let names: BTreeSet<_> = groups.iter().map(|group| &group.name).collect();
            prop_assert_eq!(names.len(), groups.len());
            let mut found: Vec<_> = groups.iter().flat_map(|group| &group.packages).collect();
            found.sort_by_key(|package| &package.name);
            prop_assert!(found.into_iter().copied().eq(&packages));
        }

        #[test]
        fn a_change_of_one_package_touches_two_groups_at_most(
            packages in environment(),
            at in any::<prop::sample::Index>(),
            size in 1..2_000_000_000_u64,
            layers in 1..100_usize,
        ) {
            let at = at.index(packages.len());
            let mut without = packages.clone();
            let removed = without.remove(at);
            let mut resized = packages.clone();
            resized[at].size = size;
            prop_assert!(touched(&packages, &without, layers) <= 2);
            prop_assert!(touched(&without, &packages, layers) <= 2);
            prop_assert!(touched(&packages, &resized, layers) <= 2);
            let mut updated = packages.clone();
            updated[at] = package(&removed.name, removed.size + u64::from(removed.size % HEAVY < HEAVY / 2));
            prop_assert!(touched(&packages, &updated, layers) <= 2);
        }

        #[test]
        fn the_order_of_packages_does_not_count(packages in environment()) {
            let mut other = packages.clone();
            other.reverse();
            prop_assert_eq!(group(&packages, 40), group(&other, 40));
        }
    }

    #[test]
    fn the_interpreter_lies_lowest_and_shared_groups_on_top() {
        let mut packages = vec![
            package("python", HEAVY),
            package("libtorch", HEAVY * 100),
            package("notebook", HEAVY * 2),
            package("six", 10),
        ];
        packages[2].noarch = Some(Noarch::Python);
        let groups = group(&packages, 40);
        let names: Vec<_> = groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names[..3], ["python", "libtorch", "notebook"]);
        assert!(names[3].starts_with("shared-"), "{names:?}");
    }

    #[test]
    fn shelves_get_about_as_much_each() {
        let mut count = [0; 10];
        for number in 0..1000 {
            count[shelf_of(&format!("package-{number}"), 10)] += 1;
        }
        assert!(
            count.iter().all(|count| (60..140).contains(count)),
            "{count:?}"
        );
    }

    #[test]
    fn one_layer_has_everything() {
        let packages = [package("a", HEAVY * 9), package("b", 1)];
        assert_eq!(group(&packages, 1).len(), 1);
        assert_eq!(group(&packages, 0).len(), 1);
    }
}
