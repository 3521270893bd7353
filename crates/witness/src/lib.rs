//! A stand-alone witness for any C2SP log, and the client of one (C2SP tlog-witness, tlog-cosignature, tlog-checkpoint).
//!
//! | noun | module | what it is |
//! |---|---|---|
//! | [`AddCheckpoint`] | `request` | the body of `add-checkpoint`, read and printed |
//! | [`AddError`] | `refusal` | why nothing is cosigned, in the order of precedence, with the HTTP status |
//! | [`Latest`], [`judge`] | `judge` | the decision, without I/O: size known before, proof, root |
//! | [`LogList`] | `logs` | which logs are witnessed: tlog-policy lines, or a list of the witness network |
//! | [`Record`] | `record` | one line of evidence as it stands in a file |
//! | `Book` | `book` | the append-only file of a log: the record of the latest checkpoint **and** the evidence |
//! | [`Witness`] | `witness` | logs, key and books together: check, persist, answer |
//! | [`serve`] | `service` | HTTP |
//! | [`WitnessClient`] | `client` | asks a witness, anybody's |
//!
//! What holds, whatever happens to the process: nobody gets a cosignature over a checkpoint that is not on the disk
//! already; sizes of a log never fall; two roots of one size are never both cosigned. A file that does not end where a
//! crash may have cut it is refused, not repaired.
//!
//! Deliberately absent: reading clocks (a caller hands one in), fetching anything from a log, TLS, `sign-subtree`
//! (optional), ML-DSA-44.

mod book;
mod client;
mod judge;
mod logs;
mod record;
mod refusal;
mod request;
mod service;
mod witness;

pub use book::BookError;
pub use client::{Answer, ClientError, WitnessClient};
pub use judge::{Latest, judge};
pub use logs::{LOG_LIST_BYTES_MAX, LogList, LogListError};
pub use record::{Record, RecordKind};
pub use refusal::AddError;
pub use request::{AddCheckpoint, BODY_BYTES_MAX, Malformed, PROOF_HASHES_MAX};
pub use service::serve;
pub use witness::{LogStatus, Witness, WitnessConfig, WitnessError, origin_hash, read_evidence};
