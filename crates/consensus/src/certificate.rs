//! The proof that a block was agreed.

use databourse_ledger::{ConsensusMessage, ConsensusSignature, SignedConsensusMessage, Step};
use databourse_primitives::{Digest, ExchangeCode, Height, Line, PublicKey, quorum_of};
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
        all_signed && self.precommits.len() >= quorum_of(validators.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_ledger::SigningKey;

    const CODES: [&str; 4] = ["sh", "js", "zj", "ah"];

    fn key(place: usize) -> SigningKey {
        SigningKey::from_seed([u8::try_from(place).unwrap(); 32])
    }

    fn origin() -> Line {
        "databourse.example/test".parse().unwrap()
    }

    fn precommit(place: usize, round: u32, block: Option<&[u8]>) -> (ExchangeCode, ConsensusSignature) {
        let block_id = block.map(Digest::of);
        let message = ConsensusMessage { height: Height(7), round, step: Step::Precommit, block_id };
        (CODES[place].parse().unwrap(), message.sign(&origin(), &key(place)).signature)
    }

    #[track_caller]
    fn check(precommits: &[(ExchangeCode, ConsensusSignature)], voters: usize, proves: bool) {
        let certificate = CommitCertificate { round: 2, precommits: precommits.iter().cloned().collect() };
        let keys =
            (0..voters).map(|place| (CODES[place].parse().unwrap(), key(place).public_key())).collect();
        assert_eq!(certificate.proves(&origin(), Height(7), Digest::of(b"x"), &keys), proves);
        if proves {
            assert!(!certificate.proves(&origin(), Height(8), Digest::of(b"x"), &keys), "another height");
            assert!(!certificate.proves(&origin(), Height(7), Digest::of(b"y"), &keys), "another block");
            let elsewhere = "elsewhere.example".parse().unwrap();
            assert!(!certificate.proves(&elsewhere, Height(7), Digest::of(b"x"), &keys), "another region");
        }
    }

    #[test]
    fn more_than_two_thirds_of_those_who_vote_prove_a_block() {
        let signed = |places: &[usize]| {
            places.iter().map(|place| precommit(*place, 2, Some(b"x"))).collect::<Vec<_>>()
        };
        check(&signed(&[]), 4, false);
        check(&signed(&[0, 1]), 4, false);
        check(&signed(&[0, 1, 2]), 4, true);
        check(&signed(&[1, 2, 3]), 4, true);
        check(&signed(&[0, 1, 2, 3]), 4, true);
        check(&signed(&[0, 1]), 3, false);
        check(&signed(&[0, 1, 2]), 3, true);
        check(&signed(&[0]), 1, true);
    }

    #[test]
    fn one_signature_that_is_not_a_voters_precommit_of_the_block_spoils_it() {
        let good: Vec<_> = [0, 1, 2].map(|place| precommit(place, 2, Some(b"x"))).into();
        let with = |odd| [good.clone(), vec![odd]].concat();
        check(&good, 3, true);
        check(&with(precommit(3, 2, Some(b"x"))), 3, false);
        check(&with(precommit(3, 1, Some(b"x"))), 4, false);
        check(&with(precommit(3, 2, Some(b"y"))), 4, false);
        check(&with(precommit(3, 2, None)), 4, false);
        let (_, signature) = precommit(0, 2, Some(b"x"));
        check(&with((CODES[3].parse().unwrap(), signature)), 4, false);
    }
}
