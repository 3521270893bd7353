//! Anchors on a public chain: recorded by any exchange, each once, in the order in which the ledger grew.

use super::window::window;
use crate::{Claim, Halt, Head, view::Tx};
use databourse_party::{AnchorSubject, RecordAnchor};
use databourse_primitives::{ExchangeCode, Holder, Refusal, RefusalCode, TreeSize, WindowId};
use databourse_settlement::WindowState;

/// The series whose latest number is the size of the checkpoint recorded last for the contract.
pub(super) fn series(command: &RecordAnchor) -> String {
    format!("anchor:{}:{}", command.chain_id, command.contract)
}

/// The name that only one statement of a holder in a window has at a contract.
pub(super) fn statement_name(command: &RecordAnchor, window: WindowId, holder: &Holder) -> String {
    format!("{}:{window}:{holder}", series(command))
}

/// Records an anchor.
pub(super) fn record(tx: &mut Tx<'_>, by: &ExchangeCode, command: &RecordAnchor) -> Result<(), Halt> {
    let last = tx.find::<Head>(&series(command))?.map(|head| TreeSize(head.number));
    let anchor = command.record(tx.entry, by, last, tx.leaf_index, tx.now())?;
    match &command.subject {
        AnchorSubject::Checkpoint { size, .. } => tx.put(Head { name: series(command), number: size.0 }),
        AnchorSubject::Statement { window: id, holder, .. } => {
            let state = window(tx, *id).map_err(|halt| within(halt, "subject"))?.state;
            if !matches!(state, WindowState::Settled { .. } | WindowState::Aborted { .. }) {
                let expected = "a settled or aborted window: before, a statement may still change";
                return Err(Refusal::new(RefusalCode::WindowState, "subject.window", expected).into());
            }
            let name = statement_name(command, *id, holder);
            if let Some(claim) = tx.find::<Claim>(&name)? {
                let expected = format!("a statement that is not recorded; this one is, in {}", claim.holder);
                return Err(Refusal::new(RefusalCode::AnchorRecorded, "subject.window", expected).into());
            }
            tx.put(Claim { name, holder: tx.entry.to_string() });
        }
    }
    tx.put(anchor);
    Ok(())
}

fn within(halt: Halt, field: &'static str) -> Halt {
    match halt {
        Halt::Refused(refusal) => Halt::Refused(refusal.within(field)),
        missing @ Halt::Missing(_) => missing,
    }
}
