//! `/ledger/anchors`: what of the ledger stands on a public chain, where everybody can find it.

use crate::{
    backend::with_query,
    failure::Failure,
    layout,
    names::Names,
    visit::{Page, Visit},
};
use axum::response::Response;
use databourse_party::{Anchor, AnchorSubject};
use maud::{Markup, html};

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    let cursor = visit.parameter("cursor").unwrap_or_default();
    let path = with_query("/v1/anchors", &[("limit", "50"), ("cursor", &cursor)]);
    let (page, names) = tokio::try_join!(visit.get::<Page<Anchor>>(&path), Names::of(&visit, [], []))?;
    let rows: Vec<Markup> = page.items.iter().map(|anchor| row(&visit, anchor, &names)).collect();
    let title = visit.t("公链上的锚定", "Anchors on a public chain");
    let headings = [
        visit.t("记录时间", "Recorded"),
        visit.t("锚定内容", "What was anchored"),
        visit.t("根", "Root"),
        visit.t("公链与区块", "Chain and block"),
        visit.t("链上交易", "Transaction of the chain"),
        visit.t("记录方", "Recorded by"),
    ];
    Ok(visit.page(title, html! {
        h1 { (title) }
        p {
            (visit.t(
                "交易所把检查点的根写入公链上的合约。即使所有交易所串通，也无法再改写此前的条目而不被发现。",
                "The exchanges write roots of checkpoints into a contract on a public chain. After that not even all of them together could change earlier entries unnoticed.",
            ))
        }
        section #anchors data-live {
            (layout::table(
                visit.t("最近的锚定在前", "The latest first"),
                &headings,
                &rows,
                visit.t(
                    "还没有锚定记录：本区域尚未把检查点写入公链。账本本身的证明不依赖锚定。",
                    "Nothing is anchored yet: this region has not written a checkpoint to a chain. The proofs of the ledger do not need it.",
                ),
            ))
            (layout::next(&visit, page.next.as_deref()))
        }
        p { a href="/ledger" { (visit.t("返回账本", "Back to the ledger")) } }
    }))
}

fn row(visit: &Visit, anchor: &Anchor, names: &Names) -> Markup {
    let format = visit.format();
    html! {
        td { (format.time(anchor.recorded_at)) }
        @match &anchor.subject {
            AnchorSubject::Checkpoint { size, root } => {
                td { (visit.t("检查点，条目数 ", "Checkpoint of entries: ")) (format.number(size.0)) }
                td { (short_code(&root.to_string())) }
            }
            AnchorSubject::Statement { window, line_count, root, .. } => {
                td {
                    (visit.t("结算单，窗口 ", "Statement of window ")) (window)
                    (visit.t("，明细行数 ", ", lines: ")) (format.number(*line_count))
                }
                td { (short_code(&root.to_string())) }
            }
        }
        td { (anchor.chain_id) " · " (format.number(anchor.block_number)) }
        td { (short_code(&anchor.transaction.to_string())) }
        td { (names.exchange(&anchor.recorded_by)) }
    }
}

/// The beginning of a digest, all of it as its title.
fn short_code(text: &str) -> Markup {
    let shown: String = text.trim_start_matches("sha256:").chars().take(14).collect();
    html! { code title=(text) { (shown) "…" } }
}
