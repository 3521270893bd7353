//! From a break's opening to its end. Whoever acts is of the break's pair; one person proposes and another approves.

use super::{
    AddEvidence, ApproveResolution, AssignBreak, Break, BreakOperator, CarryBreak, EscalateBreak,
    ProposeResolution, RejectResolution, Resolution, ResolveBreak, WriteOffBreak,
};
use databourse_primitives::{AmountMinor, EntryId, ExchangeCode, Line, Refusal, RefusalCode, Timestamp};
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

impl Break {
    /// Makes somebody of the pair responsible.
    ///
    /// # Errors
    /// `break.not_concerned`; `break.state` while a proposal is pending or approved, or after the end.
    pub fn assign(mut self, command: AssignBreak, by: &ExchangeCode) -> Result<Self, Refusal> {
        self.must_concern(by)?;
        self.must_concern(&command.owner.exchange)?;
        match self.state {
            BreakState::Opened
            | BreakState::Assigned
            | BreakState::Evidenced
            | BreakState::Escalated { .. } => {
                self.owner = Some(command.owner);
                self.state = self.worked_on();
                Ok(self)
            }
            _ => Err(self.wrong_state("one without a proposal")),
        }
    }

    /// Adds evidence, of either exchange.
    ///
    /// # Errors
    /// `break.not_concerned`; `break.state` unless assigned or evidenced; `body.malformed` for more than 16 pieces or
    /// evidence that cannot prove anything.
    pub fn add_evidence(mut self, command: AddEvidence, by: &ExchangeCode) -> Result<Self, Refusal> {
        self.must_concern(by)?;
        if !matches!(self.state, BreakState::Assigned | BreakState::Evidenced) {
            return Err(self.wrong_state("an assigned one"));
        }
        command.evidence.check()?;
        if self.evidence.len() >= Self::EVIDENCE_COUNT_MAX {
            let expected = "at most 16 pieces of evidence";
            return Err(Refusal::new(RefusalCode::BodyMalformed, "evidence", expected));
        }
        self.evidence.push(command.evidence);
        self.state = BreakState::Evidenced;
        Ok(self)
    }

    /// Proposes how it is to end.
    ///
    /// # Errors
    /// `break.not_concerned`; `break.state` unless assigned or evidenced; `break.evidence_missing` if its kind needs
    /// some; `amount.out_of_range` if a write-off is not the difference.
    pub fn propose(mut self, command: ProposeResolution, by: &ExchangeCode) -> Result<Self, Refusal> {
        self.must_concern(by)?;
        if !matches!(self.state, BreakState::Assigned | BreakState::Evidenced) {
            return Err(self.wrong_state("an assigned one"));
        }
        if self.kind.needs_evidence() && self.evidence.is_empty() {
            let expected = "a proof, both heads or a document first";
            return Err(Refusal::new(RefusalCode::BreakEvidenceMissing, "break", expected));
        }
        if let Resolution::WriteOff { amount_minor } = command.resolution
            && let Some(difference) = self.difference_minor()
            && amount_minor.get() != difference
        {
            let expected = format!("the difference, {difference} minor units");
            return Err(Refusal::new(RefusalCode::AmountOutOfRange, "resolution.amount_minor", expected));
        }
        let proposed_by = BreakOperator { exchange: by.clone(), person: command.person };
        self.state = BreakState::Proposed { resolution: command.resolution, proposed_by };
        Ok(self)
    }

    /// Approves the proposal, as another person than who made it.
    ///
    /// # Errors
    /// `break.not_concerned`; `break.state` unless proposed; `break.second_person`.
    pub fn approve(mut self, command: ApproveResolution, by: &ExchangeCode) -> Result<Self, Refusal> {
        self.must_concern(by)?;
        let BreakState::Proposed { resolution, proposed_by } = self.state else {
            return Err(self.wrong_state("a proposed one"));
        };
        let approved_by = BreakOperator { exchange: by.clone(), person: command.person };
        if approved_by == proposed_by {
            return Err(Refusal::new(RefusalCode::BreakSecondPerson, "person", "a second person"));
        }
        self.state = BreakState::Approved { resolution, proposed_by, approved_by };
        Ok(self)
    }

    /// Turns the proposal down; work goes on. Whoever proposed may do so too.
    ///
    /// # Errors
    /// `break.not_concerned`; `break.state` unless proposed.
    pub fn reject(mut self, _command: &RejectResolution, by: &ExchangeCode) -> Result<Self, Refusal> {
        self.must_concern(by)?;
        if !matches!(self.state, BreakState::Proposed { .. }) {
            return Err(self.wrong_state("a proposed one"));
        }
        self.state = self.worked_on();
        Ok(self)
    }

    /// Ends it by a posting, which the caller has found in the ledger, or without one if no action was approved.
    ///
    /// # Errors
    /// `break.not_concerned`; `break.state` unless such an end is approved; `break.posting_unknown` if the posting is
    /// missing, not wanted, or not the one that was approved.
    pub fn resolve(
        mut self,
        command: &ResolveBreak,
        by: &ExchangeCode,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        self.must_concern(by)?;
        let BreakState::Approved { resolution, proposed_by, approved_by } = self.state else {
            return Err(self.wrong_state("an approved one"));
        };
        let posting = command.posting;
        let (fits, expected) = match &resolution {
            Resolution::Post { posting: None } => (posting.is_some(), "the correcting posting"),
            Resolution::Post { posting: approved } => (posting == *approved, "the posting that was approved"),
            Resolution::NoAction { .. } => (posting.is_none(), "no posting"),
            Resolution::WriteOff { .. } => {
                self.state = BreakState::Approved { resolution, proposed_by, approved_by };
                return Err(self.wrong_state("one whose correction is approved"));
            }
        };
        if !fits {
            return Err(Refusal::new(RefusalCode::BreakPostingUnknown, "posting", expected));
        }
        self.state = BreakState::Resolved { resolution, proposed_by, approved_by, posting, resolved_at: now };
        Ok(self)
    }

    /// Ends it by bearing the difference.
    ///
    /// # Errors
    /// `break.not_concerned`; `break.state` unless a write-off is approved.
    pub fn write_off(
        mut self,
        _command: &WriteOffBreak,
        by: &ExchangeCode,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        self.must_concern(by)?;
        let BreakState::Approved {
            resolution: Resolution::WriteOff { amount_minor },
            proposed_by,
            approved_by,
        } = self.state
        else {
            return Err(self.wrong_state("one whose write-off is approved"));
        };
        self.state = BreakState::WrittenOff { proposed_by, approved_by, amount_minor, written_off_at: now };
        Ok(self)
    }

    /// Hands it to whoever assigns it anew, from any state that is not the end.
    ///
    /// # Errors
    /// `break.not_concerned`; `break.state` if escalated already or ended.
    pub fn escalate(
        mut self,
        command: EscalateBreak,
        by: &ExchangeCode,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        self.must_concern(by)?;
        if self.state.is_ended() || matches!(self.state, BreakState::Escalated { .. }) {
            return Err(self.wrong_state("an open one"));
        }
        let escalated_by = BreakOperator { exchange: by.clone(), person: command.person };
        self.state = BreakState::Escalated { reason: command.reason, escalated_by, escalated_at: now };
        Ok(self)
    }

    /// Whether `by` may carry it forward; the window records it (`Window::carry`) and the break stays as it is.
    ///
    /// # Errors
    /// `break.not_concerned`; `break.state` if it ended or holds no window up.
    pub fn may_carry(&self, _command: &CarryBreak, by: &ExchangeCode) -> Result<(), Refusal> {
        self.must_concern(by)?;
        if self.state.is_ended() || !self.kind.blocks_finality() {
            return Err(self.wrong_state("an open root or amount break"));
        }
        Ok(())
    }

    /// Assigned, with evidence or without.
    fn worked_on(&self) -> BreakState {
        if self.evidence.is_empty() { BreakState::Assigned } else { BreakState::Evidenced }
    }

    fn wrong_state(&self, expected: &str) -> Refusal {
        let expected = format!("{expected}; {} is {}", self.id, self.state.as_str());
        Refusal::new(RefusalCode::BreakState, "break", expected)
    }
}
