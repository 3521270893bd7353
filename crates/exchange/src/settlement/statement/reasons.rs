//! Why postings were made, for whoever looks at an account and not at a statement.

use super::{lines, moves::Move, records::Records};
use crate::{Node, NodeError};
use databourse_primitives::LeafIndex;
use databourse_settlement::{AccountId, Purpose, Side, TransactionKind, Window};
use databourse_statement::StatementLine;
use databourse_store::JournalPosting;
use std::collections::BTreeMap;

/// The lines of each entry, by its place and by why money moved.
pub type Reasons = BTreeMap<(u64, TransactionKind), Vec<StatementLine>>;

impl Node {
    /// Why `postings`, all of `account`, were made: of each acceptance, refund, yearly fee and voucher the lines that a
    /// statement of the account's holder has. Other kinds have none: they say all there is. The lines of an entry state
    /// what it moved on all accounts of the holder, whichever of them is asked for.
    ///
    /// # Errors
    /// The database, or damage: records that do not explain what moved.
    pub async fn reasons(
        &self,
        account: &AccountId,
        postings: &[JournalPosting],
    ) -> Result<Reasons, NodeError> {
        let Some(latest) = postings.iter().max_by_key(|posting| posting.place.leaf_index) else {
            return Ok(Reasons::new());
        };
        let Some(window) = self.store().get::<Window>(&latest.window.to_string()).await? else {
            return Ok(Reasons::new());
        };
        let Some(subject) = self.subject(&account.holder, &window).await? else { return Ok(Reasons::new()) };
        let moves = moves_of(account, postings);
        let mut records = Records::default();
        records.load(self.store(), account.asset, &moves).await?;
        let mut reasons = Reasons::new();
        for movement in &moves {
            let lines = lines::why(movement, &subject, &records)?;
            reasons.insert((movement.leaf_index.0, movement.kind), lines);
        }
        Ok(reasons)
    }
}

/// What was posted for a reason that the kind alone does not tell, each once.
fn moves_of(account: &AccountId, postings: &[JournalPosting]) -> Vec<Move> {
    let mut moves = BTreeMap::new();
    for posting in
        postings.iter().filter(|posting| has_lines(posting.kind) && !posting.amount_minor.is_zero())
    {
        let place = posting.place.leaf_index;
        let movement = moves.entry((place, posting.kind)).or_insert_with(|| Move {
            leaf_index: LeafIndex(place),
            entry: posting.entry,
            time: posting.time,
            kind: posting.kind,
            effect_minor: 0,
            voucher_minor: 0,
        });
        let signed = match posting.side {
            Side::Credit => posting.amount_minor.get(),
            Side::Debit => -posting.amount_minor.get(),
        };
        let sum = match account.purpose {
            Purpose::Funds | Purpose::Fees => &mut movement.effect_minor,
            Purpose::Voucher => &mut movement.voucher_minor,
            _ => continue,
        };
        *sum = sum.saturating_add(signed);
    }
    moves.into_values().collect()
}

const fn has_lines(kind: TransactionKind) -> bool {
    matches!(
        kind,
        TransactionKind::Post | TransactionKind::Refund | TransactionKind::Fee | TransactionKind::Voucher
    )
}
