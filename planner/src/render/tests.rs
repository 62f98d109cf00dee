//! What people and programs see.

use super::*;
