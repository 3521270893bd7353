//! Rights in data: the three separable interests of the "twenty data measures" (数据二十条, 2022, §3).

use databourse_primitives::{BilingualText, Label, Line, PartyId, Refusal, RefusalCode, RightId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One of the three separable interests in data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interest {
    /// Holding, 数据资源持有权.
    Holding,
    /// Processing and use, 数据加工使用权.
    ProcessingAndUse,
    /// Product operation, 数据产品经营权.
    ProductOperation,
}

impl Interest {
    /// The interest's name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holding => "holding",
            Self::ProcessingAndUse => "processing_and_use",
            Self::ProductOperation => "product_operation",
        }
    }
}

/// Class of the data, which decides what must accompany it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataClass {
    /// Public data 公共数据: needs the record of its authorised operation.
    Public,
    /// Quasi-public data 准公共数据.
    QuasiPublic,
    /// Enterprise data 企业数据.
    Enterprise,
    /// Personal data 个人数据: a product of it needs a de-identification certificate.
    Personal,
}

/// `right.register`: the first registration of a right by its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterRight {
    /// The interests claimed; at least one.
    pub interests: BTreeSet<Interest>,
    /// Class of the data.
    pub data_class: DataClass,
    /// Name of the source; two holders cannot claim one interest in one source.
    pub source: Label,
    /// Where the data come from and by what title (Data Security Law art. 33).
    pub source_statement: BilingualText,
    /// Record of the authorised operation 授权运营; public data must have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorisation: Option<Line>,
    /// When the right ends; open if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

/// A registered right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Right {
    /// The id of its `right.register` entry.
    pub id: RightId,
    /// Who holds it.
    pub holder: PartyId,
    /// The interests it includes.
    pub interests: BTreeSet<Interest>,
    /// Class of the data.
    pub data_class: DataClass,
    /// Name of the source.
    pub source: Label,
    /// Where the data come from and by what title.
    pub source_statement: BilingualText,
    /// Record of the authorised operation.
    pub authorisation: Option<Line>,
    /// Block time of its registration.
    pub registered_at: Timestamp,
    /// When it ends.
    pub valid_until: Option<Timestamp>,
}

impl Right {
    /// Refuses unless `holder` may found a product on this right at `now`: it is the holder's own, in force, and
    /// includes product operation.
    ///
    /// # Errors
    /// `right.not_holder`, `right.not_in_force`, `right.interest_missing`.
    pub fn supports_product_of(&self, holder: PartyId, now: Timestamp) -> Result<(), Refusal> {
        if self.holder != holder {
            return Err(Refusal::new(RefusalCode::RightNotHolder, "right", "a right that you hold"));
        }
        self.in_force(now)?;
        if self.interests.contains(&Interest::ProductOperation) {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::RightInterestMissing,
            "right",
            "a right that includes `product_operation`",
        ))
    }

    /// Refuses if the right's term is over at `now`.
    ///
    /// # Errors
    /// `right.not_in_force`.
    pub fn in_force(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.valid_until {
            Some(until) if until <= now => Err(Refusal::new(
                RefusalCode::RightNotInForce,
                "right",
                format!("a right in force; this one ended {until}"),
            )),
            _ => Ok(()),
        }
    }
}

/// Registers a right. Whether another holder claims the source is checked by the caller, who holds those records.
///
/// # Errors
/// `body.malformed` without an interest; `right.term_invalid`; `right.authorisation_missing` for public data.
pub fn register(
    id: RightId,
    holder: PartyId,
    command: RegisterRight,
    now: Timestamp,
) -> Result<Right, Refusal> {
    if command.interests.is_empty() {
        return Err(Refusal::new(RefusalCode::BodyMalformed, "interests", "at least one interest"));
    }
    if command.valid_until.is_some_and(|until| until <= now) {
        return Err(Refusal::new(
            RefusalCode::RightTermInvalid,
            "valid_until",
            format!("a time after {now}"),
        ));
    }
    if command.data_class == DataClass::Public && command.authorisation.is_none() {
        let expected = "the record of authorised operation that public data rest on";
        return Err(Refusal::new(RefusalCode::RightAuthorisationMissing, "authorisation", expected));
    }
    Ok(Right {
        id,
        holder,
        interests: command.interests,
        data_class: command.data_class,
        source: command.source,
        source_statement: command.source_statement,
        authorisation: command.authorisation,
        registered_at: now,
        valid_until: command.valid_until,
    })
}
