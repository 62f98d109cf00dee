//! How the program ends, for scripts to tell apart.

use std::io;
use std::process::{ExitCode, Termination};

use layercake_solve::{AddressError, ConnectError, Failure};

use crate::build::Denied;
use crate::facts::ignore_file::IgnoreFileError;
use crate::interrupt::Interrupted;
use crate::pipeline::Rejected;
use crate::settings::UsageError;
use crate::view::TooLarge;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// All was done.
    Success = 0,
    /// The build or the daemon failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The file is wrong; diagnostics say where.
    Rejected = 3,
    /// No BuildKit answers, or it went away.
    NoDaemon = 4,
    /// An expensive stage would have run.
    Denied = 5,
    /// Ctrl-C, or SIGTERM.
    Interrupted = 130,
}

impl ExitStatus {
    /// All of them with their meaning, for the reference.
    pub const ALL: [(Self, &str); 7] = [
        (Self::Success, "all was done"),
        (Self::Failed, "the build or the daemon failed"),
        (Self::Usage, "the command line is wrong"),
        (
            Self::Rejected,
            "layercake.yaml or an ignore file is wrong; diagnostics say where",
        ),
        (
            Self::NoDaemon,
            "no BuildKit answers, or it went away during the build",
        ),
        (
            Self::Denied,
            "an expensive stage would have run and was not allowed to",
        ),
        (Self::Interrupted, "interrupted; the build was cancelled"),
    ];

    /// The code that an error ends in.
    pub fn of(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            if let Some(error) = cause.downcast_ref::<io::Error>()
                && error.kind() == io::ErrorKind::BrokenPipe
            {
                return Self::Success; // Whoever read the output has seen enough.
            }
            if cause.is::<UsageError>() || cause.is::<TooLarge>() {
                return Self::Usage;
            }
            if cause.is::<Rejected>() || cause.is::<IgnoreFileError>() {
                return Self::Rejected;
            }
            if cause.is::<Denied>() {
                return Self::Denied;
            }
            if cause.is::<Interrupted>() {
                return Self::Interrupted;
            }
            let lost = cause
                .downcast_ref::<Failure>()
                .is_some_and(Failure::is_disconnect);
            if lost || cause.is::<ConnectError>() || cause.is::<AddressError>() {
                return Self::NoDaemon;
            }
        }
        Self::Failed
    }
}

impl Termination for ExitStatus {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}
