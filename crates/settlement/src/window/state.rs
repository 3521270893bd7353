//! The states of a window, its payment instructions and the commands that change them.

use super::WindowHead;
use databourse_primitives::{AmountMinor, ExchangeCode, InstructionId, Label, Line, Timestamp, WindowId};
use serde::{Deserialize, Serialize};

/// `window.close`: an exchange closes the open window of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseWindow {
    /// The window; naming it makes closing the wrong one impossible.
    pub window: WindowId,
}

/// `window.sign`: an exchange states what it found in a closing window for one of its pairs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignWindow {
    /// What it found.
    pub head: WindowHead,
    /// Who of the exchange's people signs; two have to. None if the exchange signs by itself, with its own key and
    /// without people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Label>,
}

/// `window.instruct`: the payments of a closed window are made out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstructWindow {
    /// The window.
    pub window: WindowId,
    /// How its obligations are netted.
    pub method: NettingMethod,
}

/// `instruction.confirm`: the payee found the money at its bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmInstruction {
    /// The instruction that was paid.
    pub instruction: InstructionId,
    /// The bank's reference of the line.
    pub bank_reference: Label,
    /// What arrived, minor units.
    pub received_minor: AmountMinor,
}

/// `window.abort`: a window that cannot be settled hands its obligations to the open one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbortWindow {
    /// The window.
    pub window: WindowId,
    /// Why.
    pub reason: Line,
}

/// How obligations become payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NettingMethod {
    /// Each pair by itself: at most one payment per pair.
    Bilateral,
    /// All exchanges together: at most n - 1 payments among n.
    Multilateral,
}

/// Where a window stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum WindowState {
    /// Takes postings. Exactly one window of an asset is open.
    Open,
    /// Takes none any more; its exchanges compare and sign what they found.
    Closing {
        /// Block time of the closing.
        closing_at: Timestamp,
    },
    /// Final: nothing in it changes, later corrections are new entries in a later window.
    Closed {
        /// Block time of the closing.
        closing_at: Timestamp,
        /// Block time of the last agreement.
        closed_at: Timestamp,
    },
    /// Payments are made out and not all confirmed.
    Settling {
        /// Block time of the last agreement.
        closed_at: Timestamp,
        /// How they were made out.
        method: NettingMethod,
        /// The payments, numbered from 1 in this order.
        instructions: Vec<Instruction>,
    },
    /// Every payment is confirmed.
    Settled {
        /// Block time of the last agreement.
        closed_at: Timestamp,
        /// How the payments were made out.
        method: NettingMethod,
        /// The payments; none if nobody owed anything.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        instructions: Vec<Instruction>,
        /// Block time of the last confirmation.
        settled_at: Timestamp,
    },
    /// Given up; its obligations are in another window.
    Aborted {
        /// Why.
        reason: Line,
        /// Block time of the abortion.
        aborted_at: Timestamp,
        /// The window that took its obligations over. It may have been aborted too.
        carried_into: WindowId,
    },
}

impl WindowState {
    /// The state's name in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closing { .. } => "closing",
            Self::Closed { .. } => "closed",
            Self::Settling { .. } => "settling",
            Self::Settled { .. } => "settled",
            Self::Aborted { .. } => "aborted",
        }
    }

    /// The payments that were made out, if any.
    pub fn instructions(&self) -> &[Instruction] {
        match self {
            Self::Settling { instructions, .. } | Self::Settled { instructions, .. } => instructions,
            _ => &[],
        }
    }
}

/// A payment between two exchanges' banks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// Window and number.
    pub id: InstructionId,
    /// Who pays.
    pub payer: ExchangeCode,
    /// Who is paid.
    pub payee: ExchangeCode,
    /// How much, minor units, above zero.
    pub amount_minor: AmountMinor,
    /// Where it stands.
    pub state: InstructionState,
}

/// Where a payment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum InstructionState {
    /// Not confirmed yet.
    Pending,
    /// The payee found it at its bank.
    Confirmed {
        /// The bank's reference of the line.
        bank_reference: Label,
        /// What arrived, minor units; may differ from the instruction within the tolerance.
        received_minor: AmountMinor,
        /// Block time of the confirmation.
        confirmed_at: Timestamp,
    },
}

/// What is to be posted for a confirmed payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmedPayment {
    /// Who paid.
    pub payer: ExchangeCode,
    /// Who was paid.
    pub payee: ExchangeCode,
    /// What was owed and is discharged, minor units.
    pub instructed_minor: AmountMinor,
    /// What arrived, minor units; the difference is bank charges or rounding.
    pub received_minor: AmountMinor,
}
