//! Names that may have been meant.

/// The most names that are of use to a reader.
const MOST: usize = 3;

/// Names close to `wrong`, the closest first.
pub fn similar<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let wrong = wrong.to_lowercase();
    let limit = (wrong.chars().count() / 3).clamp(1, 4);
    let mut close: Vec<(usize, &str)> = names
        .map(|name| (strsim::osa_distance(&wrong, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    close.sort_unstable();
    close.into_iter().map(|(_, name)| name).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn close_names_come_closest_first() {
        let names = [
            "requirements.txt",
            "requirement.txt",
            "README.md",
            "Requirements.txt",
        ];
        assert_eq!(
            similar("requirements.txt", names.into_iter()),
            ["Requirements.txt", "requirements.txt", "requirement.txt"]
        );
        assert!(similar("x", names.into_iter()).is_empty());
    }
}
