//! Pointers of git-lfs: small texts that stand for files kept elsewhere.

use layercake_planner::facts::LFS_HEADER;

/// What a pointer says of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// SHA-256 of the file's bytes.
    pub sha256: [u8; 32],
    /// The file's size in bytes.
    pub size: u64,
}

impl Pointer {
    /// No pointer is longer.
    pub const LONGEST: u64 = 1024;

    /// Reads a pointer; anything else is none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        if !text.starts_with(LFS_HEADER) {
            return None;
        }
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        let mut sha256 = [0; 32];
        hex::decode_to_slice(value("oid sha256:")?.trim(), &mut sha256).ok()?;
        Some(Self {
            sha256,
            size: value("size ")?.trim().parse().ok()?,
        })
    }
}
