//! `/v1/reconciliations`: the ledger against this exchange's own book and its bank (stage 5).
//!
//! The files are members of a JSON body, in base64, and not parts of a multipart form: so this body is read, refused and
//! documented like every other one.

use crate::{
    ApiState, Problem,
    access::Caller,
    extract::{JsonBody, malformed},
    payment::{FILE_BYTES_MAX, schema::RailName as RailNameText},
    scalar::*,
};
use axum::{
    Json,
    extract::{DefaultBodyLimit, State},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_exchange::{RailName, ReconcileReport, ReconcileRequest};
use databourse_primitives::WindowId;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(reconcile)).layer(DefaultBodyLimit::max(FILE_BYTES_MAX))
}

/// What is compared with the ledger.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "window": "CNY/2#7",
    "book": "a2V5LGtpbmQsY291bnRlcnBhcnR5LGFzc2V0LG5ldA0K",
    "bank": { "rail": "iso20022", "file": "PERvY3VtZW50Lz4=" },
    "fix_nothing": true
}))]
pub(crate) struct Comparison {
    /// The window.
    #[schema(value_type = WindowIdText)]
    window: WindowId,
    /// This exchange's own book: CSV with the columns that the node is configured for, in base64.
    #[serde(default)]
    #[schema(content_encoding = "base64")]
    book: Option<String>,
    /// A file of the bank or wallet operator.
    #[serde(default)]
    bank: Option<BankFile>,
    /// Only report what differs; else a break is opened for each difference that has none open yet.
    #[serde(default)]
    fix_nothing: bool,
}

/// A file of a bank or wallet operator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BankFile {
    /// What it is.
    #[schema(value_type = RailNameText)]
    rail: RailName,
    /// The file, in base64.
    #[schema(content_encoding = "base64")]
    file: String,
}

fn decode(text: &str, field: &'static str) -> Result<Vec<u8>, Problem> {
    STANDARD.decode(text).map_err(|_| malformed(field, "a file in base64 with padding (RFC 4648 §4)").into())
}

/// Compares a window's lines in the ledger with this exchange's own book and its bank, and opens a break for each
/// difference, of which the caller is the owner.
///
/// Running it again opens nothing twice, so it needs no `Idempotency-Key`. One run opens at most 1,000 breaks. With
/// `fix_nothing` it only reports. The body is at most 64 MiB.
#[utoipa::path(post, path = "/v1/reconciliations", operation_id = "reconcile", tag = "breaks",
    request_body = Comparison,
    responses((status = 200, description = "What agrees and what does not.", body = schema::ReconcileReport)))]
async fn reconcile(
    State(api): State<ApiState>,
    caller: Caller,
    JsonBody(asked): JsonBody<Comparison>,
) -> Result<Json<ReconcileReport>, Problem> {
    let person = caller.acting_person()?;
    let bank = match asked.bank {
        Some(BankFile { rail, file }) => Some((rail, decode(&file, "bank.file")?)),
        None => None,
    };
    let request = ReconcileRequest {
        window: asked.window,
        book: asked.book.map(|text| decode(&text, "book")).transpose()?,
        mapping: api.node.settlement().book.clone(),
        bank,
        open_breaks: (!asked.fix_nothing).then_some(person),
    };
    Ok(Json(api.node.reconcile(request).await?))
}

#[expect(
    dead_code,
    reason = "written for the OpenAPI document; the real types are in `exchange` and `reconcile`"
)]
pub(crate) mod schema {
    use crate::{payment::schema::Refusal, scalar::*};
    use std::collections::BTreeMap;
    use utoipa::ToSchema;

    /// Whether the exchanges of a pair signed what the ledger has.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum HeadVerdict {
        Agreed,
        Waiting,
        Differs,
    }

    /// The signed heads of one pair beside the ledger's lines.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "pair": "js~sh",
        "line_count": 2,
        "ledger_root": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "signed": { "sh": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        "verdict": "waiting"
    }))]
    pub(crate) struct HeadComparison {
        /// The pair.
        pair: PairText,
        /// Number of the ledger's lines.
        line_count: u64,
        /// The root of their tree, as this node computes it.
        ledger_root: DigestText,
        /// The root that each exchange signed.
        signed: Option<BTreeMap<String, DigestText>>,
        /// Whether they agree.
        verdict: HeadVerdict,
    }

    /// The break of the ledger that stands for a difference.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum OpenedBreak {
        /// This run opened it.
        Opened {
            /// Its name.
            id: BreakIdText,
        },
        /// It was open before.
        AlreadyOpen {
            /// Its name.
            id: BreakIdText,
        },
        /// The ledger did not take it, or not its evidence.
        Refused {
            /// Why.
            refusal: Refusal,
        },
        /// It is one too many for one run; the next one opens it.
        Later,
    }

    /// What was signed for a pair.
    #[derive(ToSchema)]
    pub(crate) struct ReportedHead {
        /// The signed roots beside the ledger's.
        head: HeadComparison,
        /// The ledger's root break if they differ.
        ledger: Option<OpenedBreak>,
    }

    /// How many lines of each side.
    #[derive(ToSchema)]
    pub(crate) struct Matched {
        /// Of the ledger.
        left: u64,
        /// Of the book or bank.
        right: u64,
    }

    /// Where every line went. Each is matched once or in one break.
    #[derive(ToSchema)]
    pub(crate) struct Tally {
        /// All lines given.
        lines: Matched,
        /// Those that match.
        matched: Matched,
        /// Those in breaks.
        in_breaks: Matched,
    }

    /// Something that does not agree.
    #[derive(ToSchema)]
    pub(crate) struct ReportedBreak {
        /// What was found: kind, key and counterparty, and the lines of the ledger (`left`), of the book or bank
        /// (`right`) and those that explain it (`elsewhere`).
        #[schema(value_type = Object)]
        found: String,
        /// Proofs against the two roots, of a book's break; absent after the first 10,000 of a pair.
        #[schema(value_type = Option<Object>)]
        evidence: Option<String>,
        /// The ledger's break for it; absent if none was to be opened.
        ledger: Option<OpenedBreak>,
    }

    /// The ledger against the book, between one pair.
    #[derive(ToSchema)]
    pub(crate) struct BookReport {
        /// The pair.
        pair: PairText,
        /// Hash and totals of the ledger's tree.
        #[schema(value_type = Object)]
        left_root: String,
        /// Hash and totals of the book's tree.
        #[schema(value_type = Object)]
        right_root: String,
        /// Lines matched, by rule.
        matched: BTreeMap<String, Matched>,
        /// Where every line went.
        tally: Tally,
        /// Hashes that it took to find what differs.
        hashes_fetched: u64,
        /// What does not agree.
        breaks: Vec<ReportedBreak>,
    }

    /// The ledger against the bank.
    #[derive(ToSchema)]
    pub(crate) struct BankReport {
        /// By how much a line that names its payment may be off, minor units.
        tolerance_minor: AmountMinorNumber,
        /// Lines matched, by rule.
        matched: BTreeMap<String, Matched>,
        /// Matches within the tolerance.
        #[schema(value_type = Vec<Object>)]
        differences: Vec<String>,
        /// Where every line went.
        tally: Tally,
        /// Lines of the file that are no concern of this window, by reason.
        skipped: Option<BTreeMap<String, u64>>,
        /// What does not agree.
        breaks: Vec<ReportedBreak>,
    }

    /// The result of a reconciliation.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "window": "CNY/2#7",
        "exchange": "sh",
        "heads": [{ "head": {
            "pair": "js~sh",
            "line_count": 2,
            "ledger_root": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "verdict": "waiting"
        } }],
        "bank": {
            "tolerance_minor": 100,
            "matched": { "key": { "left": 1, "right": 1 } },
            "differences": [],
            "tally": {
                "lines": { "left": 2, "right": 1 }, "matched": { "left": 1, "right": 1 },
                "in_breaks": { "left": 1, "right": 0 }
            },
            "skipped": { "other_day": 3 },
            "breaks": [{
                "found": { "kind": "missing_right", "key": "ICBC/2026-11-22/0001" },
                "ledger": { "name": "opened", "id": "019aa2b4-5c00-7000-8000-000000000010" }
            }]
        },
        "opened": ["019aa2b4-5c00-7000-8000-000000000010"]
    }))]
    pub(crate) struct ReconcileReport {
        /// The window.
        window: WindowIdText,
        /// Who compared.
        exchange: ExchangeCodeText,
        /// What was signed, for each of its pairs.
        heads: Vec<ReportedHead>,
        /// The book, for each of its pairs; absent if none was given.
        book: Option<Vec<BookReport>>,
        /// The bank; absent if no file was given.
        bank: Option<BankReport>,
        /// The breaks that this run opened in the ledger.
        opened: Option<Vec<BreakIdText>>,
    }
}
