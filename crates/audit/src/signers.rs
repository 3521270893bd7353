//! Who could sign a checkpoint, by the entries under it.

use crate::{Auditor, FindingKind, vouched};
use databourse_ledger::{NoteKeyType, Policy, SignedCheckpoint, VerifierKey};
use databourse_party::{Exchange, Region, cosigners};
use databourse_primitives::Height;

/// How a signed checkpoint stands to the members of the region as of its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointStanding {
    /// The members whose cosignature it carries, by the names of their keys.
    pub cosigned_by: Vec<String>,
    /// Signature lines of keys that are not the members'. Witnesses of others may stand here.
    pub other_lines: Vec<String>,
    /// What is wrong with it.
    pub findings: Vec<FindingKind>,
}

impl Auditor {
    /// The policy that the entries read so far give: any member signed as the log, and more than two thirds cosigned, with
    /// the keys in force at the last block. `None` before the founding.
    pub fn members_policy(&self) -> Option<Policy> {
        let region: &Region = self.state().find(&"region")?;
        let members = cosigners(self.state().all::<Exchange>(), self.height().max(Height(1)));
        vouched::members_policy(region, members)
    }

    /// Judges the checkpoint of the entries read so far by what they say of the members and their keys.
    ///
    /// A line that has the name of a member's key but another id, or its id but another name, is a finding: nobody signs so,
    /// and a reader who skips lines of unknown keys would not see that it was altered.
    pub fn judge(&self, signed: &SignedCheckpoint) -> CheckpointStanding {
        let mut standing =
            CheckpointStanding { cosigned_by: Vec::new(), other_lines: Vec::new(), findings: Vec::new() };
        let Some(policy) = self.members_policy() else {
            standing
                .findings
                .push(FindingKind::CheckpointUnsigned { reason: "the region is not founded".to_owned() });
            return standing;
        };
        match policy.check(signed) {
            Ok(verdict) => {
                standing.cosigned_by = verdict.witnesses.into_iter().map(|witness| witness.name).collect();
            }
            Err(untrusted) => {
                standing.findings.push(FindingKind::CheckpointUnsigned { reason: untrusted.to_string() });
            }
        }
        let keys: Vec<&VerifierKey> = policy
            .logs()
            .iter()
            .map(|log| &log.key)
            .chain(policy.witnesses().iter().map(|witness| &witness.key))
            .collect();
        for line in &signed.signatures {
            if keys.iter().any(|key| key.claims(line)) {
                continue;
            }
            // Other kinds of signatures share names with these; their length tells them apart (tlog-cosignature).
            let is_like = |key: &&VerifierKey| {
                let length = if key.key_type() == NoteKeyType::Ed25519 { 64 } else { 72 };
                line.bytes.len() == length && (key.name() == line.name || key.key_id() == line.key_id)
            };
            let name = format!("{}+{:08x}", line.name, line.key_id);
            if keys.iter().any(is_like) {
                standing.findings.push(FindingKind::CheckpointLineForeign { name: name.clone() });
            }
            standing.other_lines.push(name);
        }
        standing
    }
}
