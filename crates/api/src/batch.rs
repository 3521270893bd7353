//! `POST /v1/commands`: many commands of the exchange or on behalf of parties in one request, for operators.

use crate::{
    ApiState, Problem,
    access::Caller,
    certificate::CertificateRequest,
    command::{BatchResult, BatchResults},
    entry::{BATCH_BYTES_MAX, check_batch},
    extract::{JsonBody, malformed, parse_json},
    party::Certification,
    scalar::*,
};
use axum::extract::{DefaultBodyLimit, State};
use databourse_exchange::{Acting, Submission};
use databourse_market::Command;
use databourse_primitives::{EntryId, Label, OrderId, PartyId};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(submit)).layer(DefaultBodyLimit::max(BATCH_BYTES_MAX))
}

/// Commands that the node signs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "commands": [
    {
        "id": "019aa2b4-5c00-7000-8000-00000000000a",
        "type": "account.deposit",
        "body": {
            "party": "019aa2b4-5c00-7000-8000-000000000006",
            "asset": "CNY/2",
            "amount_minor": 1000000,
            "bank_reference": "ICBC/2026-11-22/0001"
        }
    },
    {
        "type": "order.accept",
        "on_behalf_of": "019aa2b4-5c00-7000-8000-000000000006",
        "body": { "order": "019aa2b4-5c00-7000-8000-000000000005" }
    }
] }))]
pub(crate) struct Commands {
    /// 1 to 500 commands.
    #[schema(min_items = 1, max_items = 500)]
    commands: Vec<BatchCommand>,
}

/// One command of a batch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchCommand {
    /// The entry's id, so that the batch can be sent again; a new one if absent.
    #[serde(default)]
    #[schema(value_type = Option<EntryIdText>)]
    id: Option<EntryId>,
    /// The entry's type, e.g. `order.place`.
    #[serde(rename = "type")]
    entry_type: String,
    /// The party for which the exchange acts; the exchange itself if absent.
    #[serde(default)]
    #[schema(value_type = Option<PartyIdText>)]
    on_behalf_of: Option<PartyId>,
    /// The entry's body. `party.certify` may have `custody`; `certificate.issue` is only `{"order": …}`; those of breaks
    /// name no `person`, who is the one that is signed in.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}

/// What a command of a batch becomes.
enum Prepared {
    Submit(Box<Submission>),
    Certify(EntryId, OrderId),
    Refused(Problem),
}

/// Submits up to 500 commands, in order.
///
/// Each is signed by the node, for the exchange or on behalf of a party that entrusts it, and stands or falls alone.
/// Answers 200 with a result for each, in their order; with `Retry-After` if some could not be committed now.
#[utoipa::path(post, path = "/v1/commands", operation_id = "submitCommands", tag = "entries",
    request_body = Commands,
    responses((status = 200, description = "How each ended.", body = BatchResults)))]
async fn submit(
    State(api): State<ApiState>,
    caller: Caller,
    JsonBody(Commands { commands }): JsonBody<Commands>,
) -> Result<BatchResults, Problem> {
    check_batch(commands.len(), "commands")?;
    let mut prepared = Vec::with_capacity(commands.len());
    for (index, command) in commands.into_iter().enumerate() {
        let answer = prepare(&api, &caller, command).await;
        prepared.push(
            answer.unwrap_or_else(|problem| Prepared::Refused(problem.within(&format!("commands[{index}]")))),
        );
    }
    Ok(BatchResults { results: run(&api, prepared).await })
}

async fn prepare(api: &ApiState, caller: &Caller, asked: BatchCommand) -> Result<Prepared, Problem> {
    let id = match asked.id {
        Some(id) => id,
        None => api.node.new_entry_id()?,
    };
    let acting = asked.on_behalf_of.map_or(Acting::Exchange, Acting::Party);
    let body = asked.body.get();
    let command = match asked.entry_type.as_str() {
        "certificate.issue" => {
            if asked.on_behalf_of.is_some() {
                return Err(
                    malformed("on_behalf_of", "nothing: only the exchange issues certificates").into()
                );
            }
            let CertificateRequest { order } = in_body(parse_json(body.as_bytes()))?;
            return Ok(Prepared::Certify(id, order));
        }
        "party.certify" => {
            let asked: Certification = in_body(parse_json(body.as_bytes()))?;
            Command::from(api.certification(PartyId::from(id), asked).await?)
        }
        other if is_of_a_person(other) => {
            let body = in_body(with_person(body, &caller.acting_person()?))?;
            in_body(Command::from_json(other, &body).map_err(Problem::from))?
        }
        other => in_body(Command::from_json(other, body).map_err(Problem::from))?,
    };
    Ok(Prepared::Submit(Box::new(Submission::Command { id, acting, command })))
}

/// Whether entries of a type name the person who acts. Here that is who is signed in, never what a body says, so that
/// nobody approves in another's name.
fn is_of_a_person(entry_type: &str) -> bool {
    entry_type.starts_with("break.") || entry_type == "window.sign"
}

/// The body with the person who is signed in.
fn with_person(body: &str, person: &Label) -> Result<String, Problem> {
    let members: serde_json::Map<String, Value> = parse_json(body.as_bytes())?;
    if members.contains_key("person") {
        return Err(malformed("person", "nothing: it is the person who is signed in").into());
    }
    // Added to the text, so that what is wrong with the rest of it is still found.
    let rest = body.trim_end().strip_suffix('}').unwrap_or_default();
    let comma = if members.is_empty() { "" } else { "," };
    Ok(format!("{rest}{comma}\"person\":\"{person}\"}}"))
}

/// Errors in a body are told with its path; that of a type stands beside it.
fn in_body<T>(read: Result<T, Problem>) -> Result<T, Problem> {
    read.map_err(
        |problem| if problem.code() == "entry.type_unknown" { problem } else { problem.within("body") },
    )
}

/// Runs the prepared in order. Certificates are composed by the node from what is committed, so they wait for what
/// stands before them.
async fn run(api: &ApiState, prepared: Vec<Prepared>) -> Vec<BatchResult> {
    let mut results = Vec::with_capacity(prepared.len());
    let mut submissions = Vec::new();
    let mut certificates = Vec::new();
    // Refusals keep their places among the answers to come.
    let mut places: Vec<Option<Problem>> = Vec::new();
    for item in prepared {
        let turn = match &item {
            Prepared::Submit(_) => !certificates.is_empty(),
            Prepared::Certify(..) => !submissions.is_empty(),
            Prepared::Refused(_) => false,
        };
        if turn {
            flush(api, &mut submissions, &mut certificates, &mut places, &mut results).await;
        }
        match item {
            Prepared::Submit(submission) => {
                submissions.push(*submission);
                places.push(None);
            }
            Prepared::Certify(id, order) => {
                certificates.push((id, order));
                places.push(None);
            }
            Prepared::Refused(problem) => places.push(Some(problem)),
        }
    }
    flush(api, &mut submissions, &mut certificates, &mut places, &mut results).await;
    results
}

async fn flush(
    api: &ApiState,
    submissions: &mut Vec<Submission>,
    certificates: &mut Vec<(EntryId, OrderId)>,
    places: &mut Vec<Option<Problem>>,
    results: &mut Vec<BatchResult>,
) {
    let mut answers = if certificates.is_empty() {
        api.node.submit(std::mem::take(submissions)).await
    } else {
        api.node.issue_certificates(std::mem::take(certificates)).await
    }
    .into_iter();
    for place in places.drain(..) {
        results.push(match place {
            Some(problem) => BatchResult::Problem(problem),
            None => answers.next().map_or_else(
                || BatchResult::Problem(Problem::internal(&"no answer of the node")),
                BatchResult::from,
            ),
        });
    }
}
