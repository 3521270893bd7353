//! The two sides of the bank's leg, brought to one form: what the ledger says moved at this exchange's bank in a window,
//! and what the bank or wallet operator says.

use super::{RailName, SettlementError, SkippedLine, lines::records};
use crate::{Node, NodeError};
use databourse_ledger::Entry;
use databourse_market::{Answer, Claim, Command, Decoded};
use databourse_primitives::{
    EntryId, ExchangeCode, Holder, InstructionId, Label, LeafIndex, ParseError, Refusal, RefusalCode,
    WindowId,
};
use databourse_rails::{self as rails, AccountNumber, Ecny, Rail as _};
use databourse_reconcile::{
    BusinessKey, LineKind, LineStatus, SettlementLine,
    bank::{BankLine, BankStatus, Direction},
};
use databourse_settlement::{AccountId, InstructionState, Purpose, Side, Window};
use databourse_store::{JournalPosting, LIST_LIMIT_MAX};
use std::collections::{BTreeMap, BTreeSet};

/// Entries that stand no farther apart are read together.
const GAP_MAX: u64 = 16;
/// The most entries read together.
const ENTRIES_PER_QUERY: u64 = 1_000;
const DAY_MS: i64 = 86_400_000;

/// What the ledger says moved at the bank.
#[derive(Debug, Default)]
pub(super) struct Payments {
    /// Deposits (vouchers' too), withdrawals, settlements, and what an exchange that left handed over, each with its key:
    /// the bank's reference of a deposit, the entry of a withdrawal or of a departure, the instruction of a settlement.
    pub(super) lines: Vec<SettlementLine>,
    /// The key of each reference that the ledger took from the bank.
    keys: BTreeMap<Label, BusinessKey>,
}

/// A bank file's lines, as far as they concern a window.
#[derive(Debug, Default)]
pub(super) struct BankLines {
    pub(super) lines: Vec<BankLine>,
    /// How many lines do not concern it, and why.
    pub(super) skipped: BTreeMap<SkippedLine, u64>,
}

impl Node {
    /// The ledger's payments of this exchange in a window.
    pub(super) async fn payments_of(&self, window: WindowId) -> Result<Payments, NodeError> {
        let account = AccountId::exchange(self.exchange().clone(), Purpose::Bank, window.asset);
        let mut moved: BTreeMap<LeafIndex, (JournalPosting, i64)> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self.store().account_window_postings(&account, &window, after, LIST_LIMIT_MAX).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.place);
            for posting in page {
                let amount = posting.amount_minor.get();
                // Money at the bank is an asset: a debit is more of it.
                let signed = if posting.side == Side::Debit { amount } else { -amount };
                let (_, sum) = moved.entry(LeafIndex(posting.place.leaf_index)).or_insert((posting, 0));
                *sum = sum.saturating_add(signed);
            }
        }
        moved.retain(|_, (_, amount)| *amount != 0);
        let entries = self.entries_at(moved.keys().map(|index| index.0)).await?;
        let mut read = Vec::with_capacity(moved.len());
        for (index, (posting, amount)) in moved {
            let unreadable = || NodeError::Damaged(format!("entry {index} is no payment"));
            let bytes = entries.get(&index.0).ok_or_else(unreadable)?;
            let decoded = Entry::parse(bytes).and_then(Decoded::new).map_err(|_| unreadable())?;
            read.push((posting, amount, decoded.command().clone()));
        }
        self.payment_lines(window, read).await
    }

    /// The entries at these places, in rising order, by few queries if they stand close to one another.
    async fn entries_at(
        &self,
        places: impl Iterator<Item = u64>,
    ) -> Result<BTreeMap<u64, Vec<u8>>, NodeError> {
        let mut runs: Vec<(u64, Vec<u64>)> = Vec::new();
        for place in places {
            match runs.last_mut() {
                Some((first, run))
                    if place - *first < ENTRIES_PER_QUERY
                        && run.last().is_some_and(|last| place - last <= GAP_MAX) =>
                {
                    run.push(place);
                }
                _ => runs.push((place, vec![place])),
            }
        }
        let mut entries = BTreeMap::new();
        for (first, run) in runs {
            let count = run.last().map_or(0, |last| last - first + 1);
            let bytes = self.store().entries(first, u32::try_from(count).unwrap_or(u32::MAX)).await?;
            let wanted: BTreeSet<u64> = run.into_iter().collect();
            entries.extend((first..).zip(bytes).filter(|(place, _)| wanted.contains(place)));
        }
        Ok(entries)
    }

    async fn payment_lines(
        &self,
        window: WindowId,
        read: Vec<(JournalPosting, i64, Command)>,
    ) -> Result<Payments, NodeError> {
        let damaged = |entry: EntryId| NodeError::Damaged(format!("entry {entry} is no payment"));
        let withdrawals = read.iter().filter(|(.., command)| matches!(command, Command::WithdrawMoney(_)));
        let answers = records::<Answer>(self.store(), withdrawals.map(|(posting, ..)| posting.entry)).await?;
        let actors: BTreeMap<EntryId, String> =
            answers.into_iter().map(|answer| (answer.id, answer.actor)).collect();
        let instructed = read.iter().filter_map(|(.., command)| match command {
            Command::ConfirmInstruction(confirm) => Some(confirm.instruction),
            _ => None,
        });
        let instructions = self.instructions_of(instructed).await?;
        let successors = self.successors().await?;
        let mut payments = Payments::default();
        for (posting, amount, command) in read {
            let bad = || damaged(posting.entry);
            let (kind, counterparty, key, reference) = match command {
                Command::DepositMoney(deposit) => {
                    let reference = deposit.bank_reference;
                    (LineKind::Deposit, deposit.party.to_string(), reference.to_string(), Some(reference))
                }
                Command::IssueVoucher(issue) => {
                    let reference = issue.bank_reference;
                    (LineKind::Deposit, issue.party.to_string(), reference.to_string(), Some(reference))
                }
                Command::WithdrawMoney(_) => {
                    let actor = actors.get(&posting.entry).and_then(|actor| actor.parse().ok());
                    let Some(Holder::Party(party)) = actor else { return Err(bad()) };
                    (LineKind::Withdrawal, party.to_string(), posting.entry.to_string(), None)
                }
                Command::ConfirmInstruction(confirm) => {
                    let (payer, payee) = instructions.get(&confirm.instruction).ok_or_else(bad)?;
                    let is_payee = payee == self.exchange();
                    let other = if is_payee { payer } else { payee };
                    // The reference is that of the payee's bank.
                    let reference = is_payee.then_some(confirm.bank_reference);
                    (LineKind::Settlement, other.to_string(), confirm.instruction.to_string(), reference)
                }
                // The exchange that left wires what is at its bank. The entry's name is too long for a bank's reference,
                // so the line is found by payer, amount and day.
                Command::DepartRegion(depart) => {
                    let is_ours = depart.exchange == *self.exchange();
                    let successor = || successors.home_of(&depart.exchange).to_string();
                    let other = if is_ours { successor() } else { depart.exchange.to_string() };
                    (LineKind::Settlement, other, posting.entry.to_string(), None)
                }
                _ => return Err(bad()),
            };
            let unfit = |_: ParseError| bad();
            let key: BusinessKey = key.parse().map_err(unfit)?;
            payments.keys.extend(reference.map(|reference| (reference, key.clone())));
            payments.lines.push(SettlementLine {
                key: Some(key),
                kind,
                counterparty: counterparty.parse().map_err(unfit)?,
                asset: window.asset,
                net_minor: amount,
                vat_minor: 0,
                fee_minor: 0,
                fee_vat_minor: 0,
                schedule: None,
                tax: None,
                window,
                status: LineStatus::Final,
                original: None,
                occurred_at: posting.time,
            });
        }
        Ok(payments)
    }

    /// Payer and payee of these instructions.
    async fn instructions_of(
        &self,
        instructions: impl Iterator<Item = InstructionId>,
    ) -> Result<BTreeMap<InstructionId, (ExchangeCode, ExchangeCode)>, NodeError> {
        let windows: BTreeSet<WindowId> = instructions.map(|instruction| instruction.window).collect();
        let windows = records::<Window>(self.store(), windows.iter()).await?;
        let instructions = windows.iter().flat_map(|window| window.state.instructions());
        Ok(instructions.map(|found| (found.id, (found.payer.clone(), found.payee.clone()))).collect())
    }

    /// Reads a bank's or wallet operator's file and takes what concerns `window`: lines that name one of its payments,
    /// and lines of its days that name nothing the ledger knows.
    ///
    /// # Errors
    /// `file.malformed`; `account.unknown` for lines of an account that is not this exchange's, if that is configured.
    pub(super) async fn bank_lines(
        &self,
        window: &Window,
        payments: &Payments,
        rail: RailName,
        bytes: &[u8],
    ) -> Result<BankLines, SettlementError> {
        let lines = match rail {
            RailName::Iso20022 => self.0.settlement.iso20022.read(bytes)?,
            RailName::Ecny => Ecny.read(bytes)?,
        };
        self.must_be_ours(rail, &lines)?;
        let known: BTreeSet<&BusinessKey> =
            payments.lines.iter().filter_map(|line| line.key.as_ref()).collect();
        let elsewhere = self.recorded_elsewhere(payments, &lines).await?;
        let next = WindowId { number: window.id.number.saturating_add(1), ..window.id };
        let until = self.window_record(next).await?.map_or_else(|| self.now(), |next| next.opened_at);
        let offset_ms = i64::from(self.0.settlement.utc_offset_minutes) * 60_000;
        let day = |at: databourse_primitives::Timestamp| (at.unix_ms() + offset_ms).div_euclid(DAY_MS);
        let days = day(window.opened_at)..=day(until);
        let mut found = BankLines::default();
        for line in lines {
            let key = key_of(payments, &line);
            let named = key.as_ref().is_some_and(|key| known.contains(key));
            let skipped = if named {
                None
            } else if line.asset != window.id.asset {
                Some(SkippedLine::OtherAsset)
            } else if elsewhere.contains(&line.reference) {
                Some(SkippedLine::OtherWindow)
            } else if line.status == rails::LineStatus::Pending {
                Some(SkippedLine::Pending)
            } else {
                (!days.contains(&day(line.booked_at))).then_some(SkippedLine::OtherDay)
            };
            match skipped {
                Some(reason) => *found.skipped.entry(reason).or_default() += 1,
                None => found.lines.push(self.bank_line(line, key)),
            }
        }
        Ok(found)
    }

    /// Refuses the file of somebody else's account.
    fn must_be_ours(&self, rail: RailName, lines: &[rails::BankLine]) -> Result<(), Refusal> {
        let Ok(own) = self.0.settlement.directory.agent(self.exchange()) else { return Ok(()) };
        let account = match rail {
            RailName::Iso20022 => Some(own.account.clone()),
            RailName::Ecny => own.wallet.as_ref().map(AccountNumber::from),
        };
        let foreign = lines.iter().position(|line| account.as_ref().is_some_and(|own| *own != line.account));
        match foreign {
            None => Ok(()),
            Some(index) => {
                let expected = format!("a line of the account of {}", self.exchange());
                Err(Refusal::new(RefusalCode::AccountUnknown, format!("bank[{index}].account"), expected))
            }
        }
    }

    /// The references of lines that the ledger recorded, in another window than the payments'.
    async fn recorded_elsewhere(
        &self,
        payments: &Payments,
        lines: &[rails::BankLine],
    ) -> Result<BTreeSet<Label>, NodeError> {
        let unknown = || lines.iter().filter(|line| !payments.keys.contains_key(&line.reference));
        let prefix = format!("bank:{}:", self.exchange());
        let names: BTreeSet<String> = unknown().map(|line| format!("{prefix}{}", line.reference)).collect();
        let claims = records::<Claim>(self.store(), names.iter()).await?;
        let claimed = claims.iter().filter_map(|claim| claim.name.strip_prefix(&prefix)?.parse().ok());
        let mut elsewhere: BTreeSet<Label> = claimed.collect();
        // The ledger has no reference of the payer's bank: there the instruction says it.
        let windows: BTreeSet<WindowId> =
            unknown().filter_map(|line| line.end_to_end).map(|instruction| instruction.window).collect();
        let windows = records::<Window>(self.store(), windows.iter()).await?;
        let confirmed: BTreeSet<InstructionId> = windows
            .iter()
            .flat_map(|window| window.state.instructions())
            .filter(|found| found.payer == *self.exchange())
            .filter(|found| matches!(found.state, InstructionState::Confirmed { .. }))
            .map(|found| found.id)
            .collect();
        let paid = unknown().filter(|line| line.end_to_end.is_some_and(|id| confirmed.contains(&id)));
        elsewhere.extend(paid.map(|line| line.reference.clone()));
        Ok(elsewhere)
    }

    fn bank_line(&self, line: rails::BankLine, key: Option<BusinessKey>) -> BankLine {
        let directory = &self.0.settlement.directory;
        let other = line.counterparty_account.as_ref().and_then(|account| {
            directory.by_account(account.as_str()).or_else(|| directory.by_wallet(account.as_str()))
        });
        BankLine {
            reference: line.reference,
            end_to_end: key,
            direction: match line.direction {
                rails::Direction::Credit => Direction::Credit,
                rails::Direction::Debit => Direction::Debit,
            },
            amount_minor: line.amount_minor,
            asset: line.asset,
            counterparty: other.and_then(|agent| agent.exchange.as_str().parse().ok()),
            booked_at: line.booked_at,
            status: match line.status {
                rails::LineStatus::Booked => BankStatus::Booked,
                rails::LineStatus::Pending => BankStatus::Pending,
                rails::LineStatus::Reversal => BankStatus::Reversed,
            },
        }
    }
}

/// The key that a bank line names: of the payment that the ledger took its reference for, else the instruction, else
/// the reference itself, which shows one that stands twice.
fn key_of(payments: &Payments, line: &rails::BankLine) -> Option<BusinessKey> {
    let recorded = payments.keys.get(&line.reference).cloned();
    recorded.or_else(|| match line.end_to_end {
        Some(instruction) => instruction.to_string().parse().ok(),
        None => line.reference.as_str().parse().ok(),
    })
}
