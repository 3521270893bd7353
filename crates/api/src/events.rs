//! `/v1/events`: news of the ledger as server-sent events (WHATWG HTML §9.2), for pages that show it live.
//!
//! The only news is that another checkpoint is shown; whoever hears it asks for what it wants to know. What happened
//! between two events is not told again: the last one says it all, so a slow reader misses nothing that counts.

use crate::{ApiState, Problem, extract::malformed, scalar::*};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_exchange::Published;
use databourse_primitives::{Height, RefusalCode, Timestamp, TreeSize};
use futures::stream::{self, Stream};
use serde::Serialize;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, watch};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How many listen at most: each keeps a connection.
pub(crate) const LISTENERS_MAX: usize = 512;
/// How often a comment is sent while there is no news, so that proxies keep the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The header in which a client that comes back says what it heard last.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Some proxies gather answers unless they are told not to.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Says when the server stops. Streams have no end of their own, and a server waits for its answers.
#[derive(Debug, Clone)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    pub(crate) const fn new(stopping: watch::Receiver<bool>) -> Self {
        Self(stopping)
    }

    async fn wait(&mut self) {
        // An error means that the sender is gone, which is a stop as well.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// The data of an event `checkpoint`; its id is the height.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "height": 97, "size": 1043, "root": "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
    "time": "2026-11-22T02:47:32.123Z", "cosigner_count": 3
}))]
struct CheckpointNews {
    /// The last block that it covers.
    #[schema(value_type = u64)]
    height: Height,
    /// Leaves of the ledger.
    #[schema(value_type = u64)]
    size: TreeSize,
    /// Root over them, in base64 as the checkpoint has it.
    root: String,
    /// Time of the last block.
    #[schema(value_type = TimestampText)]
    time: Timestamp,
    /// Exchanges that cosigned it.
    cosigner_count: usize,
}

/// What a listener has heard: another tree is news, and so is a cosignature that came late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Heard {
    height: Height,
    cosigner_count: usize,
}

impl Heard {
    fn of(shown: &Published) -> Self {
        Self { height: shown.height, cosigner_count: shown.cosigned_by.len() }
    }
}

/// Tells whenever another checkpoint is shown, as server-sent events until the server stops.
///
/// Each is an `event: checkpoint` whose `id` is the height and whose `data` is the JSON below. The first comes at once,
/// unless `Last-Event-ID` names the height that is shown. A late cosignature tells the same height again. Comments keep the
/// connection. Above a number of listeners it is `service.busy`.
#[utoipa::path(get, path = "/v1/events", operation_id = "followLedger", tag = "ledger",
    params(("Last-Event-ID" = Option<u64>, Header, description = "The height that was heard last.")),
    responses((status = 200, description = "Events.", body = CheckpointNews, content_type = "text/event-stream")))]
async fn events(
    State(api): State<ApiState>,
    stopping: Option<Extension<Stopping>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let heard = last_event(&headers)?;
    let place = Arc::clone(&api.listeners).try_acquire_owned().map_err(|_full| {
        let expected = format!("fewer than {LISTENERS_MAX} listeners; try again soon");
        Problem::refusal(RefusalCode::ServiceBusy, "", expected)
    })?;
    let listener =
        Listener::new(api.node.follow(), heard, stopping.map(|Extension(stopping)| stopping), place);
    let events = Sse::new(listener.into_stream()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(([UNBUFFERED], events).into_response())
}

/// The height in `Last-Event-ID`.
fn last_event(headers: &HeaderMap) -> Result<Option<Height>, Problem> {
    let mut values = headers.get_all(LAST_EVENT_ID).iter();
    let (value, more) = (values.next(), values.next());
    let Some(value) = value else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let height = text.parse().ok().filter(|height: &u64| height.to_string() == text && more.is_none());
    let expected = "the id of an event: a height, without leading zeros";
    Ok(Some(Height(height.ok_or_else(|| malformed("Last-Event-ID", expected))?)))
}

/// Who listens, and what it has heard.
struct Listener {
    shown: watch::Receiver<Arc<Published>>,
    /// What was told last on this connection.
    told: Option<Heard>,
    /// What was told last on the one before.
    before: Option<Height>,
    stopping: Option<Stopping>,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    const fn new(
        shown: watch::Receiver<Arc<Published>>,
        before: Option<Height>,
        stopping: Option<Stopping>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { shown, told: None, before, stopping, _place: place }
    }

    fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut listener| async move {
            let shown = listener.next().await?;
            let event = event_of(&shown)?;
            Some((Ok(event), listener))
        })
    }

    /// The next checkpoint that is news, `None` when the server or the node stops.
    async fn next(&mut self) -> Option<Arc<Published>> {
        let Self { shown, told, before, stopping, .. } = self;
        let is_news = |shown: &Arc<Published>| {
            let now = Heard::of(shown);
            // Before the first block there is nothing to tell. Who came back heard the tree, but perhaps not all who signed it.
            let is_heard = match *told {
                Some(told) => told == now,
                None => *before == Some(now.height),
            };
            now.height.0 > 0 && !is_heard
        };
        let stopped = async {
            match stopping {
                Some(stopping) => stopping.wait().await,
                // Called in-process: the caller lets go of the stream.
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stopped => None,
            found = shown.wait_for(is_news) => {
                let found = Arc::clone(&*found.ok()?);
                *told = Some(Heard::of(&found));
                Some(found)
            }
        }
    }
}

fn event_of(shown: &Published) -> Option<Event> {
    let news = CheckpointNews {
        height: shown.height,
        size: shown.size,
        root: STANDARD.encode(shown.root.as_bytes()),
        time: shown.time,
        cosigner_count: shown.cosigned_by.len(),
    };
    let event = Event::default().event("checkpoint").id(shown.height.to_string()).json_data(&news);
    event.inspect_err(|error| tracing::error!(%error, "a checkpoint has no JSON")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_event_is_a_height() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(LAST_EVENT_ID, HeaderValue::from_static(value));
            }
            last_event(&headers)
                .map(|height| height.map(|height| height.0))
                .map_err(|it| it.field().to_owned())
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["97"]), Ok(Some(97)));
        assert_eq!(read(&["18446744073709551615"]), Ok(Some(u64::MAX)));
        for bad in [&[""][..], &["097"], &["-1"], &["+1"], &["x"], &["18446744073709551616"], &["1", "1"]] {
            assert_eq!(read(bad), Err("Last-Event-ID".to_owned()), "{bad:?}");
        }
    }
}
