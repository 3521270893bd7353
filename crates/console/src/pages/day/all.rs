//! `/day/windows`: every window, by asset's newest first.

use super::{oversight, today::windows, words};
use crate::{
    backend::with_query,
    failure::Failure,
    layout,
    names::Names,
    visit::{Page, Visit},
};
use axum::response::Response;
use databourse_settlement::Window;
use maud::html;

/// The states of a window, by the API's names.
const STATES: [&str; 6] = ["open", "closing", "closed", "settling", "settled", "aborted"];

/// `GET /day/windows`.
pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    oversight(&visit)?;
    let state = visit.parameter("state").filter(|state| STATES.contains(&state.as_str())).unwrap_or_default();
    let cursor = visit.parameter("cursor").unwrap_or_default();
    let path = with_query("/v1/windows", &[("state", &state), ("cursor", &cursor)]);
    let (page, names) = tokio::try_join!(visit.get::<Page<Window>>(&path), Names::of(&visit, [], []))?;
    let shown: Vec<&Window> = page.items.iter().collect();
    let title = visit.t("结算窗口", "Settlement windows");
    Ok(visit.page(title, html! {
        h1 { (title) }
        nav.actions aria-label=(visit.t("按状态", "By state")) {
            a href="/day/windows" aria-current=[state.is_empty().then_some("true")] { (visit.t("全部", "All")) }
            @for one in STATES {
                a href=(visit.here_with("state", one)) aria-current=[(state == one).then_some("true")] {
                    (words::window_state_words(visit.lang, one))
                }
            }
        }
        (windows(&visit, &names, &shown, title, visit.t("没有处于此状态的窗口。", "No window is in this state.")))
        (layout::next(&visit, page.next.as_deref()))
        p { a href="/day" { (visit.t("返回结算日", "Back to the day")) } }
    }))
}
