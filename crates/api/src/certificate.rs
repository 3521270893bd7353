//! `/v1/certificates`: proof of completed trades (stage 6).

mod qr;

use crate::{
    ApiState, Problem,
    access::{Caller, TradeSide},
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters},
    page::{Page, list_parameters},
    scalar::*,
};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use databourse_licensing::Order;
use databourse_market::Certificate;
use databourse_primitives::{CertificateNumber, OrderId, PartyId, RefusalCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list, issue))
        .routes(routes!(get))
        .routes(routes!(file))
        .routes(routes!(qr::picture))
}

/// Which order is certified.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "order": "019aa2b4-5c00-7000-8000-000000000005" }))]
pub(crate) struct CertificateRequest {
    /// The order; all of its lines are accepted or rejected, at least one is accepted.
    #[schema(value_type = OrderIdText)]
    pub(crate) order: OrderId,
}

/// Issues the certificate of a completed order. Its number and what it states are composed by the exchange.
#[utoipa::path(post, path = "/v1/certificates", operation_id = "issueCertificate", tag = "certificates",
    request_body = CertificateRequest,
    responses((status = 201, description = "Issued.", body = Acknowledged)))]
async fn issue(
    State(api): State<ApiState>,
    key: IdempotencyKey,
    JsonBody(CertificateRequest { order }): JsonBody<CertificateRequest>,
) -> Result<Done, Problem> {
    let id = api.entry_id(key)?;
    let answer = api.node.issue_certificates(vec![(id, order)]).await.pop();
    let acknowledged = answer.ok_or_else(|| Problem::internal(&"no answer of the node"))??.into();
    let number = api.find::<Order>(&order).await?.certificate;
    let location =
        number.map_or_else(|| format!("/v1/entries/{id}"), |number| format!("/v1/certificates/{number}"));
    Ok(Done { acknowledged, location })
}

list_parameters!(CertificateParameters {
    /// The certified order.
    order: OrderId as OrderIdText => Order,
    /// Who bought.
    buyer: PartyId as PartyIdText => Buyer,
});

/// Lists certificates.
///
/// Operators and auditors see all; a party sees those of its purchases. By number everybody sees any.
#[utoipa::path(get, path = "/v1/certificates", operation_id = "listCertificates", tag = "certificates",
    params(CertificateParameters),
    responses((status = 200, description = "A page.", body = Page<schema::Certificate>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Parameters(asked): Parameters<CertificateParameters>,
) -> Result<Json<Page<Certificate>>, Problem> {
    let side = if caller.oversees() { None } else { Some(TradeSide::Buyer) };
    Ok(Json(api.list(caller.narrow(asked.into(), side)?).await?))
}

fn unknown() -> Problem {
    Problem::refusal(RefusalCode::CertificateUnknown, "number", "the number of an issued certificate")
}

/// Shows a certificate.
#[utoipa::path(get, path = "/v1/certificates/{number}", operation_id = "getCertificate", tag = "certificates",
    params(("number" = CertificateNumberText, Path)),
    responses((status = 200, description = "The certificate.", body = schema::Certificate)))]
async fn get(
    State(api): State<ApiState>,
    Named(number): Named<CertificateNumber>,
) -> Result<Json<Certificate>, Problem> {
    Ok(Json(api.store().get(&number.to_string()).await?.ok_or_else(unknown)?))
}

/// Downloads a certificate as one file.
///
/// The file holds the entry, its author's key and its proof; `databourse verify FILE` checks it offline against the
/// policy of `/v1/policy`.
#[utoipa::path(get, path = "/v1/certificates/{number}/file", operation_id = "downloadCertificate",
    tag = "certificates", params(("number" = CertificateNumberText, Path)),
    responses((status = 200, description = "The file.", body = Object, content_type = "application/json")))]
async fn file(
    State(api): State<ApiState>,
    Named(number): Named<CertificateNumber>,
) -> Result<Response, Problem> {
    let text = api.node.certificate_file(&number).await?.ok_or_else(unknown)?;
    let disposition = format!("attachment; filename=\"certificate-{number}.json\"");
    let headers =
        [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, text).into_response())
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `market`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use utoipa::ToSchema;

    /// An accepted line of the certified order.
    #[derive(ToSchema)]
    pub(crate) struct CertificateLine {
        /// The line.
        line: u32,
        /// The product.
        product: ProductIdText,
        /// Its revision.
        revision: u32,
        /// Who sold it.
        supplier: PartyIdText,
        /// The one purpose of the licence.
        purpose: LabelText,
        /// Units.
        quantity: QuantityNumber,
        /// What was paid, tax inclusive, minor units.
        gross_minor: AmountMinorNumber,
        /// When the licence ends.
        ends_at: TimestampText,
    }

    /// What a certificate states of a completed trade.
    #[derive(ToSchema)]
    pub(crate) struct CertificateFacts {
        /// Who bought.
        buyer: PartyIdText,
        /// Its name.
        buyer_name: BilingualTextObject,
        /// What was paid in.
        asset: AssetText,
        /// What was paid for the accepted lines, tax inclusive, before any refund.
        total_minor: AmountMinorNumber,
        /// How many lines were accepted.
        line_count: u32,
        /// The accepted lines, at most the first 20.
        lines: Vec<CertificateLine>,
        /// SHA-256 of the JSON array of all accepted lines, in order.
        lines_digest: DigestText,
        /// When the order was placed.
        placed_at: TimestampText,
        /// When its last line was accepted.
        completed_at: TimestampText,
    }

    /// An issued certificate.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "number": "sh-2026-00000042",
        "entry": "019aa2b4-5c00-7000-8000-000000000009",
        "order": "019aa2b4-5c00-7000-8000-000000000005",
        "facts": {
            "buyer": "019aa2b4-5c00-7000-8000-000000000006",
            "buyer_name": { "en": "Delta Insurance Ltd" },
            "asset": "CNY/2",
            "total_minor": 127200,
            "line_count": 1,
            "lines": [{
                "line": 1,
                "product": "019aa2b4-5c00-7000-8000-000000000003",
                "revision": 1,
                "supplier": "019aa2b4-5c00-7000-8000-000000000001",
                "purpose": "model-training",
                "quantity": 1,
                "gross_minor": 127200,
                "ends_at": "2027-11-22T02:55:00.000Z"
            }],
            "lines_digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "placed_at": "2026-11-22T02:47:32.123Z",
            "completed_at": "2026-11-22T02:55:00.000Z"
        },
        "issued_at": "2026-11-22T03:00:00.000Z"
    }))]
    pub(crate) struct Certificate {
        /// Its number.
        number: CertificateNumberText,
        /// Its entry.
        entry: EntryIdText,
        /// The completed order.
        order: OrderIdText,
        /// What it states.
        facts: CertificateFacts,
        /// When it was issued.
        issued_at: TimestampText,
    }
}
