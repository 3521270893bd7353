//! Misbehaviour 作恶: double signing, and the suspension that follows from its evidence.

use crate::{Exchange, Members, Membership, SuspensionCause, effect_height};
use databourse_ledger::DoubleSigning;
use databourse_primitives::{EntryId, ExchangeCode, Height, Refusal, RefusalCode, Timestamp};
use serde::{Deserialize, Serialize};

/// `member.report`: an exchange shows that another signed two messages of which it may sign one. Everybody checks the
/// evidence, so it takes no vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportMisbehaviour {
    /// The two messages.
    pub evidence: DoubleSigning,
}

/// Misbehaviour that was shown, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MisbehaviourRecord {
    /// Its entry.
    pub id: EntryId,
    /// The two messages.
    pub evidence: DoubleSigning,
    /// Who showed them.
    pub reported_by: ExchangeCode,
    /// Block time of the entry.
    pub reported_at: Timestamp,
    /// The first height at which the exchange is suspended for it.
    pub effect_height: Height,
}

impl Members<'_> {
    /// Suspends an exchange for what `command` shows. A suspension answers for everything that was signed before it: what
    /// is shown later of that time is refused.
    ///
    /// # Errors
    /// With fields under `evidence`: `exchange.unknown`; `evidence.invalid` also for a height that is still to come or at
    /// which the exchange did not vote; `evidence.known`; `member.state` if it has left; `member.change_pending`;
    /// `member.last_active`.
    pub fn report(
        &self,
        id: EntryId,
        command: &ReportMisbehaviour,
        by: &ExchangeCode,
    ) -> Result<(Exchange, MisbehaviourRecord), Refusal> {
        let within = |refusal: Refusal| refusal.within("evidence");
        let evidence = &command.evidence;
        let offender = self.exchange(&evidence.exchange).map_err(within)?;
        let shown = evidence.first.message.height;
        let answered = |step: &Membership| matches!(step, Membership::Suspended { since_height, .. } if *since_height > shown);
        if offender.earlier.iter().chain([&offender.membership]).any(answered) {
            let expected = format!("a height after the suspension of {}", offender.code);
            return Err(within(Refusal::new(RefusalCode::EvidenceKnown, "first.message.height", expected)));
        }
        let key = offender.consensus_key.at(shown).filter(|_| offender.votes_at(shown));
        let Some(key) = key.filter(|_| shown <= self.height) else {
            let expected = format!("a height up to {} at which {} voted", self.height, offender.code);
            return Err(within(Refusal::new(RefusalCode::EvidenceInvalid, "first.message.height", expected)));
        };
        evidence.verify(&self.region.origin, key).map_err(within)?;
        let offender = self.settled(&evidence.exchange, &["active", "leaving"]).map_err(within)?;
        self.another_stays(&evidence.exchange).map_err(within)?;
        let since_height = effect_height(self.height);
        let cause = SuspensionCause::Misbehaviour(id);
        let suspended = offender.clone().standing(Membership::Suspended { since_height, cause });
        let record = MisbehaviourRecord {
            id,
            evidence: evidence.clone(),
            reported_by: by.clone(),
            reported_at: self.now,
            effect_height: since_height,
        };
        Ok((suspended, record))
    }
}
