//! The state machine of the market: an entry goes in, effects or a refusal come out.
//!
//! [`execute`] runs a block's commands over a state that it can only read, and answers with the records to write, the
//! money that moved and one outcome per command. The same code runs in the node, in the auditor and in tests, so it
//! holds no clock, no randomness, no float and no I/O. A record that is not in memory is asked for by name
//! ([`Halt::Missing`]); the caller loads it and runs the commands again.
//!
//! Deliberately absent: storage, ordering, signing, and every rule that belongs to a single stage — those are in
//! `party`, `listing`, `licensing` and `settlement`; here they are only brought together.

mod command;
mod execute;
mod facts;
mod lines;
mod memory;
mod record;
mod rules;
mod snapshot_proof;
mod view;

pub use command::{Actor, Command, Decoded, IssueCertificate, SignedCommand};
pub use execute::{Accepted, Effects, EncodedEffects, Executed, Outcome, Row, execute};
pub use facts::{CERTIFICATE_LINES_MAX, CertificateFacts, CertificateLine, certificate_facts};
pub use lines::{PairLine, refund_lines, refunded_revenue, sale_key, sale_lines};
pub use memory::MemoryState;
pub use record::{
    Acceptance, Answer, Certificate, Claim, DeliveryRecord, Head, Key, Noun, PostedTransaction, Record,
    RefundRecord, RefundedLine, Stored,
};
pub use snapshot_proof::{
    ProvenEntry, SNAPSHOT_PROOF_BYTES_MAX, SNAPSHOT_PROOF_FORMAT, SnapshotProof, SnapshotProofError,
    VerifiedSnapshot,
};
pub use view::{Base, BlockContext, Halt, Loaded};
