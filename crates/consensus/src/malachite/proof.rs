//! Certificates and evidence between Malachite's form and the ledger's.

use super::{
    context::{Address, Agreement, signed_message},
    signing::Signature,
};
use crate::{CommitCertificate, Decided};
use arc_malachitebft_app_channel::app::{
    consensus::MisbehaviorEvidence,
    types::{
        core::{self, ExtendedCommitCertificate, ExtendedCommitSignature, Round},
        sync::RawDecidedValue,
    },
};
use databourse_ledger::{ConsensusSignature, DoubleSigning};
use databourse_primitives::{Digest, Line};

use super::validators::Voters;

/// What the ledger keeps of a certificate; `None` if it is of no round, which no certificate is.
pub(super) fn certificate(certificate: &core::CommitCertificate<Agreement>) -> Option<CommitCertificate> {
    let precommits = certificate.commit_signatures.iter();
    let precommits = precommits.map(|commit| (commit.address.0.clone(), commit.signature.ledger())).collect();
    Some(CommitCertificate { round: certificate.round.as_u32()?, precommits })
}

/// A committed block as a node that catches up receives it; `None` if the bytes begin with no entry.
pub(super) fn decided_value(decided: Decided) -> Option<RawDecidedValue<Agreement>> {
    let certificate = ExtendedCommitCertificate {
        height: decided.height.into(),
        round: Round::new(decided.certificate.round),
        value_id: block_id(&decided.block)?,
        commit_signatures: decided
            .certificate
            .precommits
            .into_iter()
            .map(|(exchange, ConsensusSignature(signature))| {
                ExtendedCommitSignature::new(Address(exchange), Signature(signature), None)
            })
            .collect(),
    };
    Some(RawDecidedValue::new(decided.block.into(), certificate))
}

/// The name of a block without reading more of it than its header's bytes, behind their length.
fn block_id(block: &[u8]) -> Option<Digest> {
    let (count, rest) = block.split_first_chunk()?;
    rest.get(..usize::from(u16::from_be_bytes(*count))).map(Digest::of)
}

/// What is proven of `evidence`, under the keys of those who vote.
pub(super) fn double_signings(
    evidence: &MisbehaviorEvidence<Agreement>,
    origin: &Line,
    voters: &Voters,
) -> Vec<DoubleSigning> {
    let votes = evidence.votes.iter().flat_map(|(who, pairs)| {
        pairs.iter().map(move |(first, second)| {
            (who, [first, second].map(|vote| signed_message(vote.message.message(), &vote.signature)))
        })
    });
    let proposals = evidence.proposals.iter().flat_map(|(who, pairs)| {
        pairs.iter().map(move |(first, second)| {
            (
                who,
                [first, second]
                    .map(|proposal| signed_message(proposal.message.message(), &proposal.signature)),
            )
        })
    });
    let proofs = votes.chain(proposals).filter_map(|(who, pair)| {
        let [Some(first), Some(second)] = pair else { return None };
        Some(DoubleSigning { exchange: who.0.clone(), first, second })
    });
    proofs
        .filter(|proof| voters.key(&proof.exchange).is_some_and(|key| proof.verify(origin, key).is_ok()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Validator;
    use crate::malachite::{
        context::BlockHeight, signing::RegionSigner, signing::RegionVerifier, validators::Voter,
    };
    use arc_malachitebft_app_channel::app::types::core::{
        CommitSignature, Context as _, NilOrVal, Validator as _, ValidatorSet as _,
    };
    use arc_malachitebft_signing::VerifierExt as _;
    use databourse_ledger::{Block, BlockHeader, SigningKey};
    use databourse_merkle::empty_root;
    use databourse_primitives::{Height, Timestamp, TreeSize};

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed([seed; 32])
    }

    fn origin() -> Line {
        "databourse.example/test".parse().unwrap()
    }

    fn voters() -> Voters {
        let validator = |(code, seed): (&str, u8)| Validator {
            exchange: code.parse().unwrap(),
            consensus_key: key(seed).public_key(),
        };
        Voters::new(&[("zj", 3), ("sh", 1), ("js", 2), ("ah", 4)].map(validator)).unwrap()
    }

    fn block() -> Block {
        let effects = Digest::of(b"effects");
        let fields =
            BlockHeader::for_commands(Height(7), Timestamp::EPOCH, &[], effects, TreeSize(0), empty_root());
        let id = "019aa2b4-5c00-7000-8000-000000000001".parse().unwrap();
        Block::new(fields, id, "sh".parse().unwrap(), Vec::new(), &key(1)).unwrap()
    }

    fn vote(place: u8, code: &str, id: NilOrVal<Digest>) -> core::SignedVote<Agreement> {
        let vote = Agreement.new_precommit(BlockHeight(7), Round::new(2), id, Address(code.parse().unwrap()));
        let signer = RegionSigner { origin: origin(), key: key(place) };
        let signature = signer.sign(vote.message()).unwrap();
        core::SignedMessage::new(vote, signature)
    }

    #[tokio::test]
    async fn a_certificate_holds_in_both_forms_and_on_the_way_back() {
        let id = block().id();
        let votes = [(1, "sh"), (2, "js"), (4, "ah")].map(|(seed, code)| vote(seed, code, NilOrVal::Val(id)));
        let agreed = core::CommitCertificate::new(BlockHeight(7), Round::new(2), id, votes.to_vec());
        assert_eq!(agreed.commit_signatures.len(), 3);
        let ours = certificate(&agreed).unwrap();
        let keys =
            voters().iter().map(|voter: &Voter| (voter.exchange().clone(), *voter.public_key())).collect();
        assert!(ours.proves(&origin(), Height(7), id, &keys));
        let decided = Decided { height: Height(7), block: block().encode(), certificate: ours };
        let value = decided_value(decided).unwrap();
        assert_eq!(value.certificate.value_id, id);
        let verifier = RegionVerifier { origin: origin() };
        let held = |certificate| {
            let verifier = verifier.clone();
            async move {
                let thresholds = Default::default();
                let found =
                    verifier.verify_commit_certificate(&Agreement, &certificate, &voters(), thresholds).await;
                found.is_ok()
            }
        };
        let mut back = value.certificate.trim_vote_extensions();
        assert!(held(back.clone()).await);
        back.commit_signatures[1] =
            CommitSignature::new(Address("zj".parse().unwrap()), back.commit_signatures[1].signature);
        assert!(!held(back).await, "a signature under another name");
    }

    #[test]
    fn bytes_that_begin_with_no_entry_are_no_block() {
        for bytes in [&[][..], &[0], &[0, 9, 1]] {
            let certificate = CommitCertificate::solo();
            assert!(
                decided_value(Decided { height: Height(1), block: bytes.to_vec(), certificate }).is_none()
            );
        }
    }

    #[test]
    fn evidence_is_what_two_signatures_of_a_voter_prove() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let pairs = [
            (vote(2, "js", NilOrVal::Val(a)), vote(2, "js", NilOrVal::Val(b)), 1),
            (vote(2, "js", NilOrVal::Val(a)), vote(2, "js", NilOrVal::Nil), 1),
            (vote(2, "js", NilOrVal::Val(a)), vote(3, "js", NilOrVal::Val(b)), 0),
            (vote(9, "fj", NilOrVal::Val(a)), vote(9, "fj", NilOrVal::Val(b)), 0),
        ];
        for (first, second, count) in pairs {
            let mut evidence =
                MisbehaviorEvidence { proposals: Default::default(), votes: Default::default() };
            evidence.votes.add(first, second);
            let found = double_signings(&evidence, &origin(), &voters());
            assert_eq!(found.len(), count);
            for proof in found {
                assert_eq!(proof.verify(&origin(), &key(2).public_key()), Ok(()));
            }
        }
    }
}
