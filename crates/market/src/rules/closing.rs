//! Closing the ledger: everything is settled, and then one entry is the last.

use super::{
    departure::{NAMED_MAX, latest, load, of_accounts},
    standing::{self, Exchanges},
};
use crate::{Halt, view::Tx};
use databourse_party::CloseLedger;
use databourse_primitives::{Asset, ExchangeCode, Refusal, RefusalCode, WindowId};
use databourse_settlement::{Window, WindowState};

/// Closes the ledger, in the words that the region decided.
///
/// What is looked at is what can be read by name: every window, and every exchange's accounts, which each sale with a fee, a
/// tax or two books stands on while it is open. A hold that touches parties' accounts alone (no fee, no tax, one book) is seen
/// by who asks for the end: `databourse region close` does not send it before no hold is pending.
pub(super) fn close(tx: &mut Tx<'_>, by: &ExchangeCode, command: &CloseLedger) -> Result<(), Halt> {
    let all = Exchanges::load(tx)?;
    if !all.members(tx).active().contains(by) {
        return Err(Refusal::new(RefusalCode::MemberNotActive, "exchange", "an active exchange").into());
    }
    let region = standing::region(tx)?.close(command, tx.context.height, tx.now())?;
    load(tx, &region.assets, &region.exchanges)?;
    let mut open = Vec::new();
    for asset in &region.assets {
        for code in &region.exchanges {
            of_accounts(tx, code, *asset, &mut open)?;
        }
        of_windows(tx, *asset, &mut open)?;
    }
    if !open.is_empty() {
        let more = if open.len() > NAMED_MAX { " and more" } else { "" };
        open.truncate(NAMED_MAX);
        let expected = format!("nothing open; open are {}{more}", open.join(", "));
        return Err(Refusal::new(RefusalCode::LedgerObligationsOpen, "", expected).into());
    }
    tx.put(region);
    Ok(())
}

/// The windows that are not final, the open one if there is anything in it.
fn of_windows(tx: &Tx<'_>, asset: Asset, open: &mut Vec<String>) -> Result<(), Halt> {
    for number in 1..=latest(tx, asset)? {
        let Some(window) = tx.find::<Window>(&WindowId { asset, number })? else { continue };
        let waits = match &window.state {
            WindowState::Settled { .. } | WindowState::Aborted { .. } => false,
            WindowState::Open => {
                !window.pairs.is_empty() || !window.breaks.is_empty() || !window.obligations()?.is_empty()
            }
            WindowState::Closing { .. } | WindowState::Closed { .. } | WindowState::Settling { .. } => true,
        };
        if waits {
            open.push(format!("window {}, {}", window.id, window.state.as_str()));
        }
    }
    Ok(())
}
