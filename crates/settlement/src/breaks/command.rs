//! What is done with a break. The exchange that acts is the entry's; the person is one of its operators.

use super::{BreakKind, Evidence};
use crate::Pair;
use databourse_primitives::{AmountMinor, BreakId, EntryId, ExchangeCode, Label, Line, WindowId};
use serde::{Deserialize, Serialize};

/// One of an exchange's people. The same name at two exchanges is two persons.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakOperator {
    /// The exchange.
    pub exchange: ExchangeCode,
    /// The exchange's name of the person.
    pub person: Label,
}

/// `break.open`: an exchange of the pair states a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenBreak {
    /// The window in which it was found.
    pub window: WindowId,
    /// The exchanges whose books differ.
    pub pair: Pair,
    /// What differs.
    pub kind: BreakKind,
    /// Business key of the line; none for a root break.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Label>,
    /// The left book's amount, minor units; none if it has no such line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_minor: Option<AmountMinor>,
    /// The right book's amount, minor units; none if it has no such line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_minor: Option<AmountMinor>,
    /// Who opens it.
    pub person: Label,
}

/// `break.assign`: somebody is made responsible, first or anew, also after an escalation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignBreak {
    /// The break.
    pub r#break: BreakId,
    /// Who is responsible from now on, at either exchange.
    pub owner: BreakOperator,
    /// Who assigns.
    pub person: Label,
}

/// `break.evidence`: either exchange adds evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddEvidence {
    /// The break.
    pub r#break: BreakId,
    /// The evidence.
    pub evidence: Evidence,
    /// Who adds it.
    pub person: Label,
}

/// How a break is to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name", deny_unknown_fields)]
pub enum Resolution {
    /// A new posting corrects it.
    Post {
        /// The entry that made the posting, if it is there already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        posting: Option<EntryId>,
    },
    /// The difference is borne.
    WriteOff {
        /// How much, minor units: the whole difference, as far as both amounts are known.
        amount_minor: AmountMinor,
    },
    /// Nothing is to be done: it was no break, or it vanished.
    NoAction {
        /// Why.
        reason: Line,
    },
}

/// `break.propose`: how it is to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposeResolution {
    /// The break.
    pub r#break: BreakId,
    /// How.
    pub resolution: Resolution,
    /// Who proposes.
    pub person: Label,
}

/// `break.approve`: a second person agrees with the proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApproveResolution {
    /// The break.
    pub r#break: BreakId,
    /// Who approves; not who proposed.
    pub person: Label,
}

/// `break.reject`: the proposal is turned down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectResolution {
    /// The break.
    pub r#break: BreakId,
    /// Why.
    pub reason: Line,
    /// Who rejects.
    pub person: Label,
}

/// `break.resolve`: what was approved is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveBreak {
    /// The break.
    pub r#break: BreakId,
    /// The entry that made the correcting posting; none if no action was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posting: Option<EntryId>,
    /// Who resolves.
    pub person: Label,
}

/// `break.write_off`: the approved amount is borne.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteOffBreak {
    /// The break.
    pub r#break: BreakId,
    /// Who writes off.
    pub person: Label,
}

/// `break.escalate`: its owner cannot end it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalateBreak {
    /// The break.
    pub r#break: BreakId,
    /// Why.
    pub reason: Line,
    /// Who escalates.
    pub person: Label,
}

/// `break.carry`: an exchange agrees that the window becomes final with the break open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarryBreak {
    /// The break.
    pub r#break: BreakId,
    /// Who agrees.
    pub person: Label,
}
