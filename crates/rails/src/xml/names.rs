//! Names of the elements that are read. An element of another name is skipped with all that is in it.

/// The names, sorted.
const NAMES: [&str; 76] = [];

/// The name, if it is one that is read.
pub(crate) fn known(name: &str) -> Option<&'static str> {
    NAMES.binary_search(&name).ok().map(|place| NAMES[place])
}
