//! hledger's journal format; see <https://hledger.org/hledger.html#journal>.

use super::{
    Amount, Dialect,
    names::{BookAccount, Class, plain},
};
use databourse_primitives::Asset;
use databourse_store::JournalLeg;
use std::io::{Result, Write};

pub(super) struct Hledger;

impl Dialect for Hledger {
    fn begin(&self, out: &mut dyn Write) -> Result<()> {
        // Without it `1.125` could be read as one thousand and more.
        writeln!(out, "decimal-mark .\n")
    }

    fn commodity(&self, out: &mut dyn Write, asset: Asset, _first_day: &str) -> Result<()> {
        let sample = asset.render(1_000 * 10_i64.pow(asset.scale()));
        // A sample without decimals must still show the mark.
        let mark = if asset.scale() == 0 { "." } else { "" };
        writeln!(out, "commodity {sample}{mark} {}", asset.code())
    }

    fn account(&self, out: &mut dyn Write, account: &BookAccount, _first_day: &str) -> Result<()> {
        let letter = match account.class {
            Class::Assets => 'A',
            Class::Liabilities => 'L',
            Class::Income => 'R',
        };
        writeln!(out, "account {}  ; type:{letter}", account.name)
    }

    fn transaction(&self, out: &mut dyn Write, legs: &[JournalLeg]) -> Result<()> {
        let Some(first) = legs.first() else { return Ok(()) };
        let posting = &first.posting;
        let (kind, entry_type) = (posting.kind.as_str(), plain(&first.entry_type));
        writeln!(out, "\n{} * {kind}: {entry_type}", super::day(posting.time))?;
        let (entry, leaf_index) = (posting.entry, posting.place.leaf_index);
        writeln!(out, "    ; entry:{entry}, leaf_index:{leaf_index}, window:{}", posting.window)?;
        for leg in legs {
            let amount = Amount::of(leg);
            let name = BookAccount::new(&leg.account).name;
            writeln!(out, "    {name}  {} {}", amount.number, amount.commodity)?;
        }
        Ok(())
    }

    fn begin_balances(&self, out: &mut dyn Write, last_day: &str) -> Result<()> {
        // It stands last on the last day, so everything before it counts.
        writeln!(out, "\n{last_day} * balances of the ledger")
    }

    fn balance(&self, out: &mut dyn Write, name: &str, amount: &Amount, _next_day: &str) -> Result<()> {
        let Amount { number, zero, commodity } = amount;
        writeln!(out, "    {name}  {zero} {commodity} = {number} {commodity}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(asset: &str, line: &str) {
        let mut out = Vec::new();
        Hledger.commodity(&mut out, asset.parse().unwrap(), "2026-11-22").unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), line);
    }

    #[test]
    fn a_commodity_shows_its_decimals_and_always_the_mark() {
        check("CNY/2", "commodity 1000.00 CNY\n");
        check("XTS/3", "commodity 1000.000 XTS\n");
        check("JPY/0", "commodity 1000. JPY\n");
        check("GOLD/9", "commodity 1000.000000000 GOLD\n");
    }
}
