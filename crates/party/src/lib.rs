//! Stage 1, registration of parties: the region, its exchanges, the parties that an exchange certifies, their roles
//! and keys (一次认证、异地可办: certified once, recognised by every exchange of the region). And the exchanges as
//! members: how they join, leave, replace their keys, are suspended, and who votes and co-signs at which height.
//!
//! Every function takes the records it needs and returns the records it makes. Deliberately absent: storage, time
//! (an argument), signatures of entries (checked before a command reaches a rule; those inside of one are checked
//! here), the recognition policy between exchanges.

mod anchor;
mod change;
mod closing;
mod departure;
mod exchange;
mod exchange_key;
mod identifier;
mod key;
mod member;
mod misbehaviour;
mod party;
mod predecessor;
mod proposal;
mod region;
mod snapshot;
pub mod turns;
mod voters;

pub use anchor::{Anchor, AnchorSubject, RecordAnchor};
pub use closing::{CloseLedger, Closing, ClosingState};
pub use departure::DepartRegion;
pub use exchange::{
    EFFECT_DELAY_HEIGHTS, Exchange, FoundExchange, MEMBERS_MAX, Membership, SuspensionCause, effect_height,
};
pub use exchange_key::{EarlierKey, KeyHistory, KeyPurpose, NewKey, PossessionProof};
pub use identifier::LegalIdentifier;
pub use key::{KeyOwner, KeyRecord, register, retire};
pub use member::Members;
pub use misbehaviour::{MisbehaviourRecord, ReportMisbehaviour};
pub use party::{
    CertifyParty, Party, PartyState, ReplacePartyKeys, RevokeParty, Role, certify, replace_keys, revoke,
};
pub use predecessor::{LedgerEnd, Predecessor};
pub use proposal::{CastVote, Change, Missing, Proposal, ProposalState, ProposeChange, Tally};
pub use region::{FoundRegion, Region, Successors, found};
pub use snapshot::{AttestSnapshot, Attestation, OrderSnapshot, Snapshot, SnapshotContent, SnapshotState};
pub use voters::{Cosigner, cosigners, validators};
