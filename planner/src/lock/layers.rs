//! Which package lies in which layer of the image: decided when it is locked, and kept.
//!
//! A package that changes has its whole layer linked and pushed again. So a layer of n packages and S bytes costs n·S:
//! the sum over all layers, divided by the number of packages, is what a change of one of them links on average. At
//! first packages are sorted so that this is least: large ones stand alone, and the smaller they are, the more of them
//! share a layer, those for any machine theirs, compiled ones theirs. From then on a package stays where it is, whatever
//! becomes of it and of the others, so that one that comes, goes or changes has its own layer linked again and no other.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{LockedWheel, Package};

/// What a layer more has to save of the bytes that a change links on average: it is one more to pull and to put on the
/// others.
const WORTH: u64 = 64 << 10;

/// One layer in so many is for the wheels of the `pip:` section; where it has none, one is kept for those to come.
const FOR_WHEELS: usize = 10;

/// One layer in so many is left free for packages that come later.
const FREE: usize = 20;

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
    let for_wheels = match wheels.len() {
        0 => 1,
        _ => (layers / FOR_WHEELS).max(1),
    };
    settle(packages, before.0, layers.saturating_sub(for_wheels).max(1));
    let left = layers.saturating_sub(count(packages, &[]));
    settle(wheels, before.1, for_wheels.min(left).max(1));
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

/// The layers of a lock, with what is in each.
#[derive(Default)]
struct Layers {
    alone: usize,
    whole: Contents,
    shared: BTreeMap<String, Contents>,
}

#[derive(Default)]
struct Contents {
    packages: usize,
    /// The bytes of their archives.
    size: u64,
    compiled: bool,
}

impl Contents {
    fn add<T: Item>(&mut self, item: &T) {
        self.packages += 1;
        self.size = self.size.saturating_add(item.size());
        self.compiled |= !item.is_noarch();
    }
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
        self.whole.add(item);
        match item.layer() {
            None => self.alone += 1,
            Some(name) => self.shared.entry(name.to_owned()).or_default().add(item),
        }
    }

    fn len(&self) -> usize {
        self.alone + self.shared.len()
    }

    /// Where a package goes that is new: into the layer of its kind where it costs least, or a new one if that costs
    /// less and there is room; alone there if it is as large as a layer is on average.
    fn place<T: Item>(&self, item: &T, most: usize) -> Option<String> {
        let is_room = self.len() < most;
        let cheapest = |is_any: bool| {
            let shared = self.shared.iter();
            let fit = shared.filter(|(_, shared)| is_any || shared.compiled != item.is_noarch());
            let costs = fit.map(|(name, shared)| {
                let joined = shared.size.saturating_add(item.size());
                let before = cost(shared.packages, shared.size);
                (
                    cost(shared.packages + 1, joined).saturating_sub(before),
                    name,
                )
            });
            costs.min()
        };
        let new = item.size().saturating_add(cost(self.whole.packages, WORTH));
        let average = self.whole.size / u64::try_from(most).unwrap_or(u64::MAX).max(1);
        let for_sharing = usize::from(self.shared.is_empty());
        match cheapest(false) {
            Some((joined, name)) if !is_room || joined <= new => Some(name.clone()),
            None if !is_room => cheapest(true).map(|(_, name)| name.clone()),
            _ if item.size() >= average && self.len() + for_sharing < most => None,
            _ => Some(self.unused()),
        }
    }

    fn unused(&self) -> String {
        let mut names = (1..).map(name_of);
        names
            .find(|name| !self.shared.contains_key(name))
            .unwrap_or_default()
    }
}

/// What a layer costs, in bytes: all of it, for a change of each package.
fn cost(packages: usize, size: u64) -> u64 {
    let packages = u64::try_from(packages).unwrap_or(u64::MAX);
    packages.saturating_mul(size)
}

/// Sorts packages of which none has a layer yet.
fn sort<T: Item>(mut items: Vec<&mut T>, most: usize) {
    let first = most - most / FREE;
    // A single layer is for both kinds.
    let kind = |item: &T| first > 1 && item.is_noarch();
    items.sort_by_key(|item| (kind(item), Reverse(item.size()), item.name().to_owned()));
    let sizes: Vec<u64> = items.iter().map(|item| item.size()).collect();
    let (compiled, noarch) = sizes.split_at(items.partition_point(|item| !kind(item)));
    let (compiled, noarch) = (Cuts::of(compiled, first), Cuts::of(noarch, first));
    let price = cost(items.len(), WORTH);
    let ways = (0..compiled.len()).flat_map(|a| (0..noarch.len()).map(move |b| (a, b)));
    let ways = ways.filter(|(a, b)| a + b <= first).map(|(a, b)| {
        let costs = compiled.cost(a).saturating_add(noarch.cost(b));
        (costs.saturating_add(cost(a + b, price)), a, b)
    });
    let Some((_, a, b)) = ways.min() else {
        return;
    };
    let runs = [compiled.runs(a), noarch.runs(b)].concat();
    // Whoever comes later has to go somewhere.
    let is_full = runs.len() == most && runs.iter().all(|run| *run == 1);
    let mut shared = 0;
    let mut items = items.into_iter();
    for (at, run) in runs.iter().enumerate() {
        let is_shared = *run > 1 || is_full && at + 1 == runs.len();
        shared += usize::from(is_shared);
        for item in items.by_ref().take(*run) {
            item.put(is_shared.then(|| name_of(shared)));
        }
    }
}

/// The cheapest ways to cut packages, the largest first, into runs.
///
/// A cheapest way to sort them at all is among these: of two layers, the one with more packages has the smaller ones,
/// since otherwise exchanging two would cost less.
struct Cuts {
    /// By the number of runs and the number of packages that are in them: the cost, and where the last run begins.
    table: Vec<Vec<(u64, usize)>>,
}

impl Cuts {
    /// Of packages with these sizes, into at most so many runs.
    fn of(sizes: &[u64], most: usize) -> Self {
        let mut sums = vec![0_u64];
        sums.extend(sizes.iter().scan(0_u64, |sum, size| {
            *sum = sum.saturating_add(*size);
            Some(*sum)
        }));
        let mut row: Vec<_> = sums.iter().map(|_| (u64::MAX, 0)).collect();
        row[0].0 = 0;
        let mut table = vec![row];
        for runs in 1..=most.min(sizes.len()) {
            let before = &table[runs - 1];
            let best = |end: usize| {
                let starts = (0..end).map(|start| {
                    let run = cost(end - start, sums[end] - sums[start]);
                    (before[start].0.saturating_add(run), start)
                });
                starts.min().unwrap_or((u64::MAX, 0))
            };
            table.push((0..sums.len()).map(best).collect());
        }
        Self { table }
    }

    /// One more than there may be runs.
    fn len(&self) -> usize {
        self.table.len()
    }

    fn cost(&self, runs: usize) -> u64 {
        self.table[runs].last().map_or(u64::MAX, |(cost, _)| *cost)
    }

    /// How many packages are in each run.
    fn runs(&self, runs: usize) -> Vec<usize> {
        let mut end = self.table[0].len() - 1;
        let mut lengths: Vec<_> = (1..=runs)
            .rev()
            .map(|runs| {
                let (_, start) = self.table[runs][end];
                let length = end - start;
                end = start;
                length
            })
            .collect();
        lengths.reverse();
        lengths
    }
}

fn name_of(number: usize) -> String {
    format!("shared-{number:02}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::lock::Noarch;
    use crate::lock::tests::package;

    const MIB: u64 = 1 << 20;

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
        let size = prop_oneof![1..MIB, MIB..MIB * 4, MIB..2_000_000_000];
        let named = prop::collection::btree_map("[a-z]{1,8}", size, 1..150);
        named.prop_map(|all| {
            let all = all.iter();
            all.map(|(name, size)| sized(name, *size)).collect()
        })
    }

    /// What all layers cost.
    fn costs(packages: &[Package]) -> u64 {
        let layers = contents(packages);
        let layers = layers.iter().map(|layer| {
            let size = layer.iter().map(|(_, size)| size).sum();
            cost(layer.len(), size) + cost(packages.len(), WORTH)
        });
        layers.sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_other_way_to_sort_costs_less(
            packages in environment(),
            layers in 2..100_usize,
            other in prop::collection::vec(any::<prop::sample::Index>(), 150),
            [moved, to] in any::<[prop::sample::Index; 2]>(),
        ) {
            let sorted = arranged(packages, &[], layers);
            prop_assert!(count(&sorted, &[]) < layers);
            let most = layers - 1;
            let most = most - most / FREE;
            prop_assume!(most > 1);
            let target = sorted[to.index(sorted.len())].clone();
            let mut others = sorted.clone();
            let one = &mut others[moved.index(sorted.len())];
            if target.layer.is_some() && one.is_noarch() == target.is_noarch() {
                one.layer = target.layer;
            }
            prop_assert!(costs(&sorted) <= costs(&others));
            let mut others = sorted.clone();
            for (package, at) in others.iter_mut().zip(other) {
                let half = if package.is_noarch() { 0 } else { most / 2 };
                package.layer = Some(name_of(half + at.index(most / 2)));
            }
            prop_assert!(costs(&sorted) <= costs(&others));
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
            sized("libtorch", MIB * 100),
            sized("python", MIB * 2),
            sized("six", 11),
            sized("zlib", 10),
            sized("xz", 12),
            sized("idna", 13),
        ];
        let packages = arranged(packages, &[], 40);
        let layers: Vec<_> = packages.iter().map(Item::layer).collect();
        let [compiled, noarch] = ["shared-01", "shared-02"].map(Some);
        assert_eq!(layers, [None, None, noarch, compiled, compiled, noarch]);
    }

    #[test]
    fn whoever_comes_later_takes_a_free_layer_if_it_is_large() {
        let first = ["python", "zlib", "xz"].into_iter();
        let first = first.zip([MIB * 2, 10, 12]);
        let before = first.map(|(name, size)| sized(name, size)).collect();
        let before = arranged(before, &[], 40);
        let mut more = before.clone();
        more.extend([
            sized("libtorch", MIB * 100),
            sized("bzip2", 12),
            sized("six", 11),
        ]);
        let more = arranged(more, &before, 40);
        let layers: Vec<_> = more.iter().map(Item::layer).collect();
        let [compiled, noarch] = ["shared-01", "shared-02"].map(Some);
        assert_eq!(layers, [None, compiled, compiled, None, compiled, noarch]);
    }

    #[test]
    fn a_full_image_has_room_for_whoever_comes_later() {
        let all = ["libtorch", "python"].map(|name| sized(name, MIB * 100));
        let before = arranged(all.to_vec(), &[], 3);
        assert_eq!(count(&before, &[]), 2);
        let mut more = before.clone();
        more.push(sized("triton", MIB * 100));
        let more = arranged(more, &before, 3);
        assert_eq!(count(&more, &[]), 2);
        assert_eq!(touched(&before, &more), 1);
    }

    #[test]
    fn wheels_have_layers_of_their_own() {
        let sized_wheel = |at: u64| LockedWheel {
            name: format!("wheel-{at}"),
            version: "1.0".into(),
            url: "https://files.example/wheel-1.0-py3-none-any.whl".into(),
            sha256: "12".repeat(32),
            size: MIB * at,
            layer: None,
            sdist: false,
            requires: Vec::new(),
        };
        let mut packages: Vec<_> = (1..=100)
            .map(|at| sized(&format!("package-{at}"), MIB * at))
            .collect();
        let mut wheels: Vec<_> = (1..=20).map(sized_wheel).collect();
        arrange(&mut packages, &mut wheels, (&[], &[]), 40);
        assert_eq!((count(&packages, &[]), count(&[], &wheels)), (35, 4));
        // Where there were none, they find room and move nothing.
        arrange(&mut packages, &mut [], (&[], &[]), 40);
        let before = packages.clone();
        assert_eq!(count(&before, &[]), 38);
        arrange(&mut packages, &mut wheels, (&before, &[]), 40);
        assert_eq!(packages, before);
        assert_eq!(count(&[], &wheels), 2);
    }
}
