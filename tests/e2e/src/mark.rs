//! Texts that no build has seen before.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A number that differs at each call, in this process and in any other.
pub fn number() -> u64 {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    // Milliseconds are coarse enough to leave room for the calls, which are few.
    let moment = u64::try_from(since.as_millis()).unwrap_or_default();
    moment * 1000 + CALLS.fetch_add(1, Ordering::Relaxed) % 1000
}

/// A word that differs at each call.
pub fn mark() -> String {
    format!("mark{:x}", number())
}

#[cfg(test)]
mod tests {
    use super::mark;

    #[test]
    fn no_two_marks_are_equal() {
        let marks: std::collections::BTreeSet<_> = (0..100).map(|_| mark()).collect();
        assert_eq!(marks.len(), 100);
    }
}
