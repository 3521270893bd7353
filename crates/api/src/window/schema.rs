//! What the OpenAPI document says of windows.

use crate::scalar::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Where a window stands, by name.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WindowStateName {
    Open,
    Closing,
    Closed,
    Settling,
    Settled,
    Aborted,
}

/// One exchange owes another.
#[derive(ToSchema)]
pub(crate) struct Obligation {
    /// Who pays.
    payer: ExchangeCodeText,
    /// Who is paid.
    payee: ExchangeCodeText,
    /// How much, minor units.
    amount_minor: AmountMinorNumber,
}

/// How obligations become payments: each pair by itself, or all together.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum NettingMethod {
    Bilateral,
    Multilateral,
}

/// Where a payment stands.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case", tag = "name")]
pub(crate) enum InstructionState {
    /// Not confirmed yet.
    Pending,
    /// The payee found it at its bank.
    Confirmed {
        /// The bank's reference of the line.
        bank_reference: LabelText,
        /// What arrived, minor units.
        received_minor: AmountMinorNumber,
        /// When it was confirmed.
        confirmed_at: TimestampText,
    },
}

/// A payment between two exchanges' banks.
#[derive(ToSchema)]
pub(crate) struct Instruction {
    /// Window and number.
    id: InstructionIdText,
    /// Who pays.
    payer: ExchangeCodeText,
    /// Who is paid.
    payee: ExchangeCodeText,
    /// How much, minor units, above zero.
    amount_minor: AmountMinorNumber,
    /// Where it stands.
    state: InstructionState,
}

/// Where a window stands.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case", tag = "name")]
pub(crate) enum WindowState {
    /// Takes postings.
    Open,
    /// Takes none any more; its exchanges compare and sign what they found.
    Closing {
        /// When it was closed to postings.
        closing_at: TimestampText,
    },
    /// Final: nothing in it changes.
    Closed {
        /// When it was closed to postings.
        closing_at: TimestampText,
        /// When the last exchange agreed.
        closed_at: TimestampText,
    },
    /// Payments are made out and not all confirmed.
    Settling {
        /// When the last exchange agreed.
        closed_at: TimestampText,
        /// How they were made out.
        method: NettingMethod,
        /// The payments.
        instructions: Vec<Instruction>,
    },
    /// Every payment is confirmed.
    Settled {
        /// When the last exchange agreed.
        closed_at: TimestampText,
        /// How the payments were made out.
        method: NettingMethod,
        /// The payments; none if nobody owed anything.
        instructions: Option<Vec<Instruction>>,
        /// When the last payment was confirmed.
        settled_at: TimestampText,
    },
    /// Given up; its obligations are in another window.
    Aborted {
        /// Why.
        reason: LineText,
        /// When.
        aborted_at: TimestampText,
        /// The window that took its obligations over.
        carried_into: WindowIdText,
    },
}

/// The two people by whom an exchange signs a head.
#[derive(ToSchema)]
pub(crate) struct SignOff {
    /// The root that they signed.
    root: DigestText,
    /// Who signed first.
    prepared_by: LabelText,
    /// Who signed the same after that; nobody yet while it waits.
    checked_by: Option<LabelText>,
}

/// What moved for one reason.
#[derive(ToSchema)]
pub(crate) struct Flow {
    /// Number of transactions.
    count: u64,
    /// Their sum, minor units.
    amount_minor: i64,
}

/// What the lines of one pair of exchanges add up to.
#[derive(ToSchema)]
pub(crate) struct PairTotals {
    /// Number of lines.
    line_count: u64,
    /// What the left exchange owes the right one, minor units.
    left_to_right_minor: i64,
    /// What the right exchange owes the left one, minor units.
    right_to_left_minor: i64,
}

/// What two books disagree about.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum BreakKind {
    MissingLeft,
    MissingRight,
    Amount,
    Currency,
    Duplicate,
    Timing,
    Status,
    Party,
    FeeRule,
    Tax,
    Rounding,
    OrphanRefund,
    OverRefund,
    Ambiguous,
    External,
    Root,
}

/// A break that a window waits for.
#[derive(ToSchema)]
pub(crate) struct BlockingBreak {
    /// The window in which it was found.
    window: WindowIdText,
    /// The pair that it is between.
    pair: PairText,
    /// What the two books disagree about.
    kind: BreakKind,
    /// Who agreed to carry it forward; once all of the pair did, the window waits no more.
    carried_by: Option<Vec<ExchangeCodeText>>,
}

/// A settlement window.
#[derive(ToSchema)]
#[schema(example = json!({
    "id": "CNY/2#7",
    "state": {
        "name": "settling",
        "closed_at": "2026-11-22T17:00:00.000Z",
        "method": "multilateral",
        "instructions": [
            {
                "id": "CNY/2#7/1", "payer": "sh", "payee": "js", "amount_minor": 120000,
                "state": { "name": "pending" }
            },
            {
                "id": "CNY/2#7/2", "payer": "sh", "payee": "zj", "amount_minor": 5000,
                "state": {
                    "name": "confirmed", "bank_reference": "ICBC/2026-11-23/0007", "received_minor": 4995,
                    "confirmed_at": "2026-11-23T02:00:00.000Z"
                }
            }
        ]
    },
    "opened_at": "2026-11-21T16:00:00.000Z",
    "flows": { "deposit": { "count": 3, "amount_minor": 3000000 } },
    "posting_count": 6,
    "pairs": { "js~sh": { "line_count": 2, "left_to_right_minor": 0, "right_to_left_minor": 120000 } },
    "carried": { "sh~zj": { "line_count": 1, "left_to_right_minor": 5000, "right_to_left_minor": 0 } },
    "carried_from": ["CNY/2#6"],
    "fee_carry": { "js~sh": { "js": 500000000, "sh": -500000000 } },
    "heads": { "js~sh": {
        "js": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    } },
    "sign_offs": { "js~sh": {
        "js": {
            "root": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "prepared_by": "li.na", "checked_by": "wang.wei"
        }
    } },
    "breaks": { "019aa2b4-5c00-7000-8000-000000000010": {
        "window": "CNY/2#7", "pair": "js~sh", "kind": "amount", "carried_by": ["sh"]
    } }
}))]
pub(crate) struct Window {
    /// Asset and number.
    id: WindowIdText,
    /// Where it stands.
    state: WindowState,
    /// When it was opened.
    opened_at: TimestampText,
    /// What moved in it, by kind of transaction.
    flows: BTreeMap<String, Flow>,
    /// Number of postings in it.
    posting_count: u64,
    /// Its own lines, by pair of exchanges.
    pairs: Option<BTreeMap<String, PairTotals>>,
    /// Obligations of aborted windows that it took over, by pair.
    carried: Option<BTreeMap<String, PairTotals>>,
    /// The aborted windows whose lines are in `carried`.
    carried_from: Option<Vec<WindowIdText>>,
    /// Remainders of fee divisions between two exchanges, by pair and by the exchange that is ahead.
    fee_carry: Option<BTreeMap<String, BTreeMap<String, i64>>>,
    /// The root that each exchange signed, by pair.
    heads: Option<BTreeMap<String, BTreeMap<String, DigestText>>>,
    /// Whose people signed for each exchange, by pair. What only one of them signed is not among the heads yet.
    sign_offs: Option<BTreeMap<String, BTreeMap<String, SignOff>>>,
    /// Breaks that keep it from becoming final, and those that were carried forward.
    breaks: Option<BTreeMap<String, BlockingBreak>>,
}
