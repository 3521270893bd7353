//! Trust policies.

use crate::known::CERTIFICATE;
use databourse_ledger::Policy;

/// The text of tlog-policy.
pub(crate) fn policy(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(policy) = text.parse::<Policy>() else { return };
    let printed = policy.to_string();
    assert_eq!(printed.parse::<Policy>().as_ref(), Ok(&policy), "a policy prints as one that says the same");
    let parts = (
        policy.logs().to_vec(),
        policy.witnesses().to_vec(),
        policy.groups().to_vec(),
        policy.quorum().clone(),
    );
    assert_eq!(Policy::new(parts.0, parts.1, parts.2, parts.3).as_ref(), Ok(&policy));
    // An honest checkpoint is trusted or not; no policy makes reading it fail, and none is satisfied by fewer
    // signers than the checkpoint has.
    let signed = &CERTIFICATE.receipt.checkpoint;
    if let Ok(verdict) = policy.check(signed) {
        assert!(!verdict.logs.is_empty());
        let mut alone = signed.clone();
        alone.signatures.retain(|line| {
            verdict.logs.iter().all(|log| (log.key_id, &log.name) != (line.key_id, &line.name))
        });
        assert!(policy.check(&alone).is_err(), "no log signed");
    }
}
