//! Where a break stands.

use super::{BreakOperator, Resolution};
use databourse_primitives::{AmountMinor, EntryId, Line, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a break stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum BreakState {
    /// Nobody is responsible yet.
    Opened,
    /// It has an owner.
    Assigned,
    /// It has an owner and evidence.
    Evidenced,
    /// Its end is proposed.
    Proposed {
        /// How it is to end.
        resolution: Resolution,
        /// Who proposed.
        proposed_by: BreakOperator,
    },
    /// Its end is approved by a second person and is to be carried out.
    Approved {
        /// How it is to end.
        resolution: Resolution,
        /// Who proposed.
        proposed_by: BreakOperator,
        /// Who approved.
        approved_by: BreakOperator,
    },
    /// Ended by a posting, or without one if no action was approved.
    Resolved {
        /// How it was to end.
        resolution: Resolution,
        /// Who proposed.
        proposed_by: BreakOperator,
        /// Who approved.
        approved_by: BreakOperator,
        /// The entry that made the correcting posting.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        posting: Option<EntryId>,
        /// Block time of the end.
        resolved_at: Timestamp,
    },
    /// Ended by bearing the difference.
    WrittenOff {
        /// Who proposed.
        proposed_by: BreakOperator,
        /// Who approved.
        approved_by: BreakOperator,
        /// What was borne, minor units.
        amount_minor: AmountMinor,
        /// Block time of the end.
        written_off_at: Timestamp,
    },
    /// Its owner cannot end it; it waits to be assigned anew.
    Escalated {
        /// Why.
        reason: Line,
        /// Who escalated.
        escalated_by: BreakOperator,
        /// Block time of the escalation.
        escalated_at: Timestamp,
    },
}

impl BreakState {
    /// The state's name in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Assigned => "assigned",
            Self::Evidenced => "evidenced",
            Self::Proposed { .. } => "proposed",
            Self::Approved { .. } => "approved",
            Self::Resolved { .. } => "resolved",
            Self::WrittenOff { .. } => "written_off",
            Self::Escalated { .. } => "escalated",
        }
    }

    /// Whether it is resolved or written off, for ever.
    pub const fn is_ended(&self) -> bool {
        matches!(self, Self::Resolved { .. } | Self::WrittenOff { .. })
    }
}
