//! `/ledger/entries/{id}`: what an entry says, who said it and where it stands; and its proof, verified in the browser.

use super::facts::{Facts, asset_of, named_in};
use crate::{
    assets,
    backend::{Asked, Problem},
    entry_words::entry_type,
    failure::Failure,
    layout,
    names::Names,
    visit::Visit,
};
use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use databourse_ledger::Entry;
use databourse_party::Exchange;
use databourse_primitives::{EntryId, Height, Holder, KeyId, LeafIndex, PartyId, PublicKey, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct Stored {
    #[serde(rename = "type")]
    entry_type: String,
    actor: String,
    leaf_index: LeafIndex,
    height: Height,
    entry: String,
}

#[derive(Deserialize)]
struct Region {
    exchanges: Vec<Exchange>,
}

/// The members of `party.certify` and `party.replace_keys` that name keys.
#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    keys: Vec<PublicKey>,
}

pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let id: EntryId = id.parse().map_err(|_| Failure::Unknown)?;
    let stored: Stored = match visit.ask(Asked::get(&format!("/v1/entries/{id}"))).await {
        Ok(answer) => answer.json()?,
        Err(problem) if problem.status == 403 => return Ok(hidden(&visit)),
        Err(problem) => return Err(problem.into()),
    };
    let entry = Entry::parse(stored.entry.as_bytes()).map_err(|_| Failure::Unknown)?;
    let claims = entry.claims();
    let body: Value = serde_json::from_str(claims.body.get()).unwrap_or_default();
    let actor: Option<Holder> = stored.actor.parse().ok();
    let (mut parties, products) = named_in(&body);
    parties.extend(claims.on_behalf_of);
    if let Some(Holder::Party(party)) = &actor {
        parties.push(*party);
    }
    let (names, key) = tokio::try_join!(
        Names::of(&visit, parties, products),
        author_key(&visit, entry.kid(), actor.as_ref())
    )?;
    let title = entry_type(visit.lang, &stored.entry_type).to_owned();
    let facts = Facts { visit: &visit, names: &names, asset: asset_of(&body) };
    let none = Map::new();
    Ok(visit.page(
        &title,
        html! {
            h1 { (title) }
            p.lead { (visit.t("账本中的一条条目", "An entry of the ledger")) " " code { (id) } }
            h2 { (visit.t("内容", "What it says")) }
            (facts.object(body.as_object().unwrap_or(&none)))
            h2 { (visit.t("出处", "Where it is from")) }
            (origin(&visit, &stored, &entry, actor.as_ref(), &names))
            (proof(&visit, id, key))
            details {
                summary { (visit.t("签名原文（JWS）", "As it was signed (JWS)")) }
                p.quiet { (visit.t(
                    "账本保存的正是这些字节；指纹由它们算出。",
                    "The ledger holds these very bytes; the fingerprint is computed from them.",
                )) }
                pre #jws.wrapped { (entry.as_str()) }
            }
        },
    ))
}

/// `/ledger/entries/{id}/receipt`: the proof of inclusion, as whoever is signed in may have it.
pub(super) async fn receipt(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let id: EntryId = id.parse().map_err(|_| Failure::Unknown)?;
    let answer = visit.ask(Asked::get(&format!("/v1/entries/{id}/receipt"))).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.tlog-proof\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, answer.body).into_response())
}

/// What somebody is told who may not read the entry.
fn hidden(visit: &Visit) -> Response {
    let title = visit.t("此条目不对您开放", "This entry is not for you to read");
    visit.page_as(StatusCode::FORBIDDEN, title, html! {
        h1 { (title) }
        p {
            (visit.t(
                "条目含有名称与价格，只对其签名人、运营方与审计方开放。账本的根覆盖每一条条目，因此无需读到它，也能确知它未被改动。",
                "Entries hold names and prices, so only their author, operators and auditors read them. The root of the ledger covers every entry: that it was not changed is certain without reading it.",
            ))
        }
        p { a href="/ledger" { (visit.t("返回账本", "Back to the ledger")) } }
    })
}

fn origin(visit: &Visit, stored: &Stored, entry: &Entry, actor: Option<&Holder>, names: &Names) -> Markup {
    let format = visit.format();
    let claims = entry.claims();
    let signed_at = Timestamp::from_unix_ms(claims.issued_at_s.saturating_mul(1_000));
    let author = html! {
        @match (claims.on_behalf_of, actor) {
            (Some(_), _) => { (names.exchange(&claims.exchange)) }
            (None, Some(actor)) => { (names.holder(actor)) }
            (None, None) => { (stored.actor) }
        }
    };
    let mut facts = vec![(visit.t("签名人", "Signed by"), author)];
    if let Some(party) = claims.on_behalf_of {
        facts.push((visit.t("代表", "On behalf of"), names.party(party)));
    }
    facts.extend([
        (visit.t("提交至", "Sent to"), html! { (names.exchange(&claims.exchange)) }),
        (visit.t("签名时间", "Signed"), format.time(signed_at)),
        (visit.t("账本位置", "Place in the ledger"), html! { (format.number(stored.leaf_index.0)) }),
        (visit.t("区块", "Block"), html! { (format.number(stored.height.0)) }),
        (visit.t("指纹", "Fingerprint"), html! { code { (entry.leaf_hash()) } }),
    ]);
    html! {
        (layout::facts(&facts))
        p { a href={ "/ledger/trace/" (claims.id) } { (visit.t("追溯由它产生的事物", "Trace what it made")) } }
    }
}

fn proof(visit: &Visit, id: EntryId, key: Option<PublicKey>) -> Markup {
    let receipt = format!("/ledger/entries/{id}/receipt");
    html! {
        section #proof data-receipt=(receipt) data-key=[key] data-now data-offset=(visit.console.utc_offset_minutes) {
            h2 { (visit.t("证明", "Proof")) }
            p {
                (visit.t(
                    "以下检查由您的浏览器完成：重新计算指纹，沿包含证明算到根，再核对签署该根的各交易所。",
                    "Your browser does these checks: it computes the fingerprint again, follows the proof of inclusion to the root, and checks who of the exchanges signed that root.",
                ))
            }
            noscript { p.remark { (visit.t("浏览器内核验需要启用脚本；回执仍可下载后离线核验。",
                "Checks in the browser need scripts; the receipt can still be downloaded and verified offline.")) } }
            div #verdict role="status" hidden {}
            ol #checks.checks {}
            div.actions {
                button #verify type="button" hidden data-needs-script { (visit.t("再次核验", "Verify again")) }
                a.button.second href=(receipt) download { (visit.t("下载回执", "Download the receipt")) }
            }
        }
        script type="module" src=(assets::path("proof.js")) {}
    }
}

/// The public key that is called `kid`: one of an exchange's, or one that the party was certified with, if the reader may
/// see that.
async fn author_key(visit: &Visit, kid: KeyId, actor: Option<&Holder>) -> Result<Option<PublicKey>, Failure> {
    let region: Region = visit.get("/v1/region").await?;
    let known = region.exchanges.iter().flat_map(|one| one.entry_key.all()).find(|key| key.key_id() == kid);
    match (known, actor) {
        (Some(key), _) => Ok(Some(*key)),
        (None, Some(Holder::Party(party))) => Ok(party_key(visit, kid, *party).await.ok().flatten()),
        (None, _) => Ok(None),
    }
}

async fn party_key(visit: &Visit, kid: KeyId, party: PartyId) -> Result<Option<PublicKey>, Problem> {
    let certified: Stored = visit.ask(Asked::get(&format!("/v1/entries/{party}"))).await?.json()?;
    let keys = Entry::parse(certified.entry.as_bytes())
        .ok()
        .and_then(|entry| serde_json::from_str::<Keys>(entry.claims().body.get()).ok());
    Ok(keys.and_then(|keys| keys.keys.into_iter().find(|key| key.key_id() == kid)))
}
