//! Breaks 差错: differences between two exchanges' books, as objects with an owner, evidence and an end.

mod command;
mod evidence;
mod kind;
mod state;
mod transition;

pub use command::{
    AddEvidence, ApproveResolution, AssignBreak, BreakOperator, CarryBreak, EscalateBreak, OpenBreak,
    ProposeResolution, RejectResolution, Resolution, ResolveBreak, WriteOffBreak,
};
pub use evidence::Evidence;
pub use kind::{AgeBucket, BreakKind};
pub use state::BreakState;

use crate::Pair;
use databourse_primitives::{
    AmountMinor, BreakId, ExchangeCode, Label, Refusal, RefusalCode, Timestamp, WindowId,
};
use serde::{Deserialize, Serialize};

/// A difference between two exchanges' books in one window; of one exchange's book and something outside, if the pair
/// is domestic. Its asset is the window's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// Its name.
    pub id: BreakId,
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
    /// Who opened it.
    pub opened_by: BreakOperator,
    /// Block time of its opening.
    pub opened_at: Timestamp,
    /// Who is responsible; nobody until it is assigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<BreakOperator>,
    /// What supports either side's view, in the order in which it came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Where it stands.
    pub state: BreakState,
}

impl Break {
    /// The most pieces of evidence of one break.
    pub const EVIDENCE_COUNT_MAX: usize = 16;

    /// Opens a break for `by`.
    ///
    /// # Errors
    /// `break.not_concerned` if `by` is not of the pair; `body.malformed` if the amounts contradict the kind.
    pub fn open(
        id: BreakId,
        command: &OpenBreak,
        by: &ExchangeCode,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let OpenBreak { window, pair, kind, key, left_minor, right_minor, person } = command.clone();
        let opened = Self {
            id,
            window,
            pair,
            kind,
            key,
            left_minor,
            right_minor,
            opened_by: BreakOperator { exchange: by.clone(), person },
            opened_at: now,
            owner: None,
            evidence: Vec::new(),
            state: BreakState::Opened,
        };
        let (shape, expected) = match kind {
            BreakKind::MissingLeft => (left_minor.is_none() && right_minor.is_some(), "only `right_minor`"),
            BreakKind::MissingRight => (left_minor.is_some() && right_minor.is_none(), "only `left_minor`"),
            BreakKind::Amount => (
                left_minor.is_some() && right_minor.is_some() && left_minor != right_minor,
                "two different amounts",
            ),
            _ => (true, ""),
        };
        if !shape {
            return Err(Refusal::new(RefusalCode::BodyMalformed, "left_minor", expected));
        }
        opened.must_concern(by)?;
        Ok(opened)
    }

    /// The difference of the two amounts, minor units; a missing line counts as nothing. `None` if neither is known.
    pub fn difference_minor(&self) -> Option<i64> {
        let minor = |amount: Option<AmountMinor>| amount.unwrap_or_default().get();
        (self.left_minor.is_some() || self.right_minor.is_some())
            .then(|| (minor(self.left_minor) - minor(self.right_minor)).abs())
    }

    /// How long it has been open at `now`.
    pub const fn age(&self, now: Timestamp) -> AgeBucket {
        AgeBucket::of(self.opened_at, now)
    }

    fn must_concern(&self, exchange: &ExchangeCode) -> Result<(), Refusal> {
        if self.pair.contains(exchange) {
            return Ok(());
        }
        let expected = format!("an exchange of {}", self.pair);
        Err(Refusal::new(RefusalCode::BreakNotConcerned, "pair", expected))
    }
}
