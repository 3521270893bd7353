//! Signatures of the agreement: the ledger's own texts under the ledger's one rule.

use super::context::{Agreement, Proposal, Vote};
use arc_malachitebft_app_channel::app::types::core::{
    SignedMessage, SigningScheme, ValidatorProof, VoteExtensionScope,
};
use arc_malachitebft_signing::{Error, Signer, VerificationResult, Verifier};
use async_trait::async_trait;
use databourse_ledger::{ConsensusMessage, ConsensusSignature, SigningKey, verify_signature};
use databourse_primitives::{Line, PublicKey};

/// Ed25519, by the rule of [`verify_signature`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ed25519;

/// 64 bytes of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Signature(pub(super) [u8; 64]);

impl Signature {
    /// As the ledger keeps it.
    pub(super) const fn ledger(self) -> ConsensusSignature {
        ConsensusSignature(self.0)
    }
}

impl SigningScheme for Ed25519 {
    type DecodingError = &'static str;
    type Signature = Signature;
    type PublicKey = PublicKey;
    type PrivateKey = SigningKey;

    fn decode_signature(bytes: &[u8]) -> Result<Signature, &'static str> {
        bytes.try_into().map(Signature).map_err(|_| "64 bytes")
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.0.to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, &'static str> {
        bytes.try_into().map(PublicKey::from_bytes).map_err(|_| "32 bytes")
    }

    fn encode_public_key(key: &PublicKey) -> Vec<u8> {
        key.as_bytes().to_vec()
    }
}

/// What binds a consensus key to the name under which its holder connects, in one region:
///
/// ```text
/// databourse consensus peer v1
/// <origin>
/// <hex of the public key> <hex of the peer id>
/// ```
pub(super) fn peer_text(origin: &Line, public_key: &[u8], peer_id: &[u8]) -> Vec<u8> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (key, peer) = (hex(public_key), hex(peer_id));
    format!("databourse consensus peer v1\n{}\n{key} {peer}\n", origin.as_str()).into_bytes()
}

/// Checks signatures of the region.
#[derive(Debug, Clone)]
pub(super) struct RegionVerifier {
    pub(super) origin: Line,
}

impl RegionVerifier {
    pub(super) fn holds(
        &self,
        message: Option<ConsensusMessage>,
        signature: &Signature,
        key: &PublicKey,
    ) -> bool {
        message.is_some_and(|message| {
            verify_signature(key, &message.signed_bytes(&self.origin), &signature.0).is_ok()
        })
    }
}

#[async_trait]
impl Verifier<Agreement> for RegionVerifier {
    async fn verify_signed_vote(
        &self,
        vote: &Vote,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::from_bool(self.holds(vote.message(), signature, key)))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::from_bool(self.holds(proposal.message(), signature, key)))
    }

    /// There are no extensions, so none is right.
    async fn verify_signed_vote_extension(
        &self,
        _scope: &VoteExtensionScope<Agreement>,
        _extension: &(),
        _signature: &Signature,
        _key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(
        &self,
        proof: &ValidatorProof<Agreement>,
    ) -> Result<VerificationResult, Error> {
        let text = peer_text(&self.origin, &proof.public_key, &proof.peer_id);
        let holds = proof
            .decoded_public_key()
            .is_ok_and(|key| verify_signature(&key, &text, &proof.signature.0).is_ok());
        Ok(VerificationResult::from_bool(holds))
    }
}

/// Signs for an exchange.
#[derive(Debug, Clone)]
pub(super) struct RegionSigner {
    pub(super) origin: Line,
    pub(super) key: SigningKey,
}

impl RegionSigner {
    pub(super) fn sign(&self, message: Option<ConsensusMessage>) -> Result<Signature, Error> {
        let message = message.ok_or_else(|| Error::from_source("a message of no round"))?;
        Ok(Signature(self.key.sign(&message.signed_bytes(&self.origin))))
    }

    pub(super) fn prove(&self, public_key: Vec<u8>, peer_id: Vec<u8>) -> ValidatorProof<Agreement> {
        let text = peer_text(&self.origin, &public_key, &peer_id);
        ValidatorProof::new(public_key, peer_id, Signature(self.key.sign(&text)))
    }
}

#[async_trait]
impl Signer<Agreement> for RegionSigner {
    async fn sign_vote(&self, vote: Vote) -> Result<SignedMessage<Agreement, Vote>, Error> {
        let signature = self.sign(vote.message())?;
        Ok(SignedMessage::new(vote, signature))
    }

    async fn sign_proposal(&self, proposal: Proposal) -> Result<SignedMessage<Agreement, Proposal>, Error> {
        let signature = self.sign(proposal.message())?;
        Ok(SignedMessage::new(proposal, signature))
    }

    async fn sign_vote_extension(
        &self,
        _scope: VoteExtensionScope<Agreement>,
        _extension: (),
    ) -> Result<SignedMessage<Agreement, ()>, Error> {
        Err(Error::from_source("votes have no extensions"))
    }

    async fn sign_validator_proof(
        &self,
        public_key: Vec<u8>,
        peer_id: Vec<u8>,
    ) -> Result<ValidatorProof<Agreement>, Error> {
        Ok(self.prove(public_key, peer_id))
    }
}
