//! What somebody must look at.

use super::seen::Region;
use crate::{names::Names, visit::Visit};
use maud::{Markup, html};

/// What somebody must look at; nothing if all is well.
pub(super) fn warnings(visit: &Visit, names: &Names, region: &Region) -> Markup {
    let mut found: Vec<String> = Vec::new();
    for one in &region.missing_cosigners {
        let name = names.exchange(&one.exchange);
        found.push(visit.t(
            format!("{name} 未联署最近 {} 个终局检查点", one.count),
            format!("{name} has not co-signed the last {} final checkpoints", one.count),
        ));
    }
    for one in &region.evidence {
        let name = names.exchange(&one.exchange);
        found.push(visit.t(
            format!("{name} 重复签名，已有证据 {} 份", one.count),
            format!("{name} signed what excludes itself: {} pieces of evidence", one.count),
        ));
    }
    for one in &region.forks {
        let name = names.exchange(&one.exchange);
        found.push(visit.t(
            format!("{name} 对 {} 条的账本签署了另一个根", one.size),
            format!("{name} signed another root for the ledger of {} entries", one.size),
        ));
    }
    for one in &region.faults {
        let (name, what) = (names.exchange(&one.exchange), fault(visit, &one.kind));
        found.push(
            visit.t(
                format!("{name}：{what}，{} 次", one.count),
                format!("{name}: {what}, {} times", one.count),
            ),
        );
    }
    if let Some(block) = &region.rejected {
        let name = names.exchange(&block.proposer);
        found.push(visit.t(
            format!("本节点否决了 {name} 在高度 {} 提出的区块：{}", block.height, block.reason),
            format!(
                "This node voted down a block that {name} proposed at height {}: {}",
                block.height, block.reason
            ),
        ));
    }
    html! {
        @if !found.is_empty() {
            div.remark {
                p { strong { (visit.t("需要有人查看：", "Somebody should look at:")) } }
                ul { @for one in &found { li { (one) } } }
            }
        }
    }
}

fn fault(visit: &Visit, kind: &str) -> &'static str {
    match kind {
        "rejected_proposal" => visit.t("提出了被否决的区块", "proposed a block that was voted down"),
        "forged_proposal" => {
            visit.t("发送了并非由提出方签名的区块", "sent a proposal that its proposer had not signed")
        }
        "stale_proposal" => visit.t("重发了旧的提议", "said an old proposal again"),
        "wrong_block" => visit.t("提供了并非各方一致的区块", "gave another block than the agreed one"),
        _ => visit.t("行为异常", "did what honest nodes do not"),
    }
}
