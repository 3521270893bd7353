//! From a break's opening to its end. Whoever acts is of the break's pair; one person proposes and another approves.
//! Checks are in the order of precedence of their refusal codes.

use super::{
    AddEvidence, ApproveResolution, AssignBreak, Break, BreakOperator, BreakState, CarryBreak, EscalateBreak,
    ProposeResolution, RejectResolution, Resolution, ResolveBreak, WriteOffBreak,
};
use databourse_primitives::{ExchangeCode, Refusal, RefusalCode, Timestamp};

impl Break {
    /// Makes somebody of the pair responsible.
    ///
    /// # Errors
    /// `break.state` while a proposal is pending or approved, or after the end; `break.not_concerned`.
    pub fn assign(mut self, command: &AssignBreak, by: &ExchangeCode) -> Result<Self, Refusal> {
        let assignable = matches!(
            self.state,
            BreakState::Opened | BreakState::Assigned | BreakState::Evidenced | BreakState::Escalated { .. }
        );
        if !assignable {
            return Err(self.wrong_state("one without a proposal"));
        }
        self.must_concern(by)?;
        self.must_concern(&command.owner.exchange)?;
        self.owner = Some(command.owner.clone());
        self.state = self.worked_on();
        Ok(self)
    }

    /// Adds evidence, of either exchange.
    ///
    /// # Errors
    /// `break.state` unless assigned or evidenced; `break.not_concerned`; `body.malformed` for more than 16 pieces or
    /// evidence that cannot prove anything.
    pub fn add_evidence(mut self, command: &AddEvidence, by: &ExchangeCode) -> Result<Self, Refusal> {
        command.evidence.check()?;
        if self.evidence.len() >= Self::EVIDENCE_COUNT_MAX {
            let expected = "at most 16 pieces of evidence";
            return Err(Refusal::new(RefusalCode::BodyMalformed, "evidence", expected));
        }
        self.must_be_worked_on()?;
        self.must_concern(by)?;
        self.evidence.push(command.evidence.clone());
        self.state = BreakState::Evidenced;
        Ok(self)
    }

    /// Proposes how it is to end.
    ///
    /// # Errors
    /// `break.state` unless assigned or evidenced; `break.not_concerned`; `break.evidence_missing` if its kind needs
    /// some; `amount.out_of_range` if a write-off is not the difference.
    pub fn propose(mut self, command: &ProposeResolution, by: &ExchangeCode) -> Result<Self, Refusal> {
        if let Resolution::WriteOff { amount_minor } = command.resolution
            && let Some(difference) = self.difference_minor()
            && amount_minor.get() != difference
        {
            let expected = format!("the difference, {difference} minor units");
            return Err(Refusal::new(RefusalCode::AmountOutOfRange, "resolution.amount_minor", expected));
        }
        self.must_be_worked_on()?;
        self.must_concern(by)?;
        if self.kind.needs_evidence() && self.evidence.is_empty() {
            let expected = "a proof, both heads or a document first";
            return Err(Refusal::new(RefusalCode::BreakEvidenceMissing, "break", expected));
        }
        let proposed_by = BreakOperator { exchange: by.clone(), person: command.person.clone() };
        self.state = BreakState::Proposed { resolution: command.resolution.clone(), proposed_by };
        Ok(self)
    }

    /// Approves the proposal, as another person than who made it.
    ///
    /// # Errors
    /// `break.state` unless proposed; `break.not_concerned`; `break.second_person`.
    pub fn approve(mut self, command: &ApproveResolution, by: &ExchangeCode) -> Result<Self, Refusal> {
        let BreakState::Proposed { resolution, proposed_by } = self.state.clone() else {
            return Err(self.wrong_state("a proposed one"));
        };
        self.must_concern(by)?;
        let approved_by = BreakOperator { exchange: by.clone(), person: command.person.clone() };
        if approved_by == proposed_by {
            return Err(Refusal::new(RefusalCode::BreakSecondPerson, "person", "a second person"));
        }
        self.state = BreakState::Approved { resolution, proposed_by, approved_by };
        Ok(self)
    }

    /// Turns the proposal down; work goes on. Whoever proposed may do so too.
    ///
    /// # Errors
    /// `break.state` unless proposed; `break.not_concerned`.
    pub fn reject(mut self, _command: &RejectResolution, by: &ExchangeCode) -> Result<Self, Refusal> {
        if !matches!(self.state, BreakState::Proposed { .. }) {
            return Err(self.wrong_state("a proposed one"));
        }
        self.must_concern(by)?;
        self.state = self.worked_on();
        Ok(self)
    }

    /// Ends it by a posting, which the caller has found in the ledger, or without one if no action was approved.
    ///
    /// # Errors
    /// `break.state` unless such an end is approved; `break.not_concerned`; `break.posting_unknown` if the posting is
    /// missing, not wanted, or not the one that was approved.
    pub fn resolve(
        mut self,
        command: &ResolveBreak,
        by: &ExchangeCode,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let BreakState::Approved { resolution, proposed_by, approved_by } = self.state.clone() else {
            return Err(self.wrong_state("an approved one"));
        };
        let posting = command.posting;
        let (fits, expected) = match resolution {
            Resolution::Post { posting: None } => (posting.is_some(), "the correcting posting"),
            Resolution::Post { posting: approved } => (posting == approved, "the posting that was approved"),
            Resolution::NoAction { .. } => (posting.is_none(), "no posting"),
            Resolution::WriteOff { .. } => return Err(self.wrong_state("one whose correction is approved")),
        };
        self.must_concern(by)?;
        if !fits {
            return Err(Refusal::new(RefusalCode::BreakPostingUnknown, "posting", expected));
        }
        self.state = BreakState::Resolved { resolution, proposed_by, approved_by, posting, resolved_at: now };
        Ok(self)
    }

    /// Ends it by bearing the difference.
    ///
    /// # Errors
    /// `break.state` unless a write-off is approved; `break.not_concerned`.
    pub fn write_off(
        mut self,
        _command: &WriteOffBreak,
        by: &ExchangeCode,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let BreakState::Approved {
            resolution: Resolution::WriteOff { amount_minor },
            proposed_by,
            approved_by,
        } = self.state.clone()
        else {
            return Err(self.wrong_state("one whose write-off is approved"));
        };
        self.must_concern(by)?;
        self.state = BreakState::WrittenOff { proposed_by, approved_by, amount_minor, written_off_at: now };
        Ok(self)
    }

    /// Hands it to whoever assigns it anew, from any state that is not the end.
    ///
    /// # Errors
    /// `break.state` if escalated already or ended; `break.not_concerned`.
    pub fn escalate(
        mut self,
        command: &EscalateBreak,
        by: &ExchangeCode,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        if self.state.is_ended() || matches!(self.state, BreakState::Escalated { .. }) {
            return Err(self.wrong_state("an open one"));
        }
        self.must_concern(by)?;
        let escalated_by = BreakOperator { exchange: by.clone(), person: command.person.clone() };
        self.state =
            BreakState::Escalated { reason: command.reason.clone(), escalated_by, escalated_at: now };
        Ok(self)
    }

    /// Whether `by` may carry it forward; the window records it (`Window::carry`) and the break stays as it is.
    ///
    /// # Errors
    /// `break.state` if it ended or holds no window up; `break.not_concerned`.
    pub fn may_carry(&self, _command: &CarryBreak, by: &ExchangeCode) -> Result<(), Refusal> {
        if self.state.is_ended() || !self.kind.blocks_finality() {
            return Err(self.wrong_state("an open root or amount break"));
        }
        self.must_concern(by)
    }

    fn must_be_worked_on(&self) -> Result<(), Refusal> {
        match self.state {
            BreakState::Assigned | BreakState::Evidenced => Ok(()),
            _ => Err(self.wrong_state("an assigned one")),
        }
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
