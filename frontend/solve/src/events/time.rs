//! Points in time, as BuildKit's clock has them.

use buildkit_proto::google::protobuf::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Nanoseconds since 1970, UTC. As text it is RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

const SECOND: i64 = 1_000_000_000;

impl Time {
    /// Seconds from `earlier` to this; negative if it is the other way round.
    #[expect(
        clippy::cast_precision_loss,
        reason = "durations of builds are far below 2^53 nanoseconds, 104 days"
    )]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1e9
    }

    pub(super) fn to_wire(self) -> Timestamp {
        let nanos = i32::try_from(self.0.rem_euclid(SECOND)).unwrap_or(0);
        Timestamp {
            seconds: self.0.div_euclid(SECOND),
            nanos,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let timestamp: prost_types::Timestamp = text.parse().ok()?;
        Some(Self::from(Timestamp {
            seconds: timestamp.seconds,
            nanos: timestamp.nanos,
        }))
    }
}

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        Self(
            timestamp
                .seconds
                .saturating_mul(SECOND)
                .saturating_add(timestamp.nanos.into()),
        )
    }
}

impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Timestamp { seconds, nanos } = self.to_wire();
        prost_types::Timestamp { seconds, nanos }.fmt(out)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom(format!("`{text}` is not an RFC 3339 time")))
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn text_goes_both_ways() {
        for text in [
            "2024-05-01T10:00:00.123456789Z",
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59.500Z",
        ] {
            let time = Time::parse(text).expect(text);
            assert_eq!(time.to_string(), text);
        }
        assert_eq!(
            Time::parse("2024-05-01T12:00:00+02:00"),
            Time::parse("2024-05-01T10:00:00Z")
        );
        assert_eq!(Time::parse("yesterday"), None);
    }

    #[test]
    fn durations_are_in_seconds() {
        let (from, to) = (Time(1_500_000_000), Time(4_000_000_000));
        assert!((to.seconds_since(from) - 2.5).abs() < 1e-9);
    }
}
