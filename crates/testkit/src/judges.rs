//! hledger and beancount, which judge the exported journal. They are installed when they are absent; whoever needs one
//! fails without it.

use crate::outside::{alone_in, apt_install, must, python, runs};
use rust_decimal::Decimal;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// The release of beancount that judges. hledger is the one of the system.
const BEANCOUNT: &str = "beancount==3.1.0";

/// Balances by account and commodity, as text with the decimals that the judge prints; zeros may be missing.
pub type Balances = BTreeMap<(String, String), String>;

/// Both programs, ready to be asked.
pub struct Judges {
    /// The Python that has beancount.
    python: PathBuf,
}

impl Judges {
    /// Finds or installs both; what the system does not have is kept in `folder`.
    ///
    /// # Panics
    /// When one of them cannot be had.
    pub fn find_or_install(folder: &Path) -> Self {
        let _lock = alone_in(folder);
        if !runs(Command::new("hledger").arg("--version")) {
            apt_install("hledger");
            assert!(runs(Command::new("hledger").arg("--version")), "hledger was installed and does not run");
        }
        let python = python(folder, &[BEANCOUNT], &[]);
        Self { python }
    }

    /// `hledger check --strict`.
    ///
    /// # Errors
    /// What it objects to.
    pub fn hledger_check(&self, file: &Path) -> Result<(), String> {
        let mut command = Command::new("hledger");
        verdict(command.arg("-f").arg(file).args(["check", "--strict", "ordereddates"]))
    }

    /// `bean-check`.
    ///
    /// # Errors
    /// What it objects to.
    pub fn bean_check(&self, file: &Path) -> Result<(), String> {
        // Its cache goes by the file's time, which two files of a test may share.
        let bean_check = self.python.with_file_name("bean-check");
        verdict(Command::new(bean_check).arg("--no-cache").arg(file))
    }

    /// Balances that hledger computes from the file.
    ///
    /// # Panics
    /// When it cannot read the file.
    pub fn hledger_balances(&self, file: &Path) -> Balances {
        let mut command = Command::new("hledger");
        let arguments = ["bal", "--flat", "--empty", "--no-total", "--layout=bare", "-O", "csv"];
        balances(&must(command.arg("-f").arg(file).args(arguments)))
    }

    /// Balances that beancount computes from the file.
    ///
    /// # Panics
    /// When it cannot read the file.
    pub fn bean_balances(&self, file: &Path) -> Balances {
        const PROGRAM: &str = "
import collections, csv, sys
from beancount import loader
from beancount.core import data
entries, errors, _ = loader.load_file(sys.argv[1])
assert not errors, errors[:3]
sums = collections.defaultdict(int)
for entry in data.filter_txns(entries):
    for posting in entry.postings:
        sums[posting.account, posting.units.currency] += posting.units.number
rows = csv.writer(sys.stdout)
rows.writerow(['account', 'commodity', 'balance'])
rows.writerows([*key, format(number, 'f')] for key, number in sums.items())
";
        balances(&must(Command::new(&self.python).args(["-c", PROGRAM]).arg(file)))
    }
}

/// Without zeros, which a judge may leave out, and without decimals that say nothing.
///
/// # Panics
/// For a balance that is no number.
pub fn not_zero(balances: &Balances) -> BTreeMap<(String, String), Decimal> {
    let numbers = balances.iter().map(|(key, number)| (key.clone(), number.parse().expect("a number")));
    numbers.filter(|(_, number): &(_, Decimal)| !number.is_zero()).collect()
}

/// What the books outside should have for an account of the ledger, e.g. `exchange:sh:fees:CNY/2`: name and commodity,
/// and debits less credits.
///
/// # Panics
/// For a name that is none.
pub fn outside(account: &str, debits_minor: i64, credits_minor: i64) -> ((String, String), String) {
    let parts: Vec<_> = account.split(':').collect();
    let [kind, holder, purpose, asset] = parts[..] else { panic!("an account, not {account}") };
    let holder = match kind {
        "party" => format!("Party:P{holder}"),
        _ => format!("Exchange:{}", holder.to_uppercase()),
    };
    let (class, purpose) = match purpose {
        "funds" => ("Liabilities", "Funds"),
        "voucher" => ("Liabilities", "Voucher"),
        "tax" => ("Liabilities", "Tax"),
        "clearing" => ("Liabilities", "Clearing"),
        "fees" => ("Income", "Fees"),
        "difference" => ("Income", "Difference"),
        "bank" => ("Assets", "Bank"),
        other => panic!("a class for {other}"),
    };
    let (commodity, scale) = asset.split_once('/').expect("an asset with its scale");
    let balance = Decimal::new(debits_minor - credits_minor, scale.parse().expect("a scale")).to_string();
    ((format!("{class}:{holder}:{purpose}"), commodity.to_owned()), balance)
}

/// CSV rows of account, commodity and balance, under a heading. No cell has a comma or quotes in it.
fn balances(output: &Output) -> Balances {
    let text = std::str::from_utf8(&output.stdout).expect("rows in UTF-8");
    let rows = text.lines().skip(1).map(|row| {
        let cells: Vec<_> = row.trim().split(',').map(|cell| cell.trim_matches('"').to_owned()).collect();
        let [account, commodity, balance] = cells.try_into().expect("three cells");
        ((account, commodity), balance)
    });
    rows.collect()
}

fn verdict(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().expect("a program that runs");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(words) }
}
