//! A certificate with no more signatures than its policy asks for: any quorum proves as much as all of them.

use super::{CertificateFile, VerifyError};
use crate::Policy;

impl CertificateFile {
    /// The same certificate without the signature lines that `policy` can do without, the last ones first. Everything
    /// else is kept, and `policy` trusts it as before; another policy may miss a witness.
    ///
    /// # Errors
    /// As [`CertificateFile::verify`]: what does not hold is not made smaller.
    pub fn with_fewest_signatures(&self, policy: &Policy) -> Result<Self, VerifyError> {
        self.verify(policy)?;
        let mut lean = self.clone();
        for position in (0..self.receipt.checkpoint.signatures.len()).rev() {
            let signatures = &mut lean.receipt.checkpoint.signatures;
            if signatures.len() == 1 {
                break;
            }
            let line = signatures.remove(position);
            if policy.check(&lean.receipt.checkpoint).is_err() {
                lean.receipt.checkpoint.signatures.insert(position, line);
            }
        }
        Ok(lean)
    }
}
