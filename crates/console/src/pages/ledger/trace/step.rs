//! The steps of a life.

use databourse_primitives::{EntryId, Timestamp};

/// Where a step stands in the graph: a column each, in the order of the market's stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Party,
    Right,
    Product,
    Offer,
    Order,
    Delivery,
    Acceptance,
    Settlement,
    Certificate,
}

/// One entry of a life.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// What other steps call it.
    pub(super) key: String,
    /// Its column.
    pub(super) stage: Stage,
    /// Its entry; none where a record says that something happened and not by which entry.
    pub(super) entry: Option<EntryId>,
    /// The type of its entry.
    pub(super) entry_type: &'static str,
    /// Block time.
    pub(super) at: Timestamp,
    /// What it is about, in a few words.
    pub(super) title: String,
    /// The page of what it made, if it has one.
    pub(super) page: Option<String>,
    /// Whether the reader may read the entry itself.
    pub(super) is_readable: bool,
    /// Whether it made what is traced.
    pub(super) is_subject: bool,
    /// The steps that it rests on or refers to; some may not be shown.
    pub(super) after: Vec<String>,
}

/// A life, in the order of time.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) steps: Vec<Step>,
    /// What was left out, in the reader's words.
    pub(super) cut: Vec<String>,
}
