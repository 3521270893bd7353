//! The proof that a block was agreed.

use databourse_ledger::{ConsensusMessage, ConsensusSignature, SignedConsensusMessage, Step};
use databourse_primitives::{Digest, ExchangeCode, Height, Line, PublicKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Proof that a block was agreed: the precommits of more than two thirds of those who vote at its height. In a region of
/// one exchange there is none, and its signature under the block's header is the agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitCertificate {
    /// The round in which it was agreed.
    pub round: u32,
    /// Who precommitted the block, and the signatures. Empty in a region of one.
    pub precommits: BTreeMap<ExchangeCode, ConsensusSignature>,
}

impl CommitCertificate {
    /// That of a region of one exchange.
    pub const fn solo() -> Self {
        Self { round: 0, precommits: BTreeMap::new() }
    }

    /// Whether more than two thirds of `validators` signed a precommit of the block, and nobody else stands in it.
    pub fn proves(
        &self,
        origin: &Line,
        height: Height,
        block_id: Digest,
        validators: &BTreeMap<ExchangeCode, PublicKey>,
    ) -> bool {
        let vote =
            ConsensusMessage { height, round: self.round, step: Step::Precommit, block_id: Some(block_id) };
        let all_signed = self.precommits.iter().all(|(exchange, signature)| {
            let message = SignedConsensusMessage { message: vote.clone(), signature: *signature };
            validators.get(exchange).is_some_and(|key| message.is_signed_by(origin, key))
        });
        all_signed && 3 * self.precommits.len() > 2 * validators.len()
    }
}
