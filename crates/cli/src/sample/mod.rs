//! The built-in market that `demo` plays: believable products, merchants and buyers of a Yangtze River Delta market,
//! and a plan of orders that a seed repeats exactly.
//!
//! The nouns are TOML files beside this one, in the words of the commands that they become: what stands under
//! `details` and `terms` is what `product.list` and `offer.publish` take. All of it is invented.

mod draw;
pub(crate) mod plan;

use databourse_licensing::DeliveryMethod;
use databourse_listing::{DataClass, Interest, Pricing, ProductDetails, Terms};
use databourse_party::{LegalIdentifier, Role};
use databourse_primitives::{Asset, BilingualText, ExchangeCode, Label, Line, UnitPrice};
use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::BTreeSet, fmt};

/// Everything that is for sale and everybody who trades.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Market {
    /// What every price is in.
    pub(crate) asset: Asset,
    /// Who sells.
    pub(crate) merchants: Vec<Merchant>,
    /// Who buys.
    pub(crate) buyers: Vec<Buyer>,
    /// What the merchants may sell, one right for each source.
    pub(crate) rights: Vec<SampleRight>,
    /// What is sold.
    pub(crate) products: Vec<SampleProduct>,
    reasons: Reasons,
}

/// A data merchant 数商.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Merchant {
    /// Its name in these files.
    pub(crate) reference: Label,
    /// Its registered name.
    pub(crate) legal_name: BilingualText,
    /// Its unified social credit code.
    pub(crate) legal_identifier: LegalIdentifier,
    /// The exchange that certifies it.
    pub(crate) exchange: ExchangeCode,
    /// Its home by ISO 3166-2.
    pub(crate) home_region: Label,
    /// Its home city.
    pub(crate) city: BilingualText,
    /// What it is certified for.
    pub(crate) roles: BTreeSet<Role>,
}

/// A buyer 数据需方.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Buyer {
    /// Its name in these files.
    pub(crate) reference: Label,
    /// Its registered name.
    pub(crate) legal_name: BilingualText,
    /// Its unified social credit code.
    pub(crate) legal_identifier: LegalIdentifier,
    /// The exchange that certifies it.
    pub(crate) exchange: ExchangeCode,
    /// Its home by ISO 3166-2.
    pub(crate) home_region: Label,
    /// Its home city.
    pub(crate) city: BilingualText,
    /// What it buys data for.
    pub(crate) purposes: Vec<Label>,
    /// Weighs how often it buys.
    activity: u64,
}

/// A right in a source of data.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SampleRight {
    /// The source; also the right's name in these files.
    pub(crate) source: Label,
    /// The merchant that holds it.
    pub(crate) merchant: Label,
    /// Class of the data.
    pub(crate) data_class: DataClass,
    /// What it includes.
    pub(crate) interests: BTreeSet<Interest>,
    /// Where the data come from and by what title.
    pub(crate) source_statement: BilingualText,
    /// Record of the authorised operation of public data.
    pub(crate) authorisation: Option<Line>,
    /// How long it lasts, in days from registration.
    pub(crate) term_days: u32,
}

/// A product and the offer that it is sold under.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SampleProduct {
    /// Its name in these files.
    pub(crate) reference: Label,
    /// The merchant that sells it.
    pub(crate) merchant: Label,
    /// The right that it rests on, by its source.
    pub(crate) right: Label,
    /// What it is.
    pub(crate) details: ProductDetails,
    /// What one unit is.
    pub(crate) pricing: Pricing,
    /// Price of one unit, tax exclusive; zero for free public data.
    pub(crate) unit_price: UnitPrice,
    /// What a licence allows.
    pub(crate) terms: Terms,
    /// How it reaches a buyer.
    pub(crate) delivery: DeliveryMethod,
    /// Quantities that buyers usually take.
    quantities: Vec<u64>,
    /// Weighs how often it is chosen.
    popularity: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reasons {
    rejections: Vec<Line>,
    refunds: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merchants {
    merchant: Vec<Merchant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Buyers {
    buyer: Vec<Buyer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rights {
    right: Vec<SampleRight>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Products {
    asset: Asset,
    product: Vec<SampleProduct>,
}

impl Market {
    /// Reads the embedded files.
    ///
    /// # Errors
    /// A file does not read; the tests see to it that this never happens.
    pub(crate) fn load() -> Result<Self, SampleError> {
        let merchants: Merchants = read("merchants.toml", include_str!("merchants.toml"))?;
        let buyers: Buyers = read("buyers.toml", include_str!("buyers.toml"))?;
        let rights: Rights = read("rights.toml", include_str!("rights.toml"))?;
        let products: Products = read("products.toml", include_str!("products.toml"))?;
        Ok(Self {
            asset: products.asset,
            merchants: merchants.merchant,
            buyers: buyers.buyer,
            rights: rights.right,
            products: products.product,
            reasons: read("reasons.toml", include_str!("reasons.toml"))?,
        })
    }
}

fn read<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<T, SampleError> {
    toml::from_str(text).map_err(|source| SampleError { file, source })
}

/// An embedded file that does not read.
#[derive(Debug)]
pub(crate) struct SampleError {
    file: &'static str,
    source: toml::de::Error,
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the sample's {} cannot be read: {}", self.file, self.source)
    }
}

impl std::error::Error for SampleError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests;
