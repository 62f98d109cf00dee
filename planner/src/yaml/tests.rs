//! Trees, spans and budgets.

use super::*;
