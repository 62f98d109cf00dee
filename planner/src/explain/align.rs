//! Two lists of named things, matched.

/// A difference between two lists.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Difference<'l, T> {
    /// It counts as another.
    Changed(&'l T, &'l T),
    /// It is in the later list only.
    Added(&'l T),
    /// It is in the earlier list only.
    Removed(&'l T),
    /// All are there, in another order.
    Reordered,
}

/// What differs between two lists in which the order counts: by name where a name is in both; what only bears
/// another name is no difference. Lists that are not the same differ in something.
pub(super) fn align<'l, T>(
    before: &'l [T],
    after: &'l [T],
    same: impl Fn(&T, &T) -> bool,
    named: impl Fn(&T, &T) -> bool,
) -> Vec<Difference<'l, T>> {
    if before.len() == after.len() && before.iter().zip(after).all(|(a, b)| same(a, b)) {
        return Vec::new();
    }
    let mut left: Vec<Option<&T>> = before.iter().map(Some).collect();
    let mut rest: Vec<Option<&T>> = after.iter().map(Some).collect();
    let mut found = Vec::new();
    // First what is the same in all, then what has the same name, then what is the same under another name.
    for pass in 0..3 {
        let matches = |a: &T, b: &T| match pass {
            0 => same(a, b) && named(a, b),
            1 => named(a, b),
            _ => same(a, b),
        };
        for later in &mut rest {
            let Some(b) = *later else { continue };
            let partner = left
                .iter_mut()
                .find(|earlier| earlier.is_some_and(|a| matches(a, b)));
            if let Some(a) = partner.and_then(Option::take) {
                *later = None;
                if !same(a, b) {
                    found.push(Difference::Changed(a, b));
                }
            }
        }
    }
    found.extend(left.into_iter().flatten().map(Difference::Removed));
    found.extend(rest.into_iter().flatten().map(Difference::Added));
    if found.is_empty() {
        found.push(Difference::Reordered);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::Difference::{Added, Changed, Removed, Reordered};
    use super::*;

    type Named = (&'static str, u8);

    fn of<'l>(before: &'l [Named], after: &'l [Named]) -> Vec<Difference<'l, Named>> {
        align(before, after, |a, b| a.1 == b.1, |a, b| a.0 == b.0)
    }

    #[test]
    fn what_differs_is_told_and_nothing_else() {
        assert_eq!(of(&[("a", 1), ("b", 2)], &[("x", 1), ("y", 2)]), []);
        assert_eq!(
            of(&[("a", 1)], &[("a", 2)]),
            [Changed(&("a", 1), &("a", 2))]
        );
        assert_eq!(
            of(&[("a", 1), ("b", 2)], &[("c", 3), ("a", 1), ("b", 2)]),
            [Added(&("c", 3))]
        );
        assert_eq!(of(&[("a", 1), ("b", 2)], &[("b", 2)]), [Removed(&("a", 1))]);
        assert_eq!(
            of(&[("a", 1), ("b", 2)], &[("b", 2), ("a", 1)]),
            [Reordered]
        );
    }
}
