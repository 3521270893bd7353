//! XML for messages: a bounded reader into a small tree, and a writer.
//!
//! What the reader keeps is the profile's elements in the message's own namespace; all others are skipped with what is
//! in them. What makes XML dangerous is refused before it is looked at: document types (and so entities and external
//! files), depth, number of elements, attributes and namespaces beyond any message's.

mod build;
mod names;
mod tree;
mod write;

pub(crate) use tree::{Element, Tree};
pub(crate) use write::Writer;
