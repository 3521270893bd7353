//! Accounts and a journal that agree, as the rules would make them: the test's own arithmetic.

use crate::fixture::{Ledger, entry_id, record};
use databourse_market::{Noun, PostedTransaction, Record};
use databourse_primitives::{AmountMinor, LeafIndex};
use databourse_settlement::{Account, Posting, Side, TransactionKind};
use serde_json::json;
use std::collections::BTreeMap;

/// A leg: account, side, posted, change of what is pending.
pub(crate) type Leg<'a> = (&'a str, Side, i64, i64);

/// Totals of an account: posted debits and credits, pending ones, number of postings.
#[derive(Debug, Clone, Copy, Default)]
struct Totals([i64; 4], u64);

/// What happened so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    accounts: BTreeMap<String, Totals>,
}

impl Book {
    /// The record of an account; one of zero totals if it was never used.
    pub(crate) fn account(&self, name: &str) -> Account {
        let Record::Account(account) = self.record(name) else { panic!("not an account") };
        Account::clone(&account)
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        self.accounts.keys().map(|name| self.record(name)).collect()
    }

    fn record(&self, name: &str) -> Record {
        let Totals([debits, credits, debits_pending, credits_pending], posting_count) =
            self.accounts.get(name).copied().unwrap_or_default();
        let json = json!({"id": name, "debits_minor": debits, "credits_minor": credits,
            "debits_pending_minor": debits_pending, "credits_pending_minor": credits_pending,
            "posting_count": posting_count});
        record(Noun::Account, json)
    }

    /// Counts the legs and makes them a transaction of the entry at that place.
    pub(crate) fn post(
        &mut self,
        leaf_index: u64,
        kind: TransactionKind,
        window: &str,
        legs: &[Leg<'_>],
    ) -> PostedTransaction {
        let postings = legs.iter().map(|(account, side, amount, pending_minor)| {
            let totals = self.accounts.entry((*account).to_owned()).or_default();
            let place = usize::from(*side == Side::Credit);
            totals.0[place] += amount;
            totals.0[place + 2] += pending_minor;
            totals.1 += 1;
            Posting {
                account: account.parse().unwrap(),
                side: *side,
                amount_minor: AmountMinor::new(*amount).unwrap(),
                pending_minor: *pending_minor,
            }
        });
        PostedTransaction {
            entry: entry_id(leaf_index),
            leaf_index: LeafIndex(leaf_index),
            kind,
            window: window.parse().unwrap(),
            postings: postings.collect(),
        }
    }

    /// Commits a block of a header and one entry that made these movements, with the accounts as they are then.
    pub(crate) async fn commit(
        &mut self,
        ledger: &mut Ledger,
        window: &str,
        movements: &[(TransactionKind, &[Leg<'_>])],
        others: Vec<Record>,
    ) {
        let leaf_index = ledger.edge.size() + 1;
        let transactions =
            movements.iter().map(|(kind, legs)| self.post(leaf_index, *kind, window, legs)).collect();
        let mut records = self.records();
        records.extend(others);
        let batch = ledger.next(2, records, transactions);
        ledger.writer.commit(&batch).await.unwrap();
    }
}
