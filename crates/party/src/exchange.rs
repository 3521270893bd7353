//! Exchanges as members of a region: their keys and their standing.
//!
//! Whatever an entry changes of a membership or a key takes effect [`EFFECT_DELAY_HEIGHTS`] after the block that
//! accepted it, and is written at once, so at every height everybody knows who votes at the next two. What is in force
//! at a height never changes afterwards.

use crate::{KeyHistory, KeyPurpose, PossessionProof};
use databourse_primitives::{
    BilingualText, EntryId, ExchangeCode, Height, Line, ProposalId, PublicKey, Refusal, RefusalCode,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many heights after the accepting block a change of membership or keys takes effect. A block is agreed on while
/// the one before it may not be executed everywhere yet; with two heights the voters are known in time.
pub const EFFECT_DELAY_HEIGHTS: u64 = 2;

/// The most exchanges that a region has at a time.
pub const MEMBERS_MAX: usize = 20;

/// The height at which a change takes effect that is accepted at `accepted`.
pub const fn effect_height(accepted: Height) -> Height {
    Height(accepted.0.saturating_add(EFFECT_DELAY_HEIGHTS))
}

/// An exchange as the founding entry, or the proposal to let it join, names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundExchange {
    /// Its code.
    pub code: ExchangeCode,
    /// Its name.
    pub name: BilingualText,
    /// The key that signs its entries.
    pub entry_key: PublicKey,
    /// The key that signs checkpoints, as the log.
    pub checkpoint_key: PublicKey,
    /// The key that co-signs checkpoints.
    pub cosignature_key: PublicKey,
    /// The key that signs messages of the agreement on blocks.
    pub consensus_key: PublicKey,
}

impl FoundExchange {
    /// Its keys, one for each purpose.
    pub const fn keys(&self) -> [(KeyPurpose, PublicKey); 4] {
        [
            (KeyPurpose::Entry, self.entry_key),
            (KeyPurpose::Checkpoint, self.checkpoint_key),
            (KeyPurpose::Cosignature, self.cosignature_key),
            (KeyPurpose::Consensus, self.consensus_key),
        ]
    }

    /// Checks that it has each of its keys, by their `proofs` for the region of `origin`.
    ///
    /// # Errors
    /// At the purpose: `member.proof_missing`, `member.proof_invalid`.
    pub fn prove(
        &self,
        origin: &Line,
        proofs: &BTreeMap<KeyPurpose, PossessionProof>,
    ) -> Result<(), Refusal> {
        for (purpose, key) in self.keys() {
            let at = |refusal: Refusal| refusal.within(purpose.as_str());
            let expected = "the key's own signature over region, exchange, purpose and key";
            let missing = || Refusal::new(RefusalCode::MemberProofMissing, "", expected);
            let proof = proofs.get(&purpose).ok_or_else(missing).map_err(at)?;
            proof.verify(origin, &self.code, purpose, &key).map_err(at)?;
        }
        Ok(())
    }
}

/// Why an exchange is suspended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuspensionCause {
    /// It signed two of what it may sign one: the entry that reported it, and the name of its record.
    Misbehaviour(EntryId),
    /// The others decided so.
    Proposal(ProposalId),
}

/// Where an exchange stands in its region, and the first height at which it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Membership {
    /// It does everything that exchanges do.
    Active {
        /// The first height.
        since_height: Height,
    },
    /// It votes, signs and settles, and takes on nothing new.
    Leaving {
        /// The first height.
        since_height: Height,
        /// The exchange that will take its book over.
        successor: ExchangeCode,
    },
    /// It is no member any more.
    Left {
        /// The first height.
        since_height: Height,
        /// The exchange that took its book over.
        successor: ExchangeCode,
    },
    /// It neither votes nor signs entries until it is reinstated.
    Suspended {
        /// The first height.
        since_height: Height,
        /// Why.
        cause: SuspensionCause,
    },
}

impl Membership {
    /// The standing's name in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Active { .. } => "active",
            Self::Leaving { .. } => "leaving",
            Self::Left { .. } => "left",
            Self::Suspended { .. } => "suspended",
        }
    }

    /// The first height at which it is in force.
    pub const fn since_height(&self) -> Height {
        match self {
            Self::Active { since_height }
            | Self::Leaving { since_height, .. }
            | Self::Left { since_height, .. }
            | Self::Suspended { since_height, .. } => *since_height,
        }
    }

    /// Whether an exchange that stands so votes on blocks, co-signs checkpoints and signs entries.
    pub const fn acts(&self) -> bool {
        matches!(self, Self::Active { .. } | Self::Leaving { .. })
    }
}

/// An exchange of the region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Its code.
    pub code: ExchangeCode,
    /// Its name.
    pub name: BilingualText,
    /// The keys that sign its entries.
    pub entry_key: KeyHistory,
    /// The keys that sign checkpoints, as the log.
    pub checkpoint_key: KeyHistory,
    /// The keys that co-sign checkpoints.
    pub cosignature_key: KeyHistory,
    /// The keys that sign messages of the agreement on blocks.
    pub consensus_key: KeyHistory,
    /// Block time of the entry that admitted it.
    pub member_since: Timestamp,
    /// Where it stands, as decided last; it may lie ahead by up to [`EFFECT_DELAY_HEIGHTS`].
    pub membership: Membership,
    /// Where it stood before, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Membership>,
    /// Sequence of its last certificate; 0 before the first.
    pub last_certificate: u64,
}

impl Exchange {
    /// A member from `since_height` on.
    pub fn admit(found: &FoundExchange, since_height: Height, now: Timestamp) -> Self {
        let first = |key| KeyHistory::new(key, since_height);
        Self {
            code: found.code.clone(),
            name: found.name.clone(),
            entry_key: first(found.entry_key),
            checkpoint_key: first(found.checkpoint_key),
            cosignature_key: first(found.cosignature_key),
            consensus_key: first(found.consensus_key),
            member_since: now,
            membership: Membership::Active { since_height },
            earlier: Vec::new(),
            last_certificate: 0,
        }
    }

    /// Where it stands at `height`; nowhere before it became a member.
    pub fn membership_at(&self, height: Height) -> Option<&Membership> {
        let steps = std::iter::once(&self.membership).chain(self.earlier.iter().rev());
        steps.into_iter().find(|step| step.since_height() <= height)
    }

    /// The height of the block in which it departed, and who took its book over then; `None` while it is a member.
    pub const fn departed(&self) -> Option<(Height, &ExchangeCode)> {
        match &self.membership {
            Membership::Left { since_height, successor } => {
                Some((Height(since_height.0.saturating_sub(EFFECT_DELAY_HEIGHTS)), successor))
            }
            _ => None,
        }
    }

    /// Whether it is active at `height`.
    pub fn is_active_at(&self, height: Height) -> bool {
        matches!(self.membership_at(height), Some(Membership::Active { .. }))
    }

    /// Whether it votes on the block of `height`.
    pub fn votes_at(&self, height: Height) -> bool {
        self.membership_at(height).is_some_and(Membership::acts)
    }

    /// Whether it is active at `height` and everything decided so far leaves it so.
    pub fn stays_active(&self, height: Height) -> bool {
        self.is_active_at(height) && self.membership.since_height() <= height
    }

    /// Refuses unless it may sign entries at `height`.
    ///
    /// # Errors
    /// `member.not_active`, without a field.
    pub fn may_act(&self, height: Height) -> Result<(), Refusal> {
        match self.membership_at(height) {
            Some(standing) if standing.acts() => Ok(()),
            standing => {
                let standing = standing.map_or("not a member yet", Membership::as_str);
                let expected = format!("an active exchange; {} is {standing} at height {height}", self.code);
                Err(Refusal::new(RefusalCode::MemberNotActive, "", expected))
            }
        }
    }

    /// Refuses unless it takes on new business at `height`.
    ///
    /// # Errors
    /// `member.not_active`, `member.leaving`, without a field.
    pub fn may_take_on(&self, height: Height) -> Result<(), Refusal> {
        self.may_act(height)?;
        match self.membership_at(height) {
            Some(Membership::Leaving { successor, .. }) => {
                let expected = format!("another exchange; {} is leaving, {successor} succeeds it", self.code);
                Err(Refusal::new(RefusalCode::MemberLeaving, "", expected))
            }
            _ => Ok(()),
        }
    }

    /// Its keys for `purpose`.
    pub const fn keys_for(&self, purpose: KeyPurpose) -> &KeyHistory {
        match purpose {
            KeyPurpose::Entry => &self.entry_key,
            KeyPurpose::Checkpoint => &self.checkpoint_key,
            KeyPurpose::Cosignature => &self.cosignature_key,
            KeyPurpose::Consensus => &self.consensus_key,
        }
    }

    /// Every key that it has or had, for whatever purpose.
    pub fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        KeyPurpose::ALL.into_iter().flat_map(|purpose| self.keys_for(purpose).all())
    }

    /// The exchange with another standing from then on.
    #[must_use]
    pub(crate) fn standing(mut self, next: Membership) -> Self {
        self.earlier.push(std::mem::replace(&mut self.membership, next));
        self
    }

    /// The exchange with another key for `purpose` from `since_height` on.
    #[must_use]
    pub(crate) fn with_key(mut self, purpose: KeyPurpose, key: PublicKey, since_height: Height) -> Self {
        let history = match purpose {
            KeyPurpose::Entry => &mut self.entry_key,
            KeyPurpose::Checkpoint => &mut self.checkpoint_key,
            KeyPurpose::Cosignature => &mut self.cosignature_key,
            KeyPurpose::Consensus => &mut self.consensus_key,
        };
        *history = history.clone().replaced(key, since_height);
        self
    }
}
