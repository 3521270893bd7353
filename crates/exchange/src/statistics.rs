//! What was sold, day by day: sums in memory that follow from the ledger and grow with it.
//!
//! They are kept here and in no table, because a table would be written with every block, and none of the rules reads
//! them. A million entries are read in 14 s of one core, away from everybody, when the node starts; after that, whoever
//! asks has the entries since the last time read, at a rate of 75,000 a second. Nobody who commits waits for either.
//!
//! Blocks are added whole and in order, so the sums are always those of one height, which is told with them. Nothing that
//! is read for a block changes later.

use crate::{Node, NodeError, node::Inner};
use databourse_primitives::{Height, Timestamp, TreeSize};
use databourse_store::{BlockRow, Day, Sales, SalesKey};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, watch};
use tracing::warn;

/// How many leaves one statement reads, but for a block that has more.
const PAGE_LEAVES: u64 = 10_000;
/// How many blocks are looked at for one statement.
const PAGE_BLOCKS: u32 = 1_000;
/// Who asks waits while no more leaves than these are to be read: about an eighth of a second. Else it is answered by what
/// is known, and the rest is read meanwhile.
const AWAITED_LEAVES: u64 = 10_000;

/// Up to where the sums go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// The last block that is counted.
    pub height: Height,
    /// Leaves of the ledger up to its end.
    pub size: TreeSize,
    /// Its time.
    pub time: Timestamp,
}

/// What was sold on some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesReport {
    /// Up to where the ledger is counted.
    pub as_of: AsOf,
    /// The sums, in the order of day, exchanges and asset.
    pub sales: Vec<(SalesKey, Sales)>,
}

/// The sums.
struct Book {
    as_of: AsOf,
    sales: BTreeMap<SalesKey, Sales>,
}

/// The sums, and whose turn it is to bring them forward.
pub(crate) struct Statistics {
    book: Mutex<Book>,
    turn: tokio::sync::Mutex<()>,
    asked: Notify,
}

impl Default for Statistics {
    fn default() -> Self {
        let as_of = AsOf { height: Height::default(), size: TreeSize(0), time: Timestamp::EPOCH };
        let book = Mutex::new(Book { as_of, sales: BTreeMap::new() });
        Self { book, turn: tokio::sync::Mutex::default(), asked: Notify::new() }
    }
}

impl Statistics {
    fn book(&self) -> MutexGuard<'_, Book> {
        // A block is added whole before anything can panic.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Node {
    /// What was sold from day `from` to day `to`, both included, as far as the ledger is counted: up to the checkpoint that
    /// is shown, unless the node has started a moment ago or many entries came since somebody asked last.
    ///
    /// # Errors
    /// The database, or damage.
    pub async fn sales(&self, from: Day, to: Day) -> Result<SalesReport, NodeError> {
        let statistics = &self.0.statistics;
        let shown = self.published();
        let known = statistics.book().as_of;
        if shown.size.0.saturating_sub(known.size.0) > AWAITED_LEAVES {
            statistics.asked.notify_one();
        } else {
            self.0.bring_forward(shown.height).await?;
        }
        let book = statistics.book();
        let of_days = book.sales.iter().filter(|(key, _)| (from..=to).contains(&key.day));
        let sales = of_days.map(|(key, sales)| (key.clone(), *sales)).collect();
        Ok(SalesReport { as_of: book.as_of, sales })
    }
}

impl Inner {
    /// Adds the blocks up to `height`, which is shown.
    async fn bring_forward(&self, height: Height) -> Result<(), NodeError> {
        let _turn = self.statistics.turn.lock().await;
        loop {
            let known = self.statistics.book().as_of;
            if known.height >= height {
                return Ok(());
            }
            let blocks = self.reader.blocks(Height(known.height.0.saturating_add(1)), PAGE_BLOCKS).await?;
            let Some(last) = last_of_page(&blocks, known.size, height) else {
                return Err(NodeError::Damaged(format!("no block after {}", known.height)));
            };
            let as_of = AsOf { height: last.height, size: TreeSize(last.tree_size), time: last.time };
            let sold = self.reader.sales_between(known.size, as_of.size).await?;
            let mut book = self.statistics.book();
            for (key, sales) in sold {
                book.sales.entry(key).or_default().add(&sales);
            }
            book.as_of = as_of;
        }
    }
}

/// The last of `blocks` that is read with the first: those that are shown, and as many as fit.
fn last_of_page(blocks: &[BlockRow], from: TreeSize, shown: Height) -> Option<&BlockRow> {
    let end = from.0.saturating_add(PAGE_LEAVES);
    let (first, rest) = blocks.split_first()?;
    let more = rest.iter().take_while(|block| block.height <= shown && block.tree_size <= end);
    Some(more.last().unwrap_or(first))
}

/// Reads what there is at the start, and then whenever somebody asks who is not to wait, until the node stops.
pub(crate) async fn keep(node: Arc<Inner>, mut halted: watch::Receiver<bool>) {
    loop {
        let round = async {
            let shown = node.publisher.shown().height;
            if let Err(error) = node.bring_forward(shown).await {
                warn!(%error, "sales cannot be counted now");
            }
            node.statistics.asked.notified().await;
        };
        tokio::select! {
            // A node that is dropped without being stopped has no sender any more.
            _ = halted.wait_for(|halted| *halted) => return,
            () = round => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_merkle::empty_root;
    use databourse_primitives::{Digest, LeafIndex};

    #[test]
    fn a_page_is_of_whole_blocks_that_are_shown() {
        let block = |height: u64, tree_size| BlockRow {
            height: Height(height),
            id: Digest::of(b""),
            time: Timestamp::EPOCH,
            header_index: LeafIndex(0),
            tree_size,
            root: empty_root(),
        };
        let blocks = [block(4, 20_000), block(5, 20_010), block(6, 20_020), block(7, 90_000)];
        let last =
            |from, shown| last_of_page(&blocks, TreeSize(from), Height(shown)).map(|block| block.height.0);
        assert_eq!(last(19_990, 9), Some(6), "a page ends before a block that does not fit");
        assert_eq!(last(19_990, 5), Some(5), "what is not shown is not counted");
        assert_eq!(last(10_010, 9), Some(5));
        assert_eq!(last(0, 9), Some(4), "a block that is too large is read alone");
        assert!(last_of_page(&[], TreeSize(0), Height(9)).is_none());
    }
}
