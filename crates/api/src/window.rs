//! `/v1/windows`: settlement windows (stage 5).

use crate::{
    ApiState, Problem,
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters, to_slug},
    offer::Nothing,
    page::{Page, list_parameters},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_primitives::{Asset, WindowId};
use databourse_settlement::{CloseWindow, Window};
use schema::WindowStateName;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get)).routes(routes!(close))
}

list_parameters!(WindowParameters {
    /// The asset.
    asset: Asset as AssetText => Asset,
    /// Where the window stands.
    state: WindowStateName as WindowStateName => State,
});

/// Lists settlement windows.
#[utoipa::path(get, path = "/v1/windows", operation_id = "listWindows", tag = "windows",
    params(WindowParameters),
    responses((status = 200, description = "A page.", body = Page<schema::Window>)))]
async fn list(
    State(api): State<ApiState>,
    Parameters(asked): Parameters<WindowParameters>,
) -> Result<Json<Page<Window>>, Problem> {
    Ok(Json(api.list(asked.into()).await?))
}

/// Shows a settlement window. The window `CNY/2#7` is at `/v1/windows/CNY-2/7`.
#[utoipa::path(get, path = "/v1/windows/{asset}/{number}", operation_id = "getWindow", tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7)),
    responses((status = 200, description = "The window.", body = schema::Window)))]
async fn get(State(api): State<ApiState>, Named(id): Named<WindowId>) -> Result<Json<Window>, Problem> {
    Ok(Json(api.find(&id).await?))
}

/// Closes the open window of an asset and opens the next in the same step.
#[utoipa::path(post, path = "/v1/windows/{asset}/{number}/closing", operation_id = "closeWindow", tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7)),
    request_body = Nothing, responses((status = 201, description = "Closed.", body = Acknowledged)))]
async fn close(
    State(api): State<ApiState>,
    Named(window): Named<WindowId>,
    key: IdempotencyKey,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Result<Done, Problem> {
    let location = format!("/v1/windows/{}/{}", to_slug(&window.asset), window.number);
    api.record(key, Acting::Exchange, CloseWindow { window }, |_| location).await
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `settlement`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;
    use utoipa::ToSchema;

    /// Where a window stands, by name.
    #[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub(crate) enum WindowStateName {
        Open,
        Closed,
    }

    /// Where a window stands.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum WindowState {
        /// Takes postings.
        Open,
        /// Takes none any more.
        Closed {
            /// When it closed.
            closed_at: TimestampText,
        },
    }

    /// What moved for one reason.
    #[derive(ToSchema)]
    pub(crate) struct Flow {
        /// Number of transactions.
        count: u64,
        /// Their sum, minor units.
        amount_minor: i64,
    }

    /// A settlement window.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "id": "CNY/2#7",
        "state": { "name": "closed", "closed_at": "2026-11-22T16:00:00.000Z" },
        "opened_at": "2026-11-21T16:00:00.000Z",
        "flows": { "deposit": { "count": 3, "amount_minor": 3000000 } },
        "posting_count": 6
    }))]
    pub(crate) struct Window {
        /// Asset and number.
        id: WindowIdText,
        /// Where it stands.
        state: WindowState,
        /// When it was opened.
        opened_at: TimestampText,
        /// What moved in it, by kind of transaction.
        flows: BTreeMap<String, Flow>,
        /// Number of postings in it.
        posting_count: u64,
    }
}
