//! Snapshots of the state: ordered one at a time, attested by each exchange once.

use super::standing::Exchanges;
use crate::{Halt, Head, view::Tx};
use databourse_party::{AttestSnapshot, Snapshot};
use databourse_primitives::{ExchangeCode, RefusalCode};

/// The series whose latest number is the height of the snapshot ordered last.
pub(super) const SERIES: &str = "snapshot";

/// Orders a snapshot.
pub(super) fn order(tx: &mut Tx<'_>, by: &ExchangeCode) -> Result<(), Halt> {
    let latest = match tx.find::<Head>(&SERIES)? {
        Some(head) => tx.find::<Snapshot>(&head.number)?,
        None => None,
    };
    let snapshot = Snapshot::order(latest.as_ref(), by, tx.context.height, tx.now())?;
    tx.put(Head { name: SERIES.to_owned(), number: snapshot.height.0 });
    tx.put(snapshot);
    Ok(())
}

/// Adds what an exchange's copy came to.
pub(super) fn attest(tx: &mut Tx<'_>, by: &ExchangeCode, command: &AttestSnapshot) -> Result<(), Halt> {
    let snapshot: Snapshot = tx.need(&command.height, RefusalCode::SnapshotUnknown, "height")?;
    let voters = Exchanges::load(tx)?.voters(tx.context.height);
    let at = (tx.context.height, tx.now());
    let snapshot = snapshot.attest(tx.entry, command.content, by, &voters, at)?;
    tx.put(snapshot);
    Ok(())
}
