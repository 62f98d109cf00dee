//! From the YAML tree to the [`Spec`](crate::spec): every type of the file says here how it is read.
//!
//! Reading goes on after an error, so that all of them are found. `None` means "reported": whoever gets it
//! leaves the value out and goes on.

mod check;
mod context;
mod fields;
mod image;
mod kinds;
mod stage;
mod top;
mod values;

pub(crate) use context::{Context, Crumb};

use crate::yaml::Node;

/// A type that can be read from a value of the file.
pub(crate) trait Decode: Sized {
    /// The value, or `None` after reporting why there is none.
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self>;
}

/// The keys that each mapping of the file takes, by the name of its type.
#[cfg(test)]
pub(crate) fn accepted_keys() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut keys = top::keys();
    keys.extend(stage::keys());
    keys.extend(kinds::keys());
    keys.extend(image::keys());
    keys
}
