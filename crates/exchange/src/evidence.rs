//! Evidence of double signing becomes an entry: each node reports what it has seen, and the ledger takes the first.

use crate::{Acting, Node, Submission, SubmitError, engine::halt, entropy::entry_id};
use databourse_ledger::DoubleSigning;
use databourse_market::Command;
use databourse_party::ReportMisbehaviour;
use databourse_primitives::{Refusal, RefusalCode};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tracing::{error, info, warn};

/// The most pieces of evidence that are reported after a restart; one suspends its exchange.
const UNREPORTED_MAX: u32 = 100;

/// How long a report waits that could not be made, before it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Reports what the engine hands over until the node halts.
pub(crate) async fn report(
    node: Node,
    evidence: mpsc::UnboundedReceiver<DoubleSigning>,
    mut halted: watch::Receiver<bool>,
) {
    tokio::select! {
        () = halt(&mut halted) => {}
        () = report_all(&node, evidence) => {}
    }
}

async fn report_all(node: &Node, mut evidence: mpsc::UnboundedReceiver<DoubleSigning>) {
    match node.store().unreported_evidence(UNREPORTED_MAX).await {
        Ok(kept) => {
            for found in kept {
                report_one(node, found).await;
            }
        }
        Err(failure) => warn!(%failure, "evidence of before cannot be read"),
    }
    while let Some(found) = evidence.recv().await {
        error!(exchange = %found.exchange, height = found.first.message.height.0, "an exchange signed two of one");
        report_one(node, found).await;
    }
}

/// Reports until it is said that the evidence is in the ledger or not needed. A region that is short of a quorum, as it
/// is more likely than not while one of its nodes misbehaves, is waited for; what is left at a halt is kept for the next
/// start.
async fn report_one(node: &Node, evidence: DoubleSigning) {
    let Ok(text) = serde_json::to_vec(&evidence) else { return };
    let digest = Sha256::new()
        .chain_update(b"databourse misbehaviour report\n")
        .chain_update(node.exchange().as_str().as_bytes())
        .chain_update(&text)
        .finalize();
    let exchange = evidence.exchange.clone();
    let id = entry_id(node.now(), &digest.into());
    loop {
        let command = Command::ReportMisbehaviour(ReportMisbehaviour { evidence: evidence.clone() });
        let submission = Submission::Command { id, acting: Acting::Exchange, command };
        match node.submit(vec![submission]).await.pop() {
            Some(Ok(done)) => {
                info!(%exchange, leaf_index = done.leaf_index.0, "evidence is in the ledger");
                break;
            }
            Some(Err(SubmitError::Refused(refusal))) if is_for_now(&refusal) => {
                warn!(%exchange, %refusal, "evidence could not be reported yet");
            }
            // Another node was first, or the exchange is suspended already.
            Some(Err(SubmitError::Refused(refusal))) => {
                info!(%exchange, %refusal, "evidence is not needed");
                break;
            }
            Some(Err(failure)) => warn!(%exchange, %failure, "evidence could not be reported yet"),
            None => return,
        }
        tokio::time::sleep(AGAIN).await;
    }
    if let Err(failure) = node.store().mark_evidence_reported(&[evidence]).await {
        warn!(%exchange, %failure, "evidence will be reported again");
    }
}

/// Whether the same report may be accepted a little later: nothing is decided of an exchange on which a decision is not
/// in force yet.
fn is_for_now(refusal: &Refusal) -> bool {
    matches!(refusal.code, RefusalCode::ServiceBusy | RefusalCode::MemberChangePending)
}
