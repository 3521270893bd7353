//! Agreed blocks.

use super::Driver;
use crate::{
    CommitCertificate, Divergence, End, LedgerApp, Verdict,
    malachite::{context::Agreement, proof},
    pause::Pause,
};
use arc_malachitebft_app_channel::app::{consensus::MisbehaviorEvidence, types::core};
use databourse_ledger::Block;
use databourse_primitives::{Digest, Height};
use std::sync::Arc;
use tracing::error;

impl<A: LedgerApp> Driver<A> {
    /// Makes an agreed block durable, however long that takes. The engine hears of it afterwards only: it forgets its
    /// log of votes then.
    ///
    /// # Errors
    /// `Halted`; `Diverged` if this node's rules do not come to what the region agreed on; `Broken` if the block is not
    /// known, which the engine excludes.
    pub(super) async fn commit(&mut self, agreed: &core::CommitCertificate<Agreement>) -> Result<(), End> {
        let (height, block_id) = (Height::from(agreed.height), agreed.value_id);
        if height != self.height {
            return Ok(());
        }
        let Some(certificate) = proof::certificate(agreed) else {
            return Err(End::Broken("a certificate of no round".to_owned()));
        };
        while self.app.last_height() < height {
            match self.commit_once(height, block_id, &certificate).await {
                Ok(Ok(())) => {}
                Ok(Err(end)) => return Err(end),
                Err(failure) => self.recover(&failure).await?,
            }
        }
        self.pause = Pause::default();
        self.enter_height().await
    }

    /// One attempt: find, check unless it was the last one that was checked, commit, wait until it is durable.
    async fn commit_once(
        &mut self,
        height: Height,
        block_id: Digest,
        certificate: &CommitCertificate,
    ) -> Result<Result<(), End>, A::Error> {
        let Some(block) = self.find(height, block_id).await? else {
            return Ok(Err(End::Broken(format!(
                "block {block_id} of height {height} is agreed on and not known"
            ))));
        };
        if self.last_checked != Some(block_id) {
            self.last_checked = None;
            let verdict = self.app.check(&block).await?;
            // A clock that is slow does not make an agreed block wrong.
            if !matches!(verdict, Verdict::Valid | Verdict::Untimely { .. }) {
                error!(height = height.0, %block_id, ?verdict, "the region agreed on a block that is not valid here");
                let found = Divergence { height, block_id, block: &block, certificate, verdict: &verdict };
                self.app.diverged(found).await;
                return Ok(Err(End::Diverged { height, block_id, verdict }));
            }
        }
        self.app.commit(Arc::unwrap_or_clone(block), certificate.clone()).await?;
        self.last_checked = None;
        self.app.settle().await?;
        Ok(Ok(()))
    }

    async fn find(&mut self, height: Height, block_id: Digest) -> Result<Option<Arc<Block>>, A::Error> {
        if let Some(undecided) = self.proposals.get(block_id) {
            return Ok(Some(undecided.block.clone()));
        }
        let saved = self.app.undecided(height).await?;
        Ok(saved.into_iter().map(|undecided| undecided.block).find(|block| block.id() == block_id))
    }

    /// Hands over what proves double signing.
    pub(super) async fn record(&mut self, evidence: &MisbehaviorEvidence<Agreement>) -> Result<(), End> {
        let proofs = proof::double_signings(evidence, &self.settings.signer.origin, &self.voters);
        if proofs.is_empty() {
            return Ok(());
        }
        self.status.send_modify(|status| {
            for proof in &proofs {
                *status.evidence_count.entry(proof.exchange.clone()).or_default() += 1;
            }
        });
        while let Err(failure) = self.app.record_evidence(proofs.clone()).await {
            self.recover(&failure).await?;
        }
        Ok(())
    }
}
