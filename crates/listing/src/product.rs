//! Data products and the life of a listing (挂牌).

use crate::{DataClass, Right};
use databourse_primitives::{
    BilingualText, Digest, ExchangeCode, Line, PartyId, ProductId, Refusal, RefusalCode, RightId,
    SharesVersion, Timestamp,
};
use serde::{Deserialize, Serialize};

/// What a product is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductKind {
    /// A data set 数据集.
    Dataset,
    /// An API service 数据接口.
    ApiService,
    /// A report 数据报告.
    Report,
    /// A model 模型.
    Model,
    /// Compute capacity 算力.
    Compute,
}

impl ProductKind {
    /// The kind's name in JSON, which fee schedules also use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::ApiService => "api_service",
            Self::Report => "report",
            Self::Model => "model",
            Self::Compute => "compute",
        }
    }
}

/// What a supplier says of a product; a revision replaces all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductDetails {
    /// Its title.
    pub title: BilingualText,
    /// What it is, for buyers.
    pub description: BilingualText,
    /// What kind it is.
    pub kind: ProductKind,
    /// Words to find it by: at most 30.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<Line>,
    /// How often it is updated, in the supplier's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_frequency: Option<Line>,
    /// A page about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landing_page: Option<Line>,
    /// Terms that the source itself carries, e.g. an open licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_licence: Option<Line>,
    /// Digest of the record that describes it elsewhere, so that the two can be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_digest: Option<Digest>,
    /// Reference of the de-identification certificate; personal data must have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deidentification: Option<Line>,
}

/// `product.list`: a supplier lists a product on a right that it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListProduct {
    /// The right it rests on.
    pub right: RightId,
    /// What it is.
    pub details: ProductDetails,
}

/// `product.revise`: the next revision of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviseProduct {
    /// The product.
    pub product: ProductId,
    /// The number of the new revision: one above the latest, so that two revisers cannot overwrite each other.
    pub revision: u32,
    /// What it is from now on.
    pub details: ProductDetails,
}

macro_rules! state_command {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The product.
            pub product: ProductId,
            /// Why, for those who look it up later.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reason: Option<Line>,
        }
    };
}
state_command!(
    /// `product.pause`: stays in the catalogue, takes no orders.
    PauseProduct
);
state_command!(
    /// `product.resume`: takes orders again.
    ResumeProduct
);
state_command!(
    /// `product.delist`: leaves the catalogue for good. Licences already sold stay as they are.
    DelistProduct
);

/// Where a listing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductState {
    /// Discoverable and orderable.
    Listed,
    /// Discoverable, not orderable.
    OrderingPaused,
    /// Neither.
    Delisted,
}

impl ProductState {
    /// Whether the catalogue shows it.
    pub const fn is_discoverable(self) -> bool {
        matches!(self, Self::Listed | Self::OrderingPaused)
    }

    /// Whether it can be ordered.
    pub const fn is_orderable(self) -> bool {
        matches!(self, Self::Listed)
    }
}

/// A listed product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// The id of its `product.list` entry.
    pub id: ProductId,
    /// Who sells it.
    pub supplier: PartyId,
    /// The exchange that listed it.
    pub exchange: ExchangeCode,
    /// The right it rests on.
    pub right: RightId,
    /// Class of the data, taken from the right.
    pub data_class: DataClass,
    /// Where the listing stands.
    pub state: ProductState,
    /// Number of the latest revision, from 1.
    pub revision: u32,
    /// What it is.
    pub details: ProductDetails,
    /// Version of its revenue shares, if it has any; orders placed from now on follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares: Option<SharesVersion>,
    /// Block time of its listing.
    pub listed_at: Timestamp,
    /// Block time of the latest change.
    pub changed_at: Timestamp,
}

impl Product {
    /// Refuses unless `supplier` owns the product.
    ///
    /// # Errors
    /// `product.not_owner`.
    pub fn owned_by(&self, supplier: PartyId) -> Result<(), Refusal> {
        if self.supplier == supplier {
            Ok(())
        } else {
            Err(Refusal::new(RefusalCode::ProductNotOwner, "product", "a product of your own"))
        }
    }

    fn in_state(&self, allowed: &[ProductState], expected: &'static str) -> Result<(), Refusal> {
        if allowed.contains(&self.state) {
            Ok(())
        } else {
            Err(Refusal::new(RefusalCode::ProductState, "product", expected))
        }
    }
}

fn check_details(details: &ProductDetails, data_class: DataClass) -> Result<(), Refusal> {
    if details.keywords.len() > 30 {
        return Err(Refusal::new(RefusalCode::BodyMalformed, "details.keywords", "at most 30 keywords"));
    }
    if data_class == DataClass::Personal && details.deidentification.is_none() {
        let expected = "the reference of a de-identification certificate";
        return Err(Refusal::new(RefusalCode::DeidentificationMissing, "details.deidentification", expected));
    }
    Ok(())
}

/// Lists a product.
///
/// # Errors
/// Those of [`Right::supports_product_of`]; `body.malformed`; `product.deidentification_missing`.
pub fn list(
    id: ProductId,
    supplier: PartyId,
    exchange: ExchangeCode,
    right: &Right,
    command: ListProduct,
    now: Timestamp,
) -> Result<Product, Refusal> {
    right.supports_product_of(supplier, now)?;
    check_details(&command.details, right.data_class)?;
    Ok(Product {
        id,
        supplier,
        exchange,
        right: right.id,
        data_class: right.data_class,
        state: ProductState::Listed,
        revision: 1,
        details: command.details,
        shares: None,
        listed_at: now,
        changed_at: now,
    })
}

/// Makes the next revision.
///
/// # Errors
/// `product.not_owner`; `product.state` if delisted; `product.revision_stale`; those of the details.
pub fn revise(
    mut product: Product,
    supplier: PartyId,
    command: ReviseProduct,
    now: Timestamp,
) -> Result<Product, Refusal> {
    product.owned_by(supplier)?;
    product
        .in_state(&[ProductState::Listed, ProductState::OrderingPaused], "a product that is not delisted")?;
    let next = product.revision.saturating_add(1);
    if command.revision != next {
        return Err(Refusal::new(RefusalCode::ProductRevisionStale, "revision", format!("{next}")));
    }
    check_details(&command.details, product.data_class)?;
    product.revision = next;
    product.details = command.details;
    product.changed_at = now;
    Ok(product)
}

/// Stops ordering.
///
/// # Errors
/// `product.not_owner`; `product.state` unless listed.
pub fn pause(product: Product, supplier: PartyId, now: Timestamp) -> Result<Product, Refusal> {
    change(product, supplier, &[ProductState::Listed], "a listed product", ProductState::OrderingPaused, now)
}

/// Starts ordering again.
///
/// # Errors
/// `product.not_owner`; `product.state` unless ordering is paused.
pub fn resume(product: Product, supplier: PartyId, now: Timestamp) -> Result<Product, Refusal> {
    let paused = [ProductState::OrderingPaused];
    change(product, supplier, &paused, "a product whose ordering is paused", ProductState::Listed, now)
}

/// Ends the listing for good.
///
/// # Errors
/// `product.not_owner`; `product.state` if delisted before.
pub fn delist(product: Product, supplier: PartyId, now: Timestamp) -> Result<Product, Refusal> {
    let open = [ProductState::Listed, ProductState::OrderingPaused];
    change(product, supplier, &open, "a product that is not delisted", ProductState::Delisted, now)
}

fn change(
    mut product: Product,
    supplier: PartyId,
    from: &[ProductState],
    expected: &'static str,
    to: ProductState,
    now: Timestamp,
) -> Result<Product, Refusal> {
    product.owned_by(supplier)?;
    product.in_state(from, expected)?;
    product.state = to;
    product.changed_at = now;
    Ok(product)
}
