//! `/health`: how this node is, and how the region looks from it. Live.

mod parts;
mod seen;
mod votes;
mod warnings;

use super::{Audience, Link, Page};
use crate::{
    backend::Asked,
    failure::Failure,
    names::Names,
    visit::{Page as ListPage, Visit},
};
use axum::{Router, response::Response, routing::get};
use databourse_party::Snapshot;
use maud::html;
use seen::{Proposal, Ready, Region};

pub(crate) const PAGE: Page = Page {
    links: &[Link { path: "/health", zh: "运行状况", en: "Health", audience: Audience::Everybody }],
    routes: || Router::new().route("/health", get(show)),
};

/// `GET /health`.
async fn show(visit: Visit) -> Result<Response, Failure> {
    let (region, snapshots, ready, proposals, names) = tokio::try_join!(
        visit.get::<Region>("/v1/region/health"),
        visit.get::<ListPage<Snapshot>>("/v1/region/snapshots?limit=5"),
        ready(&visit),
        proposals(&visit),
        Names::of(&visit, [], []),
    )?;
    let title = visit.t("运行状况", "Health");
    Ok(visit.page(
        title,
        html! {
            h1 { (title) }
            div #health data-live="/health" {
                (parts::state(&visit, &region, ready.as_ref()))
                (parts::figures(&visit, &region, ready.as_ref()))
                (warnings::warnings(&visit, &names, &region))
                h2 { (visit.t("各交易所", "The exchanges")) }
                (parts::peers(&visit, &names, &region))
                @if !region.witnesses.is_empty() {
                    h2 { (visit.t("外部见证方", "Outside witnesses")) }
                    (parts::witnesses(&visit, &region))
                }
                h2 { (visit.t("快照", "Snapshots")) }
                (parts::snapshots(&visit, &names, &snapshots.items))
                @if visit.oversees() {
                    h2 { (visit.t("成员提案", "Proposals about members")) }
                    (votes::proposals(&visit, &names, &proposals))
                }
            }
        },
    ))
}

/// Whether commands can be committed now; nothing if not.
async fn ready(visit: &Visit) -> Result<Option<Ready>, Failure> {
    match visit.ask(Asked::get("/readyz")).await {
        Ok(answer) => Ok(Some(answer.json()?)),
        Err(problem) if problem.status == 503 => Ok(None),
        Err(problem) => Err(problem.into()),
    }
}

/// The open proposals, for those who may see them.
async fn proposals(visit: &Visit) -> Result<Vec<Proposal>, Failure> {
    if !visit.oversees() {
        return Ok(Vec::new());
    }
    Ok(visit.get::<ListPage<Proposal>>("/v1/region/proposals?state=open&limit=50").await?.items)
}
