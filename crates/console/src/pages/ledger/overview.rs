//! `/ledger`: how far the ledger has grown, who has signed that, and what came in last.

use super::recent;
use crate::{backend::Asked, failure::Failure, layout, names::Names, visit::Visit};
use axum::response::Response;
use databourse_ledger::{Policy, PolicyVerdict, SignedCheckpoint};
use databourse_primitives::{ExchangeCode, Height, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

#[derive(Deserialize)]
struct Ready {
    height: Height,
    block_time: Timestamp,
}

/// What the node publishes: a checkpoint, and by whose keys it is judged.
struct Published {
    signed: SignedCheckpoint,
    policy: Policy,
    /// Who signed, if that is enough.
    verdict: Option<PolicyVerdict>,
}

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    let (published, ready, names, recent) = tokio::try_join!(
        published(&visit),
        visit.find::<Ready>("/readyz"),
        Names::of(&visit, [], []),
        recent::section(&visit),
    )?;
    let title = visit.t("账本", "Ledger");
    Ok(visit.page(title, html! {
        h1 { (title) }
        p.lead {
            (visit.t(
                "每一步都是一条已签名的条目，只增不改。各交易所各自持有全部条目，并联署同一个检查点。",
                "Every step is a signed entry; entries are added and never changed. Each exchange holds all of them and cosigns the same checkpoint.",
            ))
        }
        section #now data-live="/ledger" { (now(&visit, published.as_ref(), ready.as_ref(), &names)) }
        (recent)
        h2 { (visit.t("自行查证", "See for yourself")) }
        ul {
            li { a href="/ledger/trace" { (visit.t("追溯一个产品、许可、订单或凭证", "Trace a product, licence, order or certificate")) } }
            li { a href="/certificates/check" { (visit.t("核验凭证", "Check a certificate")) } }
            li { a href="/ledger/anchors" { (visit.t("公链上的锚定", "Anchors on a public chain")) } }
            li { a href="/checkpoint" { (visit.t("检查点原文（C2SP 格式）", "The checkpoint as it is signed (C2SP)")) } }
            li { a href="/v1/policy" { (visit.t("验证策略：由谁的密钥判断", "The policy: by whose keys it is judged")) } }
        }
    }))
}

/// What is published, if something is final.
async fn published(visit: &Visit) -> Result<Option<Published>, Failure> {
    let checkpoint = match visit.ask(Asked::get("/checkpoint")).await {
        Ok(answer) => answer,
        Err(problem) if problem.status == 503 => return Ok(None),
        Err(problem) => return Err(problem.into()),
    };
    let policy = visit.ask(Asked::get("/v1/policy")).await?;
    let signed = SignedCheckpoint::parse(&checkpoint.body).ok();
    let policy: Option<Policy> = std::str::from_utf8(&policy.body).ok().and_then(|text| text.parse().ok());
    Ok(signed.zip(policy).map(|(signed, policy)| {
        let verdict = policy.check(&signed).ok();
        Published { signed, policy, verdict }
    }))
}

fn now(visit: &Visit, published: Option<&Published>, ready: Option<&Ready>, names: &Names) -> Markup {
    let Some(Published { signed, policy, verdict }) = published else {
        return html! {
            p.remark { (visit.t(
                "还没有最终检查点：它需要超过三分之二的交易所联署。请稍后刷新。",
                "No checkpoint is final yet: more than two thirds of the exchanges must cosign one. Reload in a moment.",
            )) }
        };
    };
    let format = visit.format();
    let checkpoint = &signed.checkpoint;
    let root = checkpoint.root.to_string();
    let signed_at = verdict.as_ref().and_then(|verdict| {
        verdict.witnesses.iter().filter_map(|witness| witness.signature.time_s).max().and_then(time_of)
    });
    html! {
        h2 { (visit.t("现在", "Now")) }
        dl.figures {
            div {
                dt { (visit.t("条目", "Entries")) }
                dd data-now="size" { (format.number(checkpoint.size.0)) }
            }
            @if let Some(ready) = ready {
                div {
                    dt { (visit.t("区块高度", "Height in blocks")) }
                    dd data-now="height" { (format.number(ready.height.0)) }
                }
            }
            div {
                dt { (visit.t("已联署", "Cosigned by")) }
                dd {
                    (verdict.as_ref().map_or(0, |verdict| verdict.witnesses.len())) " / " (policy.witnesses().len())
                }
            }
        }
        (layout::facts(&[
            (visit.t("账本", "Ledger"), html! { code { (checkpoint.origin) } }),
            (visit.t("根（覆盖全部条目的指纹）", "Root: the fingerprint of all entries"), html! { code { (root) } }),
            (visit.t("最后一次联署", "Last cosigned"), html! {
                @if let Some(at) = signed_at { (format.time(at)) } @else { "–" }
            }),
            (visit.t("最后一个区块", "Last block"), html! {
                @if let Some(ready) = ready { (format.time(ready.block_time)) } @else { "–" }
            }),
        ]))
        (witnesses(visit, policy, verdict.as_ref(), names))
    }
}

/// Each witness of the policy, and whether and when it cosigned this checkpoint.
fn witnesses(visit: &Visit, policy: &Policy, verdict: Option<&PolicyVerdict>, names: &Names) -> Markup {
    let signed = |name: &str| {
        let witnesses = verdict.map(|verdict| verdict.witnesses.as_slice()).unwrap_or_default();
        witnesses.iter().find(|witness| witness.name == name)
    };
    let rows: Vec<Markup> = policy
        .witnesses()
        .iter()
        .map(|witness| {
            let line = signed(&witness.name);
            let at = line.and_then(|line| line.signature.time_s).and_then(time_of);
            html! {
                td { (witness_name(names, &witness.name)) }
                td {
                    @if line.is_some() {
                        span.state.good { (visit.t("✓ 已联署", "✓ cosigned")) }
                    } @else {
                        span.state.warn { (visit.t("尚未联署", "not yet")) }
                    }
                }
                td { @if let Some(at) = at { (visit.format().time(at)) } @else { "–" } }
            }
        })
        .collect();
    let headings = [visit.t("交易所", "Exchange"), visit.t("联署", "Cosignature"), visit.t("时间", "Time")];
    html! {
        h2 { (visit.t("谁联署了它", "Who cosigned it")) }
        (layout::table(
            visit.t("此检查点的联署方，各附其所述时间", "The witnesses of this checkpoint, each with the time that it states"),
            &headings,
            &rows,
            visit.t("验证策略没有列出见证方。", "The policy names no witness."),
        ))
        p.quiet {
            (visit.t(
                "最终检查点发布时，已有超过三分之二的交易所联署；其余的随后补上，不影响其效力。",
                "A checkpoint is published when more than two thirds of the exchanges have cosigned it; the others may follow, and it holds without them.",
            ))
        }
    }
}

/// A witness is named in the policy by its key's name, which for an exchange ends with its code.
fn witness_name(names: &Names, name: &str) -> Markup {
    let code: Option<ExchangeCode> = name.rsplit(['/', '.']).next().unwrap_or(name).parse().ok();
    let shown = code.map(|code| (names.exchange(&code), code));
    html! {
        @match shown {
            Some((called, code)) if called != code.to_string() => { (called) br; code.quiet { (name) } }
            _ => { (name) }
        }
    }
}

fn time_of(time_s: u64) -> Option<Timestamp> {
    let ms = i64::try_from(time_s).ok()?.checked_mul(1_000)?;
    Some(Timestamp::from_unix_ms(ms))
}
