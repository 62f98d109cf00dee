//! Which package lies in which layer of the image: decided when it is locked, and kept.
//!
//! At first the largest packages stand alone, and the others share layers of about the same size: those for any
//! machine theirs, compiled ones theirs. From then on a package stays where it is, whatever becomes of it and of the
//! others, so that one that comes, goes or changes has its own layer linked again and no other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{LockedWheel, Package};

/// A smaller archive is not worth a layer of its own, in bytes.
const HEAVY: u64 = 1 << 20;

/// Layers that are shared have at least about as much, in bytes, so that a small environment has few.
const SHARED: u64 = 2 << 20;

/// One layer in so many is for the wheels of the `pip:` section, and one in so many of each is left free for packages
/// that come later.
const ONE_IN: usize = 10;

/// What lies in a layer.
pub trait Item: Clone {
    /// What it is called.
    fn name(&self) -> &str;
    /// The bytes of its archive.
    fn size(&self) -> u64;
    /// Whether it is for any machine.
    fn is_noarch(&self) -> bool;
    /// The layer that it shares with others; none if it stands alone.
    fn layer(&self) -> Option<&str>;
    /// Puts it into a layer.
    fn put(&mut self, layer: Option<String>);
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
    fn layer(&self) -> Option<&str> {
        self.layer.as_deref()
    }
    fn put(&mut self, layer: Option<String>) {
        self.layer = layer;
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
    fn layer(&self) -> Option<&str> {
        self.layer.as_deref()
    }
    fn put(&mut self, layer: Option<String>) {
        self.layer = layer;
    }
}

/// How an environment's layers are shared out: those of conda's packages, and above them those of the wheels of the
/// `pip:` section. Neither moves the other.
fn shares(layers: usize) -> (usize, usize) {
    let wheels = (layers / ONE_IN).max(1);
    (layers.saturating_sub(wheels).max(1), wheels)
}

/// Puts packages and wheels into at most `layers` layers, those that were locked before into the layer that they had.
///
/// `before` are the packages and the wheels of a lock that was made for as many layers; none if there is no such lock
/// or all are to be sorted anew.
pub fn arrange(
    packages: &mut [Package],
    wheels: &mut [LockedWheel],
    before: (&[Package], &[LockedWheel]),
    layers: usize,
) {
    // A merge of two branches may have more than there may be.
    let is_too_many = count(before.0, before.1) > layers;
    let before = if is_too_many {
        Default::default()
    } else {
        before
    };
    let (package_layers, wheel_layers) = shares(layers);
    settle(packages, before.0, package_layers);
    settle(wheels, before.1, wheel_layers);
}

/// How many layers the packages and wheels of an environment take.
pub fn count(packages: &[Package], wheels: &[LockedWheel]) -> usize {
    Layers::of(packages).len() + Layers::of(wheels).len()
}

fn settle<T: Item>(items: &mut [T], before: &[T], most: usize) {
    let known: BTreeMap<&str, &T> = before.iter().map(|item| (item.name(), item)).collect();
    let (mut kept, mut new): (Vec<_>, Vec<_>) = items
        .iter_mut()
        .partition(|item| known.contains_key(item.name()));
    for item in &mut kept {
        item.put(known[item.name()].layer().map(str::to_owned));
    }
    let mut layers = Layers::of(kept.iter().map(|item| &**item));
    if layers.len() == 0 {
        return sort(new, most);
    }
    new.sort_by_key(|item| (Reverse(item.size()), item.name().to_owned()));
    for item in new {
        item.put(layers.place(item, most));
        layers.add(item);
    }
}

/// The layers of a lock, with the bytes in each.
#[derive(Default)]
struct Layers {
    alone: usize,
    total: u64,
    shared: BTreeMap<String, Shared>,
}

#[derive(Default)]
struct Shared {
    size: u64,
    compiled: bool,
}

impl Layers {
    fn of<'i, T: Item + 'i>(items: impl IntoIterator<Item = &'i T>) -> Self {
        let mut layers = Self::default();
        for item in items {
            layers.add(item);
        }
        layers
    }

    fn add<T: Item>(&mut self, item: &T) {
        self.total += item.size();
        match item.layer() {
            None => self.alone += 1,
            Some(name) => {
                let shared = self.shared.entry(name.to_owned()).or_default();
                shared.size += item.size();
                shared.compiled |= !item.is_noarch();
            }
        }
    }

    fn len(&self) -> usize {
        self.alone + self.shared.len()
    }

    /// Where a package goes that is new: alone if it is as large as a layer and there is room; else into the
    /// smallest layer of its kind, or a new one where that would become too large and there is room.
    fn place<T: Item>(&self, item: &T, most: usize) -> Option<String> {
        let average = self.total / u64::try_from(most).unwrap_or(u64::MAX).max(1);
        let is_room = self.len() < most;
        let for_sharing = usize::from(self.shared.is_empty());
        if item.size() >= average.max(HEAVY) && self.len() + for_sharing < most {
            return None;
        }
        let of_kind = |shared: &Shared| shared.compiled != item.is_noarch();
        let smallest = |kind: bool| {
            let fit = self.shared.iter();
            let fit = fit.filter(|(_, shared)| !kind || of_kind(shared));
            fit.min_by_key(|(name, shared)| (shared.size, name.as_str()))
        };
        let fits = |shared: &Shared| shared.size + item.size() <= average.max(SHARED);
        let name = match smallest(true) {
            Some((name, shared)) if fits(shared) => name.clone(),
            _ if is_room => self.unused(),
            near => near.or_else(|| smallest(false))?.0.clone(),
        };
        Some(name)
    }

    fn unused(&self) -> String {
        let mut names = (1..).map(name_of);
        names
            .find(|name| !self.shared.contains_key(name))
            .unwrap_or_default()
    }
}

/// Sorts packages of which none has a layer yet.
fn sort<T: Item>(mut items: Vec<&mut T>, most: usize) {
    items.sort_by_key(|item| (Reverse(item.size()), item.name().to_owned()));
    let mut left = (most - most / ONE_IN).max(1);
    let mut size: u64 = items.iter().map(|item| item.size()).sum();
    let average = |size: u64, left: usize| size / u64::try_from(left).unwrap_or(1).max(1);
    let mut alone = 0;
    for item in &mut items {
        if left == 1 || item.size() < average(size, left).max(HEAVY) {
            break;
        }
        item.put(None);
        size -= item.size();
        left -= 1;
        alone += 1;
    }
    let rest = items.split_off(alone);
    let shared = usize::try_from(size.div_ceil(SHARED)).unwrap_or(left);
    let shared = shared.clamp(1, left);
    let (noarch, compiled): (Vec<_>, Vec<_>) = rest.into_iter().partition(|item| item.is_noarch());
    let of_noarch: u64 = noarch.iter().map(|item| item.size()).sum();
    let noarch_layers = match (noarch.is_empty(), compiled.is_empty()) {
        (true, _) => 0,
        (_, true) => shared,
        _ if shared == 1 => return share([noarch, compiled].into_iter().flatten(), 0, 1),
        _ => part(shared, of_noarch, size).clamp(1, shared - 1),
    };
    share(compiled, 0, shared - noarch_layers);
    share(noarch, shared - noarch_layers, noarch_layers);
}

/// As much of `layers` as `part` is of `whole`, rounded.
fn part(layers: usize, part: u64, whole: u64) -> usize {
    let layers = u128::try_from(layers).unwrap_or_default();
    let (part, whole) = (u128::from(part), u128::from(whole).max(1));
    usize::try_from((layers * part + whole / 2) / whole).unwrap_or_default()
}

/// Puts packages, the largest first, each into the layer that has least, of `layers` from the number `first` on.
fn share<'i, T: Item + 'i>(
    items: impl IntoIterator<Item = &'i mut T>,
    first: usize,
    layers: usize,
) {
    let mut open: BTreeSet<_> = (first + 1..=first + layers).map(|at| (0, at)).collect();
    for item in items {
        let Some((size, at)) = open.pop_first() else {
            return;
        };
        item.put(Some(name_of(at)));
        open.insert((size + item.size(), at));
    }
}

fn name_of(number: usize) -> String {
    format!("shared-{number:02}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lock::Noarch;
    use crate::lock::tests::package;

    fn sized(name: &str, size: u64) -> Package {
        let noarch = (size % 2 == 1).then_some(Noarch::Python);
        Package {
            size,
            noarch,
            ..package(name)
        }
    }

    fn arranged(mut packages: Vec<Package>, before: &[Package], layers: usize) -> Vec<Package> {
        arrange(&mut packages, &mut [], (before, &[]), layers);
        packages
    }

    /// What lies together.
    fn contents(packages: &[Package]) -> BTreeSet<Vec<(&str, u64)>> {
        let mut layers: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for one in packages {
            let layer = one.layer.as_deref().unwrap_or(&one.name);
            layers
                .entry(layer)
                .or_default()
                .push((&*one.name, one.size));
        }
        layers.into_values().collect()
    }

    /// How many layers of `after` are not among those of `before`: what is linked anew.
    fn touched(before: &[Package], after: &[Package]) -> usize {
        contents(after).difference(&contents(before)).count()
    }

    fn environment() -> impl Strategy<Value = Vec<Package>> {
        let size = prop_oneof![1..HEAVY, HEAVY..HEAVY * 4, HEAVY..2_000_000_000];
        let named = prop::collection::btree_map("[a-z]{1,8}", size, 1..600);
        named.prop_map(|all| {
            let all = all.iter();
            all.map(|(name, size)| sized(name, *size)).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn there_are_no_more_layers_than_may_be_and_shared_ones_are_even(
            packages in environment(),
            layers in 2..100_usize,
        ) {
            let packages = arranged(packages, &[], layers);
            prop_assert!(count(&packages, &[]) < layers);
            let sizes = |noarch| -> Vec<u64> {
                let found = Layers::of(packages.iter().filter(|one| one.is_noarch() == noarch));
                found.shared.values().map(|shared| shared.size).collect()
            };
            for sizes in [sizes(true), sizes(false)] {
                let (Some(most), Some(least)) = (sizes.iter().max(), sizes.iter().min()) else {
                    continue;
                };
                let shared = packages.iter().filter(|one| one.layer.is_some());
                let largest = shared.map(|one| one.size).max().unwrap_or_default();
                prop_assert!(most - least <= largest, "{sizes:?}");
            }
        }

        #[test]
        fn a_change_of_one_package_touches_its_own_layer(
            packages in environment(),
            at in any::<prop::sample::Index>(),
            size in 1..2_000_000_000_u64,
            layers in 2..100_usize,
        ) {
            let whole = arranged(packages, &[], layers);
            let mut without = whole.clone();
            let removed = without.remove(at.index(whole.len()));
            let without = arranged(without, &whole, layers);
            prop_assert!(touched(&whole, &without) <= 1);
            let mut resized = whole.clone();
            resized[at.index(whole.len())] = sized(&removed.name, size);
            let resized = arranged(resized, &whole, layers);
            prop_assert!(touched(&whole, &resized) <= 1);
            prop_assume!(!without.is_empty());
            let mut with = without.clone();
            with.push(sized("new-one", size));
            let with = arranged(with, &without, layers);
            prop_assert!(touched(&without, &with) <= 1);
            prop_assert!(count(&with, &[]) <= layers);
        }

        #[test]
        fn the_order_of_packages_does_not_count(packages in environment()) {
            let mut other = packages.clone();
            other.reverse();
            let mut other = arranged(other, &[], 40);
            other.reverse();
            prop_assert_eq!(arranged(packages, &[], 40), other);
        }
    }

    #[test]
    fn large_packages_stand_alone_and_small_ones_share() {
        let packages = vec![
            sized("libtorch", HEAVY * 100),
            sized("python", HEAVY * 2),
            sized("six", 11),
            sized("zlib", 10),
        ];
        let packages = arranged(packages, &[], 40);
        let layers: Vec<_> = packages.iter().map(Item::layer).collect();
        assert_eq!(layers, [None, None, Some("shared-01"), Some("shared-01")]);
    }

    #[test]
    fn whoever_comes_later_takes_a_free_layer_if_it_is_large() {
        let before = arranged(vec![sized("python", HEAVY * 2), sized("zlib", 10)], &[], 40);
        let mut more = before.clone();
        more.extend([
            sized("libtorch", HEAVY * 100),
            sized("xz", 12),
            sized("six", 11),
        ]);
        let more = arranged(more, &before, 40);
        let layers: Vec<_> = more.iter().map(Item::layer).collect();
        let shared = Some("shared-01");
        assert_eq!(layers, [None, shared, None, shared, Some("shared-02")]);
    }

    #[test]
    fn wheels_have_layers_of_their_own() {
        assert_eq!(shares(40), (36, 4));
        assert_eq!(shares(2), (1, 1));
    }
}
