//! Whether the money adds up: sums over accounts, holds and journal that the rules keep equal.

use crate::{Store, StoreError, cell::Cells, journal::word, sql};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What must be equal. The first four are of an asset, the others of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoneyRule {
    /// All posted debits are as much as all posted credits.
    PostedBalance,
    /// All pending debits are as much as all pending credits.
    PendingBalance,
    /// What exchanges owe one another sums to zero over their clearing accounts.
    Clearing,
    /// What is left of all pending holds is pending on the debit side, each once.
    Held,
    /// An account's posted debits are those of its postings.
    Debits,
    /// An account's posted credits are those of its postings.
    Credits,
    /// An account's pending debits are those of its postings.
    DebitsPending,
    /// An account's pending credits are those of its postings.
    CreditsPending,
    /// An account counts its postings.
    PostingCount,
}

impl MoneyRule {
    /// What is compared: what was found, and what it is compared with.
    const fn terms(self) -> (&'static str, &'static str) {
        match self {
            Self::PostedBalance => ("posted debits", "posted credits"),
            Self::PendingBalance => ("pending debits", "pending credits"),
            Self::Clearing => ("balance of all clearing accounts", "zero"),
            Self::Held => ("pending debits", "left of all pending holds"),
            Self::Debits => ("posted debits", "in the journal"),
            Self::Credits => ("posted credits", "in the journal"),
            Self::DebitsPending => ("pending debits", "in the journal"),
            Self::CreditsPending => ("pending credits", "in the journal"),
            Self::PostingCount => ("number of postings", "in the journal"),
        }
    }
}

/// Two sums that differ and should not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoneyFinding {
    /// What should be equal.
    pub rule: MoneyRule,
    /// The asset or account, by name.
    pub subject: String,
    /// What it should be, minor units; a number for [`MoneyRule::PostingCount`].
    pub expected: i128,
    /// What it is.
    pub found: i128,
}

impl fmt::Display for MoneyFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, expected) = self.rule.terms();
        write!(f, "{}: {found} {}, {expected} {}", self.subject, self.found, self.expected)
    }
}

impl Store {
    /// What does not add up, at most 1,000 findings in order of asset and account; empty if all is well. Everything is
    /// of one moment. Reads all accounts, all pending holds and the whole journal: for operators, not for every page.
    ///
    /// # Errors
    /// `Damaged`; `Unavailable`, also if it takes longer than a read may.
    pub async fn check_money(&self) -> Result<Vec<MoneyFinding>, StoreError> {
        let rows = self.rows(sql::CHECK_MONEY, &[]).await?;
        let findings = rows.iter().map(|row| {
            let subject: &str = Cells::new(row, "account", &"check").get("subject")?;
            let cells = Cells::new(row, "account", &subject);
            Ok(MoneyFinding {
                rule: word(&cells, "rule")?,
                subject: subject.to_owned(),
                expected: cells.parsed("expected")?,
                found: cells.parsed("found")?,
            })
        });
        findings.collect()
    }
}
