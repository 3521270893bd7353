//! What is asked of a witness: the body of `add-checkpoint` (C2SP tlog-witness).

use crate::known::{CERTIFICATE, POLICY};
use databourse_witness::{AddCheckpoint, BODY_BYTES_MAX, Latest, PROOF_HASHES_MAX, judge};

/// `old <size>`, the lines of a proof, a blank line, a signed checkpoint.
pub(crate) fn witness_request(input: &[u8]) {
    let Ok(request) = AddCheckpoint::parse(input) else { return };
    assert_eq!(request.to_string().as_bytes(), input, "a request has one form");
    assert!(input.len() <= BODY_BYTES_MAX && request.proof.len() <= PROOF_HASHES_MAX);
    let AddCheckpoint { old, proof, checkpoint } = &request;
    let known = &CERTIFICATE.receipt.checkpoint.checkpoint;
    let next = Latest { size: checkpoint.size(), root: checkpoint.root() };
    let keys: Vec<_> = POLICY.logs().iter().map(|log| log.key.clone()).collect();
    if checkpoint.verify(&keys).is_ok() {
        assert_eq!(
            (checkpoint.origin(), next.size, next.root),
            (&*known.origin, known.size, known.root),
            "a forged checkpoint"
        );
    }
    // By a witness that has cosigned the known checkpoint, and by one that has cosigned nothing.
    let cosigned = Latest { size: known.size, root: known.root };
    for latest in [cosigned, Latest::default()] {
        if judge(latest, *old, proof, next).is_err() {
            continue;
        }
        assert!(*old == latest.size && next.size >= latest.size, "a smaller tree after a larger one");
        assert!(
            next.size > latest.size || (next.root == latest.root && proof.is_empty()),
            "two roots of a size"
        );
    }
}
