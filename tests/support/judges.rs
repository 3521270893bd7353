//! hledger and beancount, which judge the exported journal. They are installed when they are absent; a test that needs
//! one fails without it.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// The release of beancount that judges. hledger is the one of the system.
const BEANCOUNT: &str = "beancount==3.1.0";

/// Balances by account and commodity, as text with the decimals that the judge prints; zeros may be missing.
pub(crate) type Balances = BTreeMap<(String, String), String>;

/// Both programs, ready to be asked.
pub(crate) struct Judges {
    /// The folder of beancount's programs.
    beancount: PathBuf,
}

impl Judges {
    /// Finds or installs both.
    pub(crate) fn find_or_install() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // One process at a time; the system lets go of it when the process ends.
        let lock = File::create(folder.join("judges.lock")).unwrap();
        lock.lock().unwrap();
        if !runs(Command::new("hledger").arg("--version")) {
            apt_install("hledger");
            assert!(runs(Command::new("hledger").arg("--version")), "hledger was installed and does not run");
        }
        let venv = folder.join(BEANCOUNT.replace("==", "-"));
        let beancount = venv.join("bin");
        if !runs(Command::new(beancount.join("bean-check")).arg("--version")) {
            let make = || {
                let mut command = Command::new("python3");
                command.args(["-m", "venv", "--clear"]).arg(&venv);
                command
            };
            if !runs(&mut make()) {
                apt_install("python3-venv");
                must(&mut make());
            }
            must(Command::new(beancount.join("pip")).args(["install", "--quiet", BEANCOUNT]));
            must(Command::new(beancount.join("bean-check")).arg("--version"));
        }
        Self { beancount }
    }

    /// `hledger check --strict`: its answer.
    pub(crate) fn hledger_check(&self, file: &Path) -> Result<(), String> {
        let mut command = Command::new("hledger");
        verdict(command.arg("-f").arg(file).args(["check", "--strict", "ordereddates"]))
    }

    /// `bean-check`: its answer.
    pub(crate) fn bean_check(&self, file: &Path) -> Result<(), String> {
        // Its cache goes by the file's time, which two files of a test may share.
        verdict(Command::new(self.beancount.join("bean-check")).arg("--no-cache").arg(file))
    }

    /// Balances that hledger computes from the file.
    pub(crate) fn hledger_balances(&self, file: &Path) -> Balances {
        let mut command = Command::new("hledger");
        let arguments = ["bal", "--flat", "--empty", "--no-total", "--layout=bare", "-O", "csv"];
        balances(must(command.arg("-f").arg(file).args(arguments)))
    }

    /// Balances that beancount computes from the file.
    pub(crate) fn bean_balances(&self, file: &Path) -> Balances {
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
        balances(must(Command::new(self.beancount.join("python")).args(["-c", PROGRAM]).arg(file)))
    }
}

/// CSV rows of account, commodity and balance, under a heading. No cell has a comma or quotes in it.
fn balances(output: Output) -> Balances {
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().skip(1).map(|row| {
        let cells: Vec<_> = row.trim().split(',').map(|cell| cell.trim_matches('"').to_owned()).collect();
        let [account, commodity, balance] = cells.try_into().unwrap();
        ((account, commodity), balance)
    });
    rows.collect()
}

fn verdict(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(words) }
}

/// Whether it starts and succeeds.
fn runs(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}

fn must(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Installs a package of Debian or Ubuntu, or fails with what to type.
fn apt_install(package: &str) {
    let install = || {
        let mut command = Command::new("apt-get");
        command.args(["install", "-y", "--no-install-recommends", package]);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    // Lists that were never fetched or are old: fetch them and try again.
    let installed =
        runs(&mut install()) || (runs(Command::new("apt-get").arg("update")) && runs(&mut install()));
    assert!(
        installed,
        "this test needs {package}: type `sudo apt-get install -y {package}` (or your system's own way)"
    );
}
