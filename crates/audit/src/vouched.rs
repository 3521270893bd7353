//! What signatures outside the ledger must prove: that a block was agreed, that a checkpoint is final.

use databourse_ledger::{
    ConsensusMessage, ConsensusSignature, DoubleSigning, NoteKeyType, Policy, PolicyLog, PolicyWitness,
    SignedCheckpoint, SignedConsensusMessage, Step, VerifierKey,
};
use databourse_market::MemoryState;
use databourse_party::{Cosigner, Exchange, Region, cosigners, validators};
use databourse_primitives::{Digest, ExchangeCode, Height, PublicKey, quorum_of};
use std::collections::{BTreeMap, BTreeSet};

/// The exchanges of a region by their records, whose signatures are asked for. The records may be of any block from two
/// heights before the one that is asked about.
pub struct Signers<'a> {
    region: &'a Region,
    exchanges: Vec<&'a Exchange>,
}

/// Who must have signed a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finality<'a> {
    /// More than two thirds of the exchanges that voted on the block.
    Region,
    /// The exchange that keeps the ledger alone.
    Alone(&'a ExchangeCode),
}

impl<'a> Signers<'a> {
    /// Those of a state; `None` before the founding.
    pub fn of(state: &'a MemoryState) -> Option<Self> {
        let region = state.find::<Region>(&"region")?;
        Some(Self { region, exchanges: state.all::<Exchange>().collect() })
    }

    /// Who votes on the block of `height`, in the order of codes.
    pub fn voters(&self, height: Height) -> BTreeMap<ExchangeCode, PublicKey> {
        validators(self.exchanges.iter().copied(), height).into_iter().collect()
    }

    /// Whether `key` signed both of two messages that exclude one another.
    pub fn proves(&self, proof: &DoubleSigning, key: &PublicKey) -> bool {
        proof.verify(&self.region.origin, key).is_ok()
    }

    /// Checks that more than two thirds of those who voted at `height` precommitted the block in `round`, and that nobody
    /// else stands there.
    ///
    /// # Errors
    /// What should be there.
    pub fn check_precommits(
        &self,
        height: Height,
        block_id: Digest,
        round: u32,
        precommits: &BTreeMap<ExchangeCode, ConsensusSignature>,
    ) -> Result<(), String> {
        let voters = self.voters(height);
        let message = ConsensusMessage { height, round, step: Step::Precommit, block_id: Some(block_id) };
        for (exchange, signature) in precommits {
            let signed = SignedConsensusMessage { message: message.clone(), signature: *signature };
            let holds = voters.get(exchange).is_some_and(|key| signed.is_signed_by(&self.region.origin, key));
            if !holds {
                return Err(format!("a precommit of block {height} in round {round} signed by {exchange}"));
            }
        }
        let needed = quorum_of(voters.len());
        if precommits.len() < needed {
            return Err(format!("the precommits of {needed} exchanges, not of {}", precommits.len()));
        }
        Ok(())
    }

    /// Checks the signatures under the checkpoint of the block of `height`: every line of a key that one of the exchanges had
    /// at some time, or of `own`, verifies; no line has the name or the id of such a key alone; and those that `finality`
    /// asks for are there. Lines of others, witnesses of their own, are not judged.
    ///
    /// # Errors
    /// What should be there.
    pub fn check_final(
        &self,
        height: Height,
        signed: &SignedCheckpoint,
        finality: Finality<'_>,
        own: &[VerifierKey],
    ) -> Result<(), String> {
        let origin = self.region.origin.as_str();
        if signed.checkpoint.origin != origin {
            return Err(format!("a checkpoint of {origin}"));
        }
        let text = signed.checkpoint.to_string();
        let known: Vec<VerifierKey> = self.checkpoint_keys().chain(own.iter().cloned()).collect();
        for line in &signed.signatures {
            let is_of = |key: &&VerifierKey| key.name() == line.name || key.key_id() == line.key_id;
            let mut claimed = known.iter().filter(|key| key.claims(line)).peekable();
            if claimed.peek().is_none() {
                // Witnesses that are no exchange may have signed too; half an exchange's line is a damaged one.
                if known.iter().any(|key| is_of(&key)) {
                    return Err(format!("no line of `{}` with half the key of an exchange", line.name));
                }
                continue;
            }
            if !claimed.any(|key| key.verify(&text, line).is_ok()) {
                return Err(format!("a signature of `{}` that holds", line.name));
            }
        }
        let members = self.members(height, finality);
        let is_signed_by = |key: &VerifierKey| signed.signatures.iter().any(|line| key.claims(line));
        let mut signers = BTreeSet::new();
        let mut is_logged = false;
        for member in &members {
            let log = VerifierKey::new(origin, NoteKeyType::Ed25519, member.checkpoint_key);
            is_logged |= log.is_ok_and(|key| is_signed_by(&key));
            let name = format!("{origin}/{}", member.exchange);
            let witness = VerifierKey::new(name, NoteKeyType::CosignatureV1, member.cosignature_key);
            if witness.is_ok_and(|key| is_signed_by(&key)) {
                signers.insert(&member.exchange);
            }
        }
        let needed = quorum_of(members.len());
        if !is_logged {
            return Err("a line of an exchange as the log".to_owned());
        }
        if members.is_empty() || signers.len() < needed {
            return Err(format!("the cosignatures of {needed} exchanges, not of {}", signers.len()));
        }
        Ok(())
    }

    /// The policy of the checkpoint of the block of `height` (C2SP tlog-policy); `None` if nobody signs there.
    pub fn policy(&self, height: Height, finality: Finality<'_>) -> Option<Policy> {
        members_policy(self.region, self.members(height, finality))
    }

    fn members(&self, height: Height, finality: Finality<'_>) -> Vec<Cosigner> {
        let members = cosigners(self.exchanges.iter().copied(), height.max(Height(1)));
        match finality {
            Finality::Region => members,
            Finality::Alone(alone) => members.into_iter().filter(|one| one.exchange == *alone).collect(),
        }
    }

    /// Every key with which an exchange ever signed checkpoints.
    fn checkpoint_keys(&self) -> impl Iterator<Item = VerifierKey> {
        let origin = self.region.origin.as_str();
        self.exchanges.iter().flat_map(move |exchange| {
            let name = format!("{origin}/{}", exchange.code);
            let logs = exchange.checkpoint_key.all();
            let logs = logs.filter_map(|key| VerifierKey::new(origin, NoteKeyType::Ed25519, *key).ok());
            let witnesses = exchange
                .cosignature_key
                .all()
                .filter_map(move |key| VerifierKey::new(name.clone(), NoteKeyType::CosignatureV1, *key).ok());
            logs.chain(witnesses).collect::<Vec<_>>()
        })
    }
}

/// Any of `members` signed as the log of `region`, and more than two thirds of them cosigned (C2SP tlog-policy).
pub(crate) fn members_policy(region: &Region, members: Vec<Cosigner>) -> Option<Policy> {
    let origin = region.origin.as_str();
    let (mut logs, mut witnesses) = (Vec::new(), Vec::new());
    for member in members {
        let key = VerifierKey::new(origin, NoteKeyType::Ed25519, member.checkpoint_key).ok()?;
        logs.push(PolicyLog { key, url: None });
        let name = format!("{origin}/{}", member.exchange);
        let key = VerifierKey::new(name.clone(), NoteKeyType::CosignatureV1, member.cosignature_key).ok()?;
        witnesses.push(PolicyWitness { name, key, url: None });
    }
    Policy::more_than_two_thirds(logs, witnesses).ok()
}
