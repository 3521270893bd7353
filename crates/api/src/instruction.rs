//! `/v1/windows/{asset}/{number}/instructions`: payments between exchanges, made out and confirmed (stage 5).

use crate::{
    ApiState, Problem,
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named},
    page::Page,
    scalar::*,
    window::{path_of, schema as window_schema},
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_primitives::{AmountMinor, InstructionId, Label, WindowId};
use databourse_settlement::{ConfirmInstruction, InstructWindow, Instruction, NettingMethod, Window};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, instruct)).routes(routes!(confirm))
}

/// Lists the payments of a window, by number; none before they are made out.
#[utoipa::path(get, path = "/v1/windows/{asset}/{number}/instructions", operation_id = "listInstructions",
    tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7)),
    responses((status = 200, description = "All of them.", body = Page<window_schema::Instruction>)))]
async fn list(
    State(api): State<ApiState>,
    Named(id): Named<WindowId>,
) -> Result<Json<Page<Instruction>>, Problem> {
    let window: Window = api.find(&id).await?;
    Ok(Json(Page { items: window.state.instructions().to_vec(), next: None }))
}

/// How the payments of a window are made out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "method": "multilateral" }))]
pub(crate) struct Netting {
    /// Each pair by itself, or all together.
    #[schema(value_type = window_schema::NettingMethod)]
    method: NettingMethod,
}

/// Nets a closed window and makes its payments out. One in which nobody owes anything is settled by it.
#[utoipa::path(post, path = "/v1/windows/{asset}/{number}/instructions", operation_id = "instructWindow",
    tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7)),
    request_body = Netting, responses((status = 201, description = "Made out.", body = Acknowledged)))]
async fn instruct(
    State(api): State<ApiState>,
    Named(window): Named<WindowId>,
    key: IdempotencyKey,
    JsonBody(Netting { method }): JsonBody<Netting>,
) -> Result<Done, Problem> {
    let location = format!("{}/instructions", path_of(&window));
    api.record(key, Acting::Exchange, InstructWindow { window, method }, |_| location).await
}

/// The bank line with which a payment arrived.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "bank_reference": "ICBC/2026-11-23/0007", "received_minor": 4995 }))]
pub(crate) struct Confirmation {
    /// The bank's reference of the line; each is recorded once.
    #[schema(value_type = LabelText)]
    bank_reference: Label,
    /// What arrived, minor units; it may differ within the schedule's tolerance.
    #[schema(value_type = AmountMinorNumber)]
    received_minor: AmountMinor,
}

/// Confirms by hand that a payment to this exchange arrived. The last confirmation settles the window.
///
/// The payment `CNY/2#7/1` is confirmed at `/v1/windows/CNY-2/7/instructions/1/confirmation`.
#[utoipa::path(post, path = "/v1/windows/{asset}/{number}/instructions/{instruction}/confirmation",
    operation_id = "confirmInstruction", tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7),
        ("instruction" = u32, Path, minimum = 1, example = 1)),
    request_body = Confirmation, responses((status = 201, description = "Confirmed.", body = Acknowledged)))]
async fn confirm(
    State(api): State<ApiState>,
    Named(instruction): Named<InstructionId>,
    key: IdempotencyKey,
    JsonBody(Confirmation { bank_reference, received_minor }): JsonBody<Confirmation>,
) -> Result<Done, Problem> {
    let location = format!("{}/instructions", path_of(&instruction.window));
    let command = ConfirmInstruction { instruction, bank_reference, received_minor };
    api.record(key, Acting::Exchange, command, |_| location).await
}
