//! `/v1/windows/{asset}/{number}/payment-files` and `/v1/confirmations`: files that leave for banks and wallet operators,
//! and files that come back (stage 5).

use crate::{
    ApiState, Problem,
    extract::{Named, Parameters, media_type, read_body},
    page::Page,
    scalar::*,
    window::path_of,
};
use axum::{
    Json,
    extract::{DefaultBodyLimit, Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use databourse_exchange::{ConfirmReport, NodeError, RailName, SettlementError};
use databourse_primitives::{ExchangeCode, WindowId};
use databourse_rails::PaymentFile;
use databourse_settlement::Window;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The most bytes of a body with files of a bank: those that a rail reads.
pub(crate) const FILE_BYTES_MAX: usize = databourse_rails::FILE_BYTES_MAX;

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(confirm))
        .layer(DefaultBodyLimit::max(FILE_BYTES_MAX))
        .routes(routes!(list))
        .routes(routes!(get))
}

impl From<SettlementError> for Problem {
    fn from(error: SettlementError) -> Self {
        match error {
            SettlementError::Refused(refusal) => refusal.into(),
            // The pipeline stopped meanwhile; what was done is durable, and the same again goes on there.
            SettlementError::Node(NodeError::Pipeline(reason)) => Self::unavailable(&reason),
            SettlementError::Node(error) => error.into(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RailParameters {
    /// Bank files (ISO 20022), or those of e-CNY wallets.
    #[param(value_type = schema::RailName, inline)]
    rail: RailName,
}

/// A file of payments, ready to be handed over.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentFile, example = json!({
    "payer": "js",
    "name": "pacs.009-CNY.2-7-js.xml",
    "media_type": "application/xml",
    "size_bytes": 2187,
    "file": "/v1/windows/CNY-2/7/payment-files/js?rail=iso20022"
}))]
struct PaymentFileView {
    /// Whose bank or wallet operator it is for.
    #[schema(value_type = ExchangeCodeText)]
    payer: ExchangeCode,
    /// A name that is safe in every file system.
    name: String,
    /// Its media type.
    media_type: &'static str,
    /// Its length.
    size_bytes: usize,
    /// Where its bytes are.
    file: String,
}

/// The payers of a window beside their files.
async fn files(
    api: &ApiState,
    id: WindowId,
    rail: RailName,
) -> Result<Vec<(ExchangeCode, PaymentFile)>, Problem> {
    let window: Window = api.find(&id).await?;
    // The node makes one file per payer, in the order of their codes.
    let files = api.node.payment_files(id, rail).await?;
    let payers: BTreeSet<ExchangeCode> =
        window.state.instructions().iter().map(|instruction| instruction.payer.clone()).collect();
    if payers.len() == files.len() {
        return Ok(payers.into_iter().zip(files).collect());
    }
    Err(Problem::internal(&format!("{} files for {} payers of {id}", files.len(), payers.len())))
}

/// Lists the payments of a window as files for the payers' banks or wallet operators, one per payer.
///
/// Made again they carry the same names and references, so that no bank pays twice. Before payments are made out it is
/// `window.state`.
#[utoipa::path(get, path = "/v1/windows/{asset}/{number}/payment-files", operation_id = "listPaymentFiles",
    tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7),
        RailParameters),
    responses((status = 200, description = "All of them.", body = Page<PaymentFileView>)))]
async fn list(
    State(api): State<ApiState>,
    Named(window): Named<WindowId>,
    Parameters(RailParameters { rail }): Parameters<RailParameters>,
) -> Result<Json<Page<PaymentFileView>>, Problem> {
    let query = crate::page::text_of(&rail);
    let view = |(payer, file): (ExchangeCode, PaymentFile)| PaymentFileView {
        file: format!("{}/payment-files/{payer}?rail={query}", path_of(&window)),
        payer,
        name: file.name,
        media_type: file.media_type,
        size_bytes: file.bytes.len(),
    };
    let items = files(&api, window, rail).await?.into_iter().map(view).collect();
    Ok(Json(Page { items, next: None }))
}

/// Downloads the file of one payer, for its bank or wallet operator.
#[utoipa::path(get, path = "/v1/windows/{asset}/{number}/payment-files/{payer}", operation_id = "downloadPaymentFile",
    tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7),
        ("payer" = ExchangeCodeText, Path), RailParameters),
    responses((status = 200, description = "The file.", content(
        (String = "application/xml"), (String = "text/csv")))))]
async fn get(
    State(api): State<ApiState>,
    Named((window, payer)): Named<(WindowId, ExchangeCode)>,
    Parameters(RailParameters { rail }): Parameters<RailParameters>,
) -> Result<Response, Problem> {
    let found = files(&api, window, rail).await?.into_iter().find(|(known, _)| *known == payer);
    let (_, file) = found.ok_or_else(|| Problem::not_found("an exchange that pays in this window"))?;
    Ok(download(file.media_type, &file.name, file.bytes))
}

/// Bytes to be kept under a name. No part of `name` comes from outside.
pub(crate) fn download(media_type: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response()
}

/// Confirms payments to this exchange by a file of its bank (`camt.053`, `camt.054`) or wallet operator (CSV).
///
/// The body is the file as it came, up to 64 MiB. Each credit that names one of our instructions is confirmed by an entry
/// of its own; the same file again changes nothing, so it needs no `Idempotency-Key`. What became of each line is
/// answered, in the order of the file. A file that cannot be read to its end is `file.malformed` and confirms nothing.
#[utoipa::path(post, path = "/v1/confirmations", operation_id = "confirmPayments", tag = "windows",
    params(RailParameters),
    request_body(content(
        (String = "application/xml", example = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"/>"),
        (String = "text/csv"),
    )),
    responses((status = 200, description = "What became of each line.", body = schema::ConfirmReport)))]
async fn confirm(
    State(api): State<ApiState>,
    Parameters(RailParameters { rail }): Parameters<RailParameters>,
    request: Request,
) -> Result<Json<ConfirmReport>, Problem> {
    let (expected, known): (_, &[&str]) = match rail {
        RailName::Iso20022 => ("application/xml", &["application/xml", "text/xml"]),
        RailName::Ecny => ("text/csv", &["text/csv"]),
    };
    if !media_type(request.headers()).is_some_and(|kind| known.contains(&kind.as_str())) {
        return Err(Problem::media_type(expected));
    }
    let body = read_body(request, &api).await?;
    Ok(Json(api.node.confirm_payments(rail, &body).await?))
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `exchange`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use utoipa::ToSchema;

    /// A way for money to move.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum RailName {
        Iso20022,
        Ecny,
    }

    /// Why a line or break was refused.
    #[derive(ToSchema)]
    pub(crate) struct Refusal {
        /// The stable code.
        code: String,
        /// What caused it; empty if the whole is meant.
        field: String,
        /// What was expected.
        expected: String,
    }

    /// What became of a line.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum ConfirmOutcome {
        /// It confirmed its instruction.
        Confirmed {
            /// The entry that says so.
            entry: EntryIdText,
            /// Where that stands.
            leaf_index: u64,
        },
        /// It had confirmed its instruction before.
        AlreadyConfirmed,
        /// It names an instruction and does not confirm it.
        Refused {
            /// Why.
            refusal: Refusal,
        },
        /// Another line of the file takes it back.
        Reversed,
        /// It is no booked credit of this exchange's account that names an instruction.
        NotOurs,
    }

    /// What became of one line.
    #[derive(ToSchema)]
    pub(crate) struct ConfirmedLine {
        /// The bank's reference of it.
        reference: LabelText,
        /// The instruction that it names.
        instruction: Option<InstructionIdText>,
        /// In what.
        asset: AssetText,
        /// How much, minor units.
        amount_minor: AmountMinorNumber,
        /// What became of it.
        outcome: ConfirmOutcome,
    }

    /// What became of the lines of a file, in its order.
    #[derive(ToSchema)]
    #[schema(example = json!({ "lines": [
        {
            "reference": "ICBC/2026-11-23/0007", "instruction": "CNY/2#7/1", "asset": "CNY/2", "amount_minor": 120000,
            "outcome": { "name": "confirmed", "entry": "019aa2b4-5c00-7000-8000-00000000000d", "leaf_index": 1043 }
        },
        {
            "reference": "ICBC/2026-11-23/0008", "instruction": "CNY/2#7/2", "asset": "CNY/2", "amount_minor": 1,
            "outcome": { "name": "refused", "refusal": {
                "code": "instruction.amount_differs", "field": "received_minor", "expected": "5000 minor units"
            } }
        },
        {
            "reference": "ICBC/2026-11-23/0009", "asset": "CNY/2", "amount_minor": 700,
            "outcome": { "name": "not_ours" }
        }
    ] }))]
    pub(crate) struct ConfirmReport {
        /// The lines.
        lines: Vec<ConfirmedLine>,
    }
}
