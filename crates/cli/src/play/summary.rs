//! What `demo` prints when it is done, read from the ledger: counts, money, proofs.

use super::{
    figures::{Figures, Money},
    orders::tally::grouped,
    sample::PlayedSample,
};
use crate::settle;
use anyhow::{Context as _, Result};
use databourse_client::{Client, Page};
use databourse_market::CertificateFacts;
use databourse_primitives::{Asset, CertificateNumber, Holder};
use databourse_settlement::Window;
use databourse_store::TrialBalance;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt::Write as _, path::Path};

/// Kinds of records in the order of the stages: the store's word, Chinese, English.
const STAGES: [(&str, &str); 11] = [
    ("party", "1 登记 registration    parties"),
    ("data_right", "1 确权 rights          rights"),
    ("product", "2 挂牌 listing         products"),
    ("offer", "2 要约 listing         offers"),
    ("purchase_order", "3 交易 trading         orders"),
    ("licence", "3 许可 trading         licences (order lines)"),
    ("delivery", "4 交付 delivery        deliveries"),
    ("refund", "5 结算 settlement      refunds"),
    ("dispute", "5 争议 settlement      disputes"),
    ("voucher", "5 创新券 settlement    vouchers"),
    ("certificate", "6 凭证 certificate     certificates"),
];

/// Counts per stage.
pub(crate) fn stages(counts: &BTreeMap<String, u64>) -> String {
    let mut text = String::from("Stages 六个阶段\n");
    for (noun, name) in STAGES {
        let count = counts.get(noun).copied().unwrap_or_default();
        // Writing into a string does not fail.
        let _ = writeln!(text, "  {name:<48} {:>10}", grouped(count.into()));
    }
    text
}

/// Money in and out of each asset, with its equation.
pub(crate) fn money(figures: &Figures) -> Result<String> {
    let mut text = String::from("Money 资金\n");
    for (name, money) in figures.assets() {
        let asset: Asset = name.parse().with_context(|| format!("asset {name}"))?;
        text += &of_asset(asset, money);
    }
    Ok(text)
}

fn of_asset(asset: Asset, money: &Money) -> String {
    let show =
        |minor: i128| i64::try_from(minor).map_or_else(|_| minor.to_string(), |minor| asset.render(minor));
    // What this market has none of is not shown.
    let also = |words: &str, minor: i128| match minor {
        0 => String::new(),
        _ => format!(" + {words} {}", show(minor)),
    };
    let code = asset.code();
    let mark = if money.inside() == money.brought() { "✓" } else { "✗" };
    format!(
        "  {code}: held {}, posted {}, voided {}, refunded {}{}\n  {mark} {code}: deposits {}{}{} − withdrawals {} = {} \
         = available {} + held {} + fees {} + tax {}{}{}\n",
        show(money.ordered),
        show(money.posted),
        show(money.voided),
        show(money.refunded),
        match money.expired {
            0 => String::new(),
            minor => format!(", expired {}", show(minor)),
        },
        show(money.deposited),
        also("vouchers", money.issued),
        also("between exchanges", money.between),
        show(money.withdrawn),
        show(money.inside()),
        show(money.available),
        show(money.held),
        show(money.fees),
        show(money.tax),
        also("vouchers", money.vouchers),
        also("between exchanges", money.between),
    )
}

/// The trial balance, from the accounts and again from the journal.
pub(crate) fn trial(trial: &TrialBalance) -> String {
    let mark = if trial.holds() { "✓" } else { "✗" };
    let mut text = format!("Trial balance 试算平衡 {mark} (accounts = journal, debits = credits)\n");
    for line in trial.accounts.iter().filter(|line| line.debits_minor != 0) {
        // Writing into a string does not fail.
        let _ = writeln!(
            text,
            "  {}: debits {} = credits {} minor units",
            line.asset,
            grouped(line.debits_minor),
            grouped(line.credits_minor)
        );
    }
    text
}

/// The forms of a statement and the language of each file.
const STATEMENT_FORMS: [(&str, &str); 3] = [("pdf", "both"), ("csv", "both"), ("json", "both")];

/// Shows the window that was settled, and writes the statement of the supplier that earned most in it into `folder`.
pub(crate) async fn settlement(client: &Client, sample: &PlayedSample, folder: &Path) -> Result<String> {
    let window: Window = client.get(&settle::window_path(sample.window)).await?;
    let mut text = String::from("Settlement 结算\n");
    for line in settle::window::render(&window)?.lines() {
        text += &format!("  {}\n", line.trim_start());
    }
    let name = sample.window.to_string().replace(['/', '#'], "-");
    let holder = Holder::Party(sample.busiest);
    for (form, language) in STATEMENT_FORMS {
        let bytes = settle::statement::fetch(client, &holder, sample.window, form, language).await?;
        let file = folder.join(format!("{name}-{}.{form}", sample.busiest));
        settle::write_whole(&file, &bytes)?;
        text += &format!("  statement 结算单  {}\n", file.display());
    }
    Ok(text)
}

#[derive(Deserialize)]
struct CertificateItem {
    number: CertificateNumber,
    facts: CertificateFacts,
}

/// How many certificates are chosen.
const CERTIFICATES: usize = 3;

/// Downloads up to three certificates and the policy into `folder`, and says how to verify them. `client` verifies each
/// as it comes.
pub(crate) async fn certificates(client: &Client, policy: &str, folder: &Path) -> Result<String> {
    let page: Page<CertificateItem> = client.get("/v1/certificates?limit=50&sort=oldest").await?;
    if page.items.is_empty() {
        return Ok(String::new());
    }
    // Those of paid orders first: they show more than free ones.
    let (paid, free): (Vec<_>, Vec<_>) =
        page.items.iter().partition(|item| !item.facts.total_minor.is_zero());
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    std::fs::write(folder.join("policy.txt"), policy)?;
    let program = std::env::args().next().unwrap_or_else(|| "databourse".to_owned());
    let mut text = String::from("Certificates 凭证, each verifiable offline\n");
    for item in paid.into_iter().chain(free).take(CERTIFICATES) {
        let file = folder.join(format!("{}.json", item.number));
        std::fs::write(&file, client.certificate_file(&item.number).await?)?;
        // Writing into a string does not fail.
        let _ = writeln!(text, "  {program} verify {}", file.display());
    }
    Ok(text)
}
