//! beancount's input format; see <https://beancount.github.io/docs/beancount_language_syntax.html>.

use super::{
    Amount, Dialect,
    names::{BookAccount, plain},
};
use databourse_primitives::Asset;
use databourse_store::JournalLeg;
use std::io::{Result, Write};

pub(super) struct Beancount;

impl Dialect for Beancount {
    fn begin(&self, out: &mut dyn Write) -> Result<()> {
        writeln!(out, "option \"title\" \"Databourse journal\"\n")
    }

    fn commodity(&self, out: &mut dyn Write, asset: Asset, first_day: &str) -> Result<()> {
        writeln!(out, "{first_day} commodity {}", asset.code())
    }

    fn account(&self, out: &mut dyn Write, account: &BookAccount, first_day: &str) -> Result<()> {
        writeln!(out, "{first_day} open {} {}", account.name, account.commodities.join(","))
    }

    fn transaction(&self, out: &mut dyn Write, legs: &[JournalLeg]) -> Result<()> {
        let Some(first) = legs.first() else { return Ok(()) };
        let posting = &first.posting;
        let (kind, entry_type) = (posting.kind.as_str(), plain(&first.entry_type));
        writeln!(out, "\n{} * \"{kind}: {entry_type}\"", super::day(posting.time))?;
        writeln!(out, "  entry: \"{}\"", posting.entry)?;
        writeln!(out, "  leaf_index: {}", posting.place.leaf_index)?;
        writeln!(out, "  window: \"{}\"", posting.window)?;
        for leg in legs {
            let amount = Amount::of(leg);
            let name = BookAccount::new(&leg.account).name;
            writeln!(out, "  {name}  {} {}", amount.number, amount.commodity)?;
        }
        Ok(())
    }

    fn begin_balances(&self, out: &mut dyn Write, _last_day: &str) -> Result<()> {
        writeln!(out)
    }

    fn balance(&self, out: &mut dyn Write, name: &str, amount: &Amount, next_day: &str) -> Result<()> {
        // A balance counts at the beginning of its day. Without a tolerance of zero the program would take the number's
        // last decimal for uncertain, and a difference of one minor unit would pass.
        let Amount { number, zero, commodity } = amount;
        writeln!(out, "{next_day} balance {name}  {number} ~ {zero} {commodity}")
    }
}
