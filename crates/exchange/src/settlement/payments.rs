//! Payments between exchanges: the files that leave for a bank or wallet operator, and the lines that come back.

use crate::{
    Acknowledgement, Acting, Node, NodeError, Submission, SubmitError, entropy::entry_id, node::Inner,
};
use databourse_market::Command;
use databourse_primitives::{
    AmountMinor, Asset, EntryId, ExchangeCode, InstructionId, Label, LeafIndex, Refusal, RefusalCode,
    WindowId,
};
use databourse_rails::{
    AccountNumber, BankLine, Direction, Ecny, LineStatus, MessageId, PaymentFile, PaymentInstruction, Rail,
};
use databourse_settlement::{ConfirmInstruction, InstructionState, Window};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, btree_map::Entry};

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
    /// their codes. Made again they carry the same names and references, so that no bank pays twice; only the time of
    /// making differs.
    ///
    /// # Errors
    /// `window.unknown`; `window.state` unless settling or settled; those of `Rail::instructions`.
    pub async fn payment_files(
        &self,
        window: WindowId,
        rail: RailName,
    ) -> Result<Vec<PaymentFile>, SettlementError> {
        let found: Option<Window> = self.store().get(&window.to_string()).await.map_err(NodeError::from)?;
        let unknown = || Refusal::new(RefusalCode::WindowUnknown, "window", "a window of this ledger");
        let found = found.ok_or_else(unknown)?;
        if !matches!(found.state.as_str(), "settling" | "settled") {
            let expected = format!("a settling or settled window; {} is {}", found.id, found.state.as_str());
            return Err(Refusal::new(RefusalCode::WindowState, "window", expected).into());
        }
        let mut by_payer = BTreeMap::<ExchangeCode, Vec<PaymentInstruction>>::new();
        for instruction in found.state.instructions() {
            by_payer.entry(instruction.payer.clone()).or_default().push(PaymentInstruction {
                id: instruction.id,
                payer: instruction.payer.clone(),
                payee: instruction.payee.clone(),
                asset: window.asset,
                amount_minor: instruction.amount_minor,
            });
        }
        let (rail, now) = (self.0.rail(rail), self.now());
        let mut files = Vec::with_capacity(by_payer.len());
        for (payer, instructions) in by_payer {
            let message = message_id(window, &payer)?;
            files.push(rail.instructions(&instructions, &self.0.settlement.directory, now, &message)?);
        }
        Ok(files)
    }

    /// Confirms the instructions that the credits of a bank's or wallet operator's file name, each by an entry of this
    /// exchange. The same file again changes nothing.
    ///
    /// # Errors
    /// `file.malformed`, nothing is confirmed then; `exchange.unknown` or `account.unknown` if the directory has no
    /// account of this exchange; the database or a stopping node, when some lines may be confirmed already.
    pub async fn confirm_payments(
        &self,
        rail: RailName,
        bytes: &[u8],
    ) -> Result<ConfirmReport, SettlementError> {
        let account = self.0.account(rail)?;
        let lines = self.0.rail(rail).read(bytes)?;
        let outcomes = self.0.confirm(&account, &lines).await?;
        let reported = lines.into_iter().zip(outcomes).map(|(line, outcome)| ConfirmedLine {
            reference: line.reference,
            instruction: line.end_to_end,
            asset: line.asset,
            amount_minor: line.amount_minor,
            outcome,
        });
        Ok(ConfirmReport { lines: reported.collect() })
    }
}

impl Inner {
    /// The rail of that name, as this node is set up.
    pub(crate) fn rail(&self, name: RailName) -> &dyn Rail {
        match name {
            RailName::Iso20022 => &self.settlement.iso20022,
            RailName::Ecny => &Ecny,
        }
    }

    /// This exchange's own account on a rail.
    fn account(&self, rail: RailName) -> Result<AccountNumber, Refusal> {
        let agent = self.settlement.directory.agent(&self.exchange)?;
        match (rail, &agent.wallet) {
            (RailName::Iso20022, _) => Ok(agent.account.clone()),
            (RailName::Ecny, Some(wallet)) => Ok(wallet.into()),
            (RailName::Ecny, None) => {
                let expected = format!("a wallet of {}", self.exchange);
                Err(Refusal::new(RefusalCode::AccountUnknown, "", expected))
            }
        }
    }

    /// What becomes of each line.
    async fn confirm(
        &self,
        account: &AccountNumber,
        lines: &[BankLine],
    ) -> Result<Vec<ConfirmOutcome>, SettlementError> {
        let mut taken_back = reversals(account, lines);
        let mut windows = BTreeMap::new();
        let mut outcomes = Vec::with_capacity(lines.len());
        for line in lines {
            let Some(instruction) = confirms(account, line) else {
                outcomes.push(ConfirmOutcome::NotOurs);
                continue;
            };
            if let Some(left) = taken_back.get_mut(&instruction).filter(|left| **left > 0) {
                *left -= 1;
                outcomes.push(ConfirmOutcome::Reversed);
                continue;
            }
            let window = match windows.entry(instruction.window) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(free) => free.insert(self.window(instruction.window).await?),
            };
            if is_confirmed_by(window.as_ref(), instruction, &line.reference) {
                outcomes.push(ConfirmOutcome::AlreadyConfirmed);
                continue;
            }
            outcomes.push(self.confirm_one(instruction, line).await?);
        }
        Ok(outcomes)
    }

    async fn window(&self, id: WindowId) -> Result<Option<Window>, NodeError> {
        Ok(self.store.get(&id.to_string()).await?)
    }

    async fn confirm_one(
        &self,
        instruction: InstructionId,
        line: &BankLine,
    ) -> Result<ConfirmOutcome, SettlementError> {
        let command = Command::ConfirmInstruction(ConfirmInstruction {
            instruction,
            bank_reference: line.reference.clone(),
            received_minor: line.amount_minor,
        });
        let id = confirmation_id(&self.exchange, instruction, line);
        let submission = Submission::Command { id, acting: Acting::Exchange, command };
        match self.submit(vec![submission]).await.pop() {
            Some(Ok(Acknowledgement { repeated: true, .. })) => Ok(ConfirmOutcome::AlreadyConfirmed),
            Some(Ok(done)) => Ok(ConfirmOutcome::Confirmed { entry: done.id, leaf_index: done.leaf_index }),
            Some(Err(SubmitError::Refused(refusal))) if refusal.code != RefusalCode::ServiceBusy => {
                // Another file that has the same line may have been faster.
                let window = self.window(instruction.window).await?;
                if is_confirmed_by(window.as_ref(), instruction, &line.reference) {
                    Ok(ConfirmOutcome::AlreadyConfirmed)
                } else {
                    Ok(ConfirmOutcome::Refused { refusal })
                }
            }
            Some(Err(SubmitError::Refused(refusal))) => Err(refusal.into()),
            Some(Err(SubmitError::Unavailable { reason })) => Err(NodeError::Pipeline(reason).into()),
            None => Err(NodeError::Pipeline("no answer".to_owned()).into()),
        }
    }
}

/// The instruction that a line says is paid, if it says so.
fn confirms(account: &AccountNumber, line: &BankLine) -> Option<InstructionId> {
    let says =
        line.account == *account && line.direction == Direction::Credit && line.status == LineStatus::Booked;
    line.end_to_end.filter(|instruction| says && instruction.window.asset == line.asset)
}

/// How many credits of each instruction the lines take back.
fn reversals(account: &AccountNumber, lines: &[BankLine]) -> BTreeMap<InstructionId, u64> {
    let mut taken_back = BTreeMap::new();
    for line in lines.iter().filter(|line| line.account == *account) {
        if let (Some(instruction), Direction::Debit, LineStatus::Reversal) =
            (line.end_to_end, line.direction, line.status)
        {
            *taken_back.entry(instruction).or_default() += 1;
        }
    }
    taken_back
}

fn is_confirmed_by(window: Option<&Window>, id: InstructionId, reference: &Label) -> bool {
    let instructions = window.map(|window| window.state.instructions()).unwrap_or_default();
    let found = instructions.iter().find(|instruction| instruction.id == id);
    found.is_some_and(|instruction| match &instruction.state {
        InstructionState::Confirmed { bank_reference, .. } => bank_reference == reference,
        InstructionState::Pending => false,
    })
}

/// The name of a payer's message, which every making of it carries: `CNY.2-7-sh`.
fn message_id(window: WindowId, payer: &ExchangeCode) -> Result<MessageId, Refusal> {
    let text = format!("{}.{}-{}-{payer}", window.asset.code(), window.asset.scale(), window.number);
    let unfit = |error: databourse_primitives::ParseError| {
        Refusal::new(RefusalCode::BodyMalformed, "window", error.expected)
    };
    text.parse().map_err(unfit)
}

/// The name of the entry that confirms by a line: the same line, the same entry.
fn confirmation_id(exchange: &ExchangeCode, instruction: InstructionId, line: &BankLine) -> EntryId {
    let (reference, amount) = (&line.reference, line.amount_minor);
    let words = format!("databourse instruction.confirm\n{exchange}\n{instruction}\n{reference}\n{amount}\n");
    entry_id(line.booked_at, &Sha256::digest(words).into())
}
