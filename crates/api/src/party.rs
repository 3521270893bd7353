//! `/v1/parties`: certified parties (stage 1).

use crate::{
    ApiState, Problem,
    access::Caller,
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters},
    page::{Listing, Page, list_parameters},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_party::{
    CertifyParty, LegalIdentifier, Party, PartyState, ReplacePartyKeys, RevokeParty, Role, Successors,
};
use databourse_primitives::{BilingualText, ExchangeCode, KeyId, Label, Line, PartyId, PublicKey, Timestamp};
use databourse_store::Column;
use schema::{PartyStateName, Role as RoleName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list, certify))
        .routes(routes!(get))
        .routes(routes!(replace_keys))
        .routes(routes!(revoke))
}

/// A certification, and whether the exchange keeps the party's key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "legal_name": { "zh": "长三角气象服务有限公司", "en": "Delta Weather Services Ltd" },
    "legal_identifier": "ext:register:delta-weather",
    "roles": ["supplier", "buyer"],
    "home_region": "CN-SH",
    "entrusts_exchange": true,
    "valid_until": "2027-11-22T00:00:00.000Z",
    "custody": true
}))]
pub(crate) struct Certification {
    /// Its registered name.
    #[schema(value_type = BilingualTextObject)]
    legal_name: BilingualText,
    /// Who it is in law; unique in the region.
    #[schema(value_type = LegalIdentifierText)]
    legal_identifier: LegalIdentifier,
    /// What it may do; at least one.
    #[schema(value_type = Vec<RoleName>)]
    roles: BTreeSet<Role>,
    /// Where it is at home, e.g. `CN-SH` (ISO 3166-2).
    #[schema(value_type = LabelText)]
    home_region: Label,
    /// Keys that it signs with: at most 8; may be empty if it entrusts the exchange or `custody` is true.
    #[serde(default)]
    #[schema(value_type = Vec<PublicKeyText>)]
    keys: Vec<PublicKey>,
    /// Whether the exchange may sign on its behalf.
    entrusts_exchange: bool,
    /// When the certification ends.
    #[schema(value_type = TimestampText)]
    valid_until: Timestamp,
    /// Whether the exchange makes a key pair for it and keeps it sealed; its public key joins `keys`.
    #[serde(default)]
    custody: bool,
}

impl ApiState {
    /// The command of a certification; with custody the key is made, or found, first.
    pub(crate) async fn certification(
        &self,
        party: PartyId,
        asked: Certification,
    ) -> Result<CertifyParty, Problem> {
        let mut keys = asked.keys;
        if asked.custody {
            keys.push(self.node.take_custody(party).await?);
        }
        Ok(CertifyParty {
            legal_name: asked.legal_name,
            legal_identifier: asked.legal_identifier,
            roles: asked.roles,
            home_region: asked.home_region,
            keys,
            entrusts_exchange: asked.entrusts_exchange,
            valid_until: asked.valid_until,
        })
    }
}

/// Certifies a party.
///
/// The party's id is the id of the entry, so with an `Idempotency-Key` it is known before. With `custody` the node
/// makes a key pair for the party, keeps it sealed, and signs the party's commands with it.
#[utoipa::path(post, path = "/v1/parties", operation_id = "certifyParty", tag = "parties",
    request_body = Certification, responses((status = 201, description = "Certified.", body = Acknowledged)))]
async fn certify(
    State(api): State<ApiState>,
    key: IdempotencyKey,
    JsonBody(asked): JsonBody<Certification>,
) -> Result<Done, Problem> {
    let key = IdempotencyKey(Some(api.entry_id(key)?));
    let party = PartyId::from(api.entry_id(key)?);
    let command = api.certification(party, asked).await?;
    api.record(key, Acting::Exchange, command, |id| format!("/v1/parties/{id}")).await
}

/// The keys that a party signs with from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "entrusts_exchange": false, "custody": true }))]
pub(crate) struct PartyKeys {
    /// Its keys, at most 8; those that it has already go on. May be empty if it entrusts the exchange or `custody` is true.
    #[serde(default)]
    #[schema(value_type = Vec<PublicKeyText>, required = false)]
    keys: Vec<PublicKey>,
    /// Whether its home exchange may sign on its behalf.
    entrusts_exchange: bool,
    /// Whether the exchange makes a key pair for it, or goes on with the one it has, and keeps it sealed; its public key
    /// joins `keys`.
    #[serde(default)]
    #[schema(required = false)]
    custody: bool,
}

/// Gives a party other keys.
///
/// Keys that are not named any more sign nothing from then on. For a party whose key was lost, and for the parties of an
/// exchange that left: the keys that it kept for them did not go over to its successor, whose operators give them new ones
/// here. A party that has its keys may send `party.replace_keys` itself, as a signed entry.
#[utoipa::path(post, path = "/v1/parties/{id}/keys", operation_id = "replacePartyKeys", tag = "parties",
    params(("id" = PartyIdText, Path)), request_body = PartyKeys,
    responses((status = 201, description = "Replaced.", body = Acknowledged)))]
async fn replace_keys(
    State(api): State<ApiState>,
    Named(party): Named<PartyId>,
    key: IdempotencyKey,
    JsonBody(asked): JsonBody<PartyKeys>,
) -> Result<Done, Problem> {
    let mut keys = asked.keys;
    if asked.custody {
        // Nothing is kept for somebody who is not there.
        api.find::<Party>(&party).await?;
        keys.push(api.node.take_custody(party).await?);
    }
    let command = ReplacePartyKeys { party, keys, entrusts_exchange: asked.entrusts_exchange };
    api.record(key, Acting::Exchange, command, |_| format!("/v1/parties/{party}")).await
}

/// Why a certification ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Business licence withdrawn" }))]
pub(crate) struct Revocation {
    /// Why; a refusal that follows from it can be explained.
    #[schema(value_type = LineText)]
    reason: Line,
}

/// Ends a certification before its term.
///
/// From then on the party's commands are refused with `party.revoked` and its keys sign nothing.
#[utoipa::path(post, path = "/v1/parties/{id}/revocation", operation_id = "revokeParty", tag = "parties",
    params(("id" = PartyIdText, Path)), request_body = Revocation,
    responses((status = 201, description = "Revoked.", body = Acknowledged)))]
async fn revoke(
    State(api): State<ApiState>,
    Named(party): Named<PartyId>,
    key: IdempotencyKey,
    JsonBody(asked): JsonBody<Revocation>,
) -> Result<Done, Problem> {
    let command = RevokeParty { party, reason: asked.reason };
    api.record(key, Acting::Exchange, command, |_| format!("/v1/parties/{party}")).await
}

/// A party. Others than the party itself, operators and auditors see a seller's name, roles and state only.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Party, example = json!({
    "id": "019aa2b4-5c00-7000-8000-000000000001",
    "home_exchange": "sh",
    "certified_by": "sh",
    "legal_name": { "zh": "长三角气象服务有限公司", "en": "Delta Weather Services Ltd" },
    "roles": ["supplier", "buyer"],
    "state": { "name": "certified" },
    "certified_at": "2026-11-22T02:47:32.123Z",
    "valid_until": "2027-11-22T00:00:00.000Z",
    "home_region": "CN-SH",
    "legal_identifier": "ext:register:delta-weather",
    "keys": ["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"],
    "entrusts_exchange": true
}))]
struct PartyView {
    /// The id of its `party.certify` entry.
    #[schema(value_type = PartyIdText)]
    id: PartyId,
    /// The exchange at which it is at home: the one that certified it, or, if that left, its successor.
    #[schema(value_type = ExchangeCodeText)]
    home_exchange: ExchangeCode,
    /// The exchange that certified it.
    #[schema(value_type = ExchangeCodeText)]
    certified_by: ExchangeCode,
    /// Its registered name.
    #[schema(value_type = BilingualTextObject)]
    legal_name: BilingualText,
    /// What it may do.
    #[schema(value_type = Vec<RoleName>)]
    roles: BTreeSet<Role>,
    /// Where the certification stands.
    #[schema(value_type = schema::PartyState)]
    state: PartyState,
    /// When it was certified.
    #[schema(value_type = TimestampText)]
    certified_at: Timestamp,
    /// When the certification ends.
    #[schema(value_type = TimestampText)]
    valid_until: Timestamp,
    /// Where it is at home.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LabelText>)]
    home_region: Option<Label>,
    /// Who it is in law.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LegalIdentifierText>)]
    legal_identifier: Option<LegalIdentifier>,
    /// Names of its keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<KeyIdText>>)]
    keys: Option<Vec<KeyId>>,
    /// Whether its home exchange may sign on its behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    entrusts_exchange: Option<bool>,
}

impl PartyView {
    fn new(party: Party, whole: bool, successors: &Successors) -> Self {
        Self {
            id: party.id,
            home_exchange: successors.home_of(&party.home_exchange).clone(),
            certified_by: party.home_exchange,
            legal_name: party.legal_name,
            roles: party.roles,
            state: party.state,
            certified_at: party.certified_at,
            valid_until: party.valid_until,
            home_region: whole.then_some(party.home_region),
            legal_identifier: whole.then_some(party.legal_identifier),
            keys: whole.then_some(party.keys),
            entrusts_exchange: whole.then_some(party.entrusts_exchange),
        }
    }
}

list_parameters!(PartyParameters {
    /// The exchange at which it is at home, or which certified it.
    home_exchange: ExchangeCode as ExchangeCodeText => HomeExchange,
    /// Who it is in law.
    legal_identifier: LegalIdentifier as LegalIdentifierText => LegalIdentifier,
    /// A role that it has.
    role: Role as RoleName => Role,
    /// Where the certification stands.
    state: schema::PartyStateFilter as PartyStateName => State,
});

/// Lists parties.
///
/// Operators and auditors see all; a party sees itself.
#[utoipa::path(get, path = "/v1/parties", operation_id = "listParties", tag = "parties",
    params(PartyParameters), responses((status = 200, description = "A page.", body = Page<PartyView>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Parameters(asked): Parameters<PartyParameters>,
) -> Result<Json<Page<PartyView>>, Problem> {
    let successors = api.node.successors().await?;
    let page = if caller.oversees() {
        let mut listing: Listing = asked.into();
        listing.filters = with_taken_over(listing.filters, &successors);
        api.list(listing).await?
    } else {
        Page::of(api.store().get::<Party>(&caller.acting_party()?.to_string()).await?)
    };
    Ok(Json(page.map(|party| PartyView::new(party, true, &successors))))
}

/// Records go on naming the exchange that certified a party, so who asks for those of an exchange asks for those that it
/// took over as well.
fn with_taken_over(mut filters: Vec<(Column, String)>, successors: &Successors) -> Vec<(Column, String)> {
    let homes: BTreeSet<String> = filters
        .iter()
        .filter(|(column, _)| *column == Column::HomeExchange)
        .map(|(_, home)| home.clone())
        .collect();
    for left in successors.left().filter(|left| homes.contains(successors.home_of(left).as_str())) {
        filters.push((Column::HomeExchange, left.to_string()));
    }
    filters
}

/// Shows a party.
///
/// The whole of it to itself, operators and auditors. To others a seller's name, roles and state; anybody else's record
/// is `resource.forbidden`.
#[utoipa::path(get, path = "/v1/parties/{id}", operation_id = "getParty", tag = "parties",
    params(("id" = PartyIdText, Path)), responses((status = 200, description = "The party.", body = PartyView)))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<PartyId>,
) -> Result<Json<PartyView>, Problem> {
    let party: Party = api.find(&id).await?;
    let whole = caller.may_see(&[id]);
    let sells = [Role::Supplier, Role::Processor].iter().any(|role| party.roles.contains(role));
    if whole || sells {
        return Ok(Json(PartyView::new(party, whole, &api.node.successors().await?)));
    }
    Err(Problem::forbidden("a party that sells, or yourself"))
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `party`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use serde::{Deserialize, Serialize};
    use utoipa::ToSchema;

    /// What a party is certified to do.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case", as = PartyRole)]
    pub(crate) enum Role {
        Supplier,
        Processor,
        Broker,
        Assessor,
        DeliveryService,
        Buyer,
        Auditor,
    }

    /// Where a certification stands.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum PartyState {
        /// In force until its term.
        Certified,
        /// Ended early.
        Revoked {
            /// When.
            revoked_at: TimestampText,
            /// Why.
            reason: LineText,
        },
    }

    /// Where a certification stands, by name.
    #[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[schema(as = PartyStateName)]
    pub(crate) enum PartyStateFilter {
        Certified,
        Revoked,
    }
    pub(crate) use PartyStateFilter as PartyStateName;
}
