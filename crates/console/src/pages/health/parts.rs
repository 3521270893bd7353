//! The parts of the page.

use super::seen::{Ready, Region};
use crate::{layout, names::Names, visit::Visit};
use databourse_party::{Snapshot, SnapshotState};
use databourse_primitives::ExchangeCode;
use maud::{Markup, html};

/// Below so many bytes a disk is nearly full: 2 GiB.
const DISK_LOW_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Whether the node works, in one sentence.
pub(super) fn state(visit: &Visit, region: &Region, ready: Option<&Ready>) -> Markup {
    let (class, words) = match region.state.as_str() {
        "running" if ready.is_some() => ("good", visit.t("运行正常：命令可以提交。", "Running: commands are committed.")),
        "running" => ("bad", visit.t("数据库无应答，暂不能提交。", "Its database does not answer: nothing can be committed now.")),
        "catching_up" => ("warn", visit.t("正在追赶其他节点，请稍候。", "Catching up with the other nodes: wait.")),
        "no_quorum" => ("bad", visit.t("可连接的节点过少，不能达成一致；读取不受影响。", "Too few nodes can be reached to agree; reading goes on.")),
        "halted" => ("bad", visit.t("本节点的数据库或引擎不工作。", "This node's own database or engine does not work.")),
        "diverged" => ("bad", visit.t("本节点得出的状态与区域不同，已自行停止。保留现场，勿重新启动。", "This node came to another state than the region and stopped itself. Keep everything; do not start it again.")),
        _ => ("warn", visit.t("状态未知。", "Its state is not known.")),
    };
    html! {
        p.lead { span.state class=(class) { (words) } }
        @if let Some(reason) = &region.stopped { p.problem { span lang="en" { (reason) } } }
    }
}

/// The figures.
pub(super) fn figures(visit: &Visit, region: &Region, ready: Option<&Ready>) -> Markup {
    let format = visit.format();
    let since = |ms: u64| format.duration(i64::try_from(ms).unwrap_or(i64::MAX));
    html! {
        dl.figures {
            div { dt { (visit.t("高度", "Height")) } dd { (format.number(region.height)) } }
            div { dt { (visit.t("终局条目数", "Final entries")) } dd { (format.number(region.final_size)) } }
            div { dt { (visit.t("上一区块距今", "Since the last block")) } dd { (since(region.height_age_ms)) } }
            div { dt { (visit.t("落后区块数", "Blocks behind")) } dd { (format.number(region.lag)) } }
            div {
                dt { (visit.t("最久的未终局命令", "Longest wait of a command")) }
                dd { @if let Some(ms) = region.oldest_unfinal_ms { (since(ms)) } @else { (visit.t("无等待", "none waits")) } }
            }
            @if let Some(ready) = ready {
                div {
                    dt { (visit.t("等待的命令", "Commands that wait")) }
                    dd { (format.number(ready.queue_length)) " / " (format.number(ready.queue_capacity)) }
                }
                div { dt { (visit.t("上一区块时间", "Time of the last block")) } dd { (format.time(ready.block_time)) } }
            }
            @if let Some(bytes) = region.disk_free_bytes {
                div {
                    dt { (visit.t("磁盘剩余", "Free on disk")) }
                    dd {
                        (format.number(bytes / (1024 * 1024 * 1024))) " GiB"
                        @if bytes < DISK_LOW_BYTES { " " span.state.bad { (visit.t("不足", "low")) } }
                    }
                }
            }
        }
    }
}

/// This node and its peers.
pub(super) fn peers(visit: &Visit, names: &Names, region: &Region) -> Markup {
    let headings = [
        visit.t("交易所", "Exchange"),
        visit.t("连接", "Connection"),
        visit.t("终局检查点", "Final checkpoint"),
    ];
    let signed = |code: &ExchangeCode| {
        html! {
            @if region.cosigners.contains(code) { span.state.good { (visit.t("已联署", "Co-signed")) } }
            @else { span.state.warn { (visit.t("未联署", "Not co-signed")) } }
        }
    };
    let mut rows = vec![html! {
        td { (names.exchange(&region.exchange)) }
        td { (visit.t("本节点", "This node")) }
        td { (signed(&region.exchange)) }
    }];
    rows.extend(region.peers.iter().map(|peer| {
        html! {
            td { (names.exchange(&peer.exchange)) }
            td {
                @if peer.connected { span.state.good { (visit.t("已连接", "Connected")) } }
                @else { span.state.bad { (visit.t("未连接", "Not connected")) } }
            }
            td { (signed(&peer.exchange)) }
        }
    }));
    html! {
        (layout::table(visit.t("各交易所的节点", "The exchanges' nodes"), &headings, &rows, ""))
        @if region.peers.is_empty() {
            p.hint { (visit.t("本区域只有这一个节点。", "The region has this one node only.")) }
        }
    }
}

/// The witnesses outside the region.
pub(super) fn witnesses(visit: &Visit, region: &Region) -> Markup {
    let headings = [
        visit.t("见证方", "Witness"),
        visit.t("地址", "Address"),
        visit.t("已联署到", "Co-signed up to"),
        visit.t("状态", "State"),
    ];
    let row = |one: &super::seen::Witness| {
        html! {
            td { (one.name) }
            td { code { (one.url) } }
            td.number { (visit.format().number(one.size)) }
            td {
                @if one.failures == 0 { span.state.good { (visit.t("正常", "Answers")) } }
                @else {
                    span.state.bad { (visit.t("连续失败 ", "Failed in a row: ")) (one.failures) }
                    @if let Some(failure) = &one.failure { " " (visit.detail(failure)) }
                }
            }
        }
    };
    let rows: Vec<Markup> = region.witnesses.iter().map(row).collect();
    layout::table(visit.t("外部见证方", "Outside witnesses"), &headings, &rows, "")
}

/// The last snapshots.
pub(super) fn snapshots(visit: &Visit, names: &Names, snapshots: &[Snapshot]) -> Markup {
    let headings = [
        visit.t("高度", "Height"),
        visit.t("下达方", "Ordered by"),
        visit.t("时间", "When"),
        visit.t("证实", "Attested by"),
        visit.t("状态", "State"),
    ];
    let row = |one: &Snapshot| {
        let by: Vec<String> = one.attestations.keys().map(|code| names.exchange(code)).collect();
        html! {
            td.number { (visit.format().number(one.height.0)) }
            td { (names.exchange(&one.ordered_by)) }
            td { (visit.format().time(one.ordered_at)) }
            td { @if by.is_empty() { (visit.t("尚无", "nobody yet")) } @else { (by.join(visit.t("、", ", "))) } }
            td {
                @match one.state {
                    SnapshotState::Open => span.state.warn { (visit.t("待证实", "Open")) }
                    SnapshotState::Attested { .. } => span.state.good { (visit.t("已证实", "Attested")) }
                }
            }
        }
    };
    let rows: Vec<Markup> = snapshots.iter().map(row).collect();
    let nothing = visit.t(
        "还没有下达过快照。下达用命令行，见运维手册。",
        "None was ordered yet. They are ordered on the command line; see the operating manual.",
    );
    layout::table(visit.t("最近的快照", "The last snapshots"), &headings, &rows, nothing)
}
