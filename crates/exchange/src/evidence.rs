//! Evidence of double signing becomes an entry: each node reports what it has seen, and the ledger takes the first.

use crate::{Acting, Node, Submission, SubmitError, engine::halt, entropy::entry_id};
use databourse_ledger::DoubleSigning;
use databourse_market::Command;
use databourse_party::ReportMisbehaviour;
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, watch};
use tracing::{error, info, warn};

/// The most pieces of evidence that are reported after a restart; one suspends its exchange.
const UNREPORTED_MAX: u32 = 100;

/// Reports what the engine hands over until the node halts.
pub(crate) async fn report(
    node: Node,
    mut evidence: mpsc::UnboundedReceiver<DoubleSigning>,
    mut halted: watch::Receiver<bool>,
) {
    match node.store().unreported_evidence(UNREPORTED_MAX).await {
        Ok(kept) => {
            for found in kept {
                report_one(&node, found).await;
            }
        }
        Err(failure) => warn!(%failure, "evidence of before cannot be read"),
    }
    loop {
        let found = tokio::select! {
            () = halt(&mut halted) => return,
            found = evidence.recv() => found,
        };
        let Some(found) = found else { return };
        error!(exchange = %found.exchange, height = found.first.message.height.0, "an exchange signed two of one");
        tokio::select! {
            () = halt(&mut halted) => return,
            () = report_one(&node, found) => {}
        }
    }
}

async fn report_one(node: &Node, evidence: DoubleSigning) {
    let Ok(text) = serde_json::to_vec(&evidence) else { return };
    let digest = Sha256::new()
        .chain_update(b"databourse misbehaviour report\n")
        .chain_update(node.exchange().as_str().as_bytes())
        .chain_update(&text)
        .finalize();
    let exchange = evidence.exchange.clone();
    let reported = [evidence.clone()];
    let command = Command::ReportMisbehaviour(ReportMisbehaviour { evidence });
    let id = entry_id(node.now(), &digest.into());
    let submission = Submission::Command { id, acting: Acting::Exchange, command };
    match node.submit(vec![submission]).await.pop() {
        Some(Ok(done)) => info!(%exchange, leaf_index = done.leaf_index.0, "evidence is in the ledger"),
        // Another node was first, or the exchange is suspended already.
        Some(Err(SubmitError::Refused(refusal))) => info!(%exchange, %refusal, "evidence is not needed"),
        // It is kept, and reported at the next start.
        Some(Err(failure)) => return warn!(%exchange, %failure, "evidence could not be reported"),
        None => return,
    }
    if let Err(failure) = node.store().mark_evidence_reported(&reported).await {
        warn!(%exchange, %failure, "evidence will be reported again");
    }
}
