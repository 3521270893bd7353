//! `/certifications`: who is certified, to do what, until when; and to certify, revoke and give new keys.

mod fields;
mod keys;
mod list;
mod new;
mod party;
mod revoke;

use super::{Audience, Link, Page};
use crate::{failure::Failure, session::Session, visit::Visit};
use axum::{Router, routing::get};
use databourse_api::token::TokenRole::{self, Auditor, Operator};
use databourse_party::{LegalIdentifier, PartyState, Role};
use databourse_primitives::{BilingualText, ExchangeCode, KeyId, Label, PartyId, Timestamp};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Who sees all parties.
const OVERSIGHT: &[TokenRole] = &[Operator, Auditor];

pub(crate) const PAGE: Page = Page {
    links: &[Link {
        path: "/certifications",
        zh: "认证",
        en: "Certifications",
        audience: Audience::Roles(OVERSIGHT),
    }],
    routes: || {
        Router::new()
            .route("/certifications", get(list::show))
            .route("/certifications/new", get(new::show).post(new::send))
            .route("/certifications/{id}", get(party::show))
            .route("/certifications/{id}/keys", get(keys::show).post(keys::send))
            .route("/certifications/{id}/revoke", get(revoke::show).post(revoke::send))
    },
};

/// A party as operators and auditors see it.
#[derive(Debug, Clone, Deserialize)]
struct Certified {
    id: PartyId,
    home_exchange: ExchangeCode,
    certified_by: ExchangeCode,
    legal_name: BilingualText,
    roles: BTreeSet<Role>,
    state: PartyState,
    certified_at: Timestamp,
    valid_until: Timestamp,
    #[serde(default)]
    home_region: Option<Label>,
    #[serde(default)]
    legal_identifier: Option<LegalIdentifier>,
    #[serde(default)]
    keys: Vec<KeyId>,
    #[serde(default)]
    entrusts_exchange: bool,
}

/// Every role.
const ROLES: [Role; 7] = [
    Role::Supplier,
    Role::Processor,
    Role::Broker,
    Role::Assessor,
    Role::DeliveryService,
    Role::Buyer,
    Role::Auditor,
];

/// Goes on for those who act.
fn operator(visit: &Visit) -> Result<&Session, Failure> {
    visit.need(&[Operator])
}

/// The party that a path names.
async fn read(visit: &Visit, id: &str) -> Result<Certified, Failure> {
    let id: PartyId = id.parse().map_err(|_| Failure::Unknown)?;
    visit.get(&format!("/v1/parties/{id}")).await
}
