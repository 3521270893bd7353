//! Value-added tax: categories and their rates as data with a version. Prices are without tax; tax comes on top.

use databourse_primitives::{Label, Rate, Refusal, RefusalCode, TaxVersion, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `tax.publish`: the next version of the region's table of tax rates. Fee schedules name the version they use, so a
/// new table changes no price until a schedule names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishTax {
    /// Versions follow one another without gaps, from 1.
    pub version: TaxVersion,
    /// The rate of each category.
    pub rates: BTreeMap<Label, Rate>,
    /// The category of each product kind that is not in the default one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<Label, Label>,
    /// The category of every other kind.
    pub default: Label,
}

/// A published table of tax rates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxTable {
    /// Its version.
    pub version: TaxVersion,
    /// The rate of each category.
    pub rates: BTreeMap<Label, Rate>,
    /// The category of each product kind that is not in the default one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<Label, Label>,
    /// The category of every other kind.
    pub default: Label,
    /// Block time of publication.
    pub published_at: Timestamp,
}

impl TaxTable {
    /// The rate of a category.
    ///
    /// # Errors
    /// `tax.invalid` if the table has no such category.
    pub fn rate_of(&self, category: &Label) -> Result<Rate, Refusal> {
        self.rates.get(category).copied().ok_or_else(|| {
            let expected = format!("a category of tax table {}; it has no {category}", self.version);
            Refusal::new(RefusalCode::TaxInvalid, "", expected)
        })
    }

    /// The rate of a product kind: that of the category it is in, or of the default category.
    ///
    /// # Errors
    /// As [`TaxTable::rate_of`]; never for a published table.
    pub fn rate_of_kind(&self, kind: &str) -> Result<Rate, Refusal> {
        let named = self.kinds.iter().find(|(known, _)| known.as_str() == kind);
        self.rate_of(named.map_or(&self.default, |(_, category)| category))
    }

    /// Whether this is the table of `version`.
    pub(crate) fn check_version(&self, version: TaxVersion) -> Result<(), Refusal> {
        if self.version == version {
            return Ok(());
        }
        let expected = format!("tax table {}, not {version}", self.version);
        Err(Refusal::new(RefusalCode::TaxUnknown, "", expected))
    }
}

/// Publishes a table of tax rates. `latest` is the version before it, if any.
///
/// # Errors
/// `tax.invalid` if the version does not follow, or a kind or the default is of a category without a rate.
pub fn publish_tax(
    latest: Option<TaxVersion>,
    command: PublishTax,
    now: Timestamp,
) -> Result<TaxTable, Refusal> {
    let next = latest.unwrap_or_default().next();
    if command.version != next {
        return Err(Refusal::new(RefusalCode::TaxInvalid, "version", next.to_string()));
    }
    let PublishTax { version, rates, kinds, default } = command;
    let table = TaxTable { version, rates, kinds, default, published_at: now };
    table.rate_of(&table.default).map_err(|refusal| refusal.within("default"))?;
    for (kind, category) in &table.kinds {
        table.rate_of(category).map_err(|refusal| refusal.within(&format!("kinds.{kind}")))?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(version: u64, kinds: &[(&str, &str)], default: &str) -> PublishTax {
        let rates = [("goods", "0.13"), ("services", "0.06"), ("free", "0")];
        PublishTax {
            version: TaxVersion(version),
            rates: rates.iter().map(|(name, rate)| (name.parse().unwrap(), rate.parse().unwrap())).collect(),
            kinds: kinds.iter().map(|(kind, name)| (kind.parse().unwrap(), name.parse().unwrap())).collect(),
            default: default.parse().unwrap(),
        }
    }

    #[test]
    fn a_kind_has_the_rate_of_its_category_or_of_the_default() {
        let command = command(1, &[("compute", "goods"), ("report", "free")], "services");
        let table = publish_tax(None, command, Timestamp::EPOCH).unwrap();
        for (kind, expected) in [("compute", "0.13"), ("report", "0"), ("dataset", "0.06"), ("", "0.06")] {
            assert_eq!(table.rate_of_kind(kind).unwrap().to_string(), expected, "{kind}");
        }
        assert_eq!(table.rate_of(&"goods".parse().unwrap()).unwrap().to_string(), "0.13");
        let refusal = table.rate_of(&"luxury".parse().unwrap()).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::TaxInvalid);
    }

    #[test]
    fn a_table_follows_the_last_and_has_a_rate_for_everything_it_names() {
        let refused = |latest: Option<u64>, command| {
            let refusal = publish_tax(latest.map(TaxVersion), command, Timestamp::EPOCH).unwrap_err();
            assert_eq!(refusal.code, RefusalCode::TaxInvalid);
            refusal.field
        };
        assert_eq!(refused(None, command(2, &[], "free")), "version");
        assert_eq!(refused(None, command(0, &[], "free")), "version");
        assert_eq!(refused(Some(1), command(1, &[], "free")), "version");
        assert_eq!(refused(None, command(1, &[], "luxury")), "default");
        assert_eq!(refused(None, command(1, &[("report", "luxury")], "free")), "kinds.report");
        assert!(publish_tax(Some(TaxVersion(1)), command(2, &[], "free"), Timestamp::EPOCH).is_ok());
    }
}
