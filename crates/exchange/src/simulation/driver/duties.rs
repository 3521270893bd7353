//! What a node does beside the agreement: it keeps what was shown, and hands over and reports what it saw of others.

use super::Driver;
use crate::{
    SubmitError,
    simulation::{
        entries,
        vote::{Kind, Vote},
    },
};
use databourse_consensus::LedgerApp as _;
use databourse_ledger::{ConsensusMessage, DoubleSigning, Step};
use databourse_primitives::{Height, Line};
use tokio::sync::oneshot;

impl Driver {
    /// As `publisher::keep_final` does it.
    pub(super) fn keep_final(&self) {
        let shown = self.ears.publisher.shown();
        let Some(signed) = shown.signed.clone() else { return };
        self.world.check_shown(self.place);
        self.world.disk(self.place).tables.final_checkpoint = Some((shown.height, signed));
    }

    /// As `evidence::report` does it: what was seen becomes an entry.
    pub(super) fn report(&mut self) {
        while self.evidence.try_recv().is_ok() {}
        if let Some((proof, receiver)) = &mut self.reporting {
            let is_known = match receiver.try_recv() {
                Ok(Ok(_) | Err(SubmitError::Refused(_))) => true,
                Err(oneshot::error::TryRecvError::Empty) => return,
                _ => false,
            };
            if is_known {
                let name = serde_json::to_string(proof).unwrap();
                if let Some((_, is_reported)) = self.world.disk(self.place).tables.evidence.get_mut(&name) {
                    *is_reported = true;
                }
            }
            self.reporting = None;
        }
        let disk = self.world.disk(self.place);
        let unreported = disk.tables.evidence.values().find(|(_, is_reported)| !is_reported);
        let Some((proof, _)) = unreported.cloned() else { return };
        drop(disk);
        let body = serde_json::json!({ "evidence": proof });
        let now = self.now();
        let command = entries::sign(self.place, None, self.world.new_id(), now, "member.report", &body);
        if let Ok(mut receivers) = self.ears.pool.push(vec![command]) {
            self.reporting = receivers.pop().map(|receiver| (proof, receiver));
        }
    }

    /// Hands over what proves double signing.
    pub(super) async fn record(&mut self) {
        let conflicts = std::mem::take(&mut self.agreement.conflicts);
        let proofs: Vec<DoubleSigning> =
            conflicts.iter().filter_map(|(first, second)| self.proof(first, second)).collect();
        if proofs.is_empty() {
            return;
        }
        self.world.note(format_args!("{} has evidence against {}", self.code, proofs[0].exchange));
        while let Err(failure) = self.app.record_evidence(proofs.clone()).await {
            self.recover(&failure).await;
        }
    }

    /// The two votes as they would be signed.
    pub(super) fn proof(&self, first: &Vote, second: &Vote) -> Option<DoubleSigning> {
        let origin: Line = entries::ORIGIN.parse().unwrap();
        let key = self.key_of(self.agreement.validator(&first.voter)?)?;
        let signed = |vote: &Vote| {
            let step = if vote.kind == Kind::Prevote { Step::Prevote } else { Step::Precommit };
            let Vote { round, block_id, .. } = *vote;
            ConsensusMessage { height: Height(vote.height), round, step, block_id }.sign(&origin, &key)
        };
        Some(DoubleSigning { exchange: first.voter.clone(), first: signed(first), second: signed(second) })
    }
}
