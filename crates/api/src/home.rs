//! `/`: the page that a newcomer sees. One self-contained document in both languages; it runs no script and loads
//! nothing.

use crate::{ApiState, Problem};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_party::Region;
use databourse_primitives::{BilingualText, Digest};
use std::fmt::Write as _;

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884}\
body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:3rem auto;padding:0 1rem}\
h1{font-size:1.7rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}\
p{margin:.3rem 0}.zh{opacity:.75}\
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.6rem;margin:0}\
dl div{border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}\
dt{font-size:.85rem;opacity:.75}dd{margin:0;font-size:1.4rem;font-variant-numeric:tabular-nums}\
ul{padding-left:1.2rem}code{word-break:break-all}";

/// What is counted: the key of the store's counts, in English, in Chinese.
const COUNTED: [(&str, &str, &str); 8] = [
    ("party", "Parties", "主体"),
    ("data_right", "Rights", "数据权利"),
    ("product", "Products", "产品"),
    ("offer", "Offers", "要约"),
    ("purchase_order", "Orders", "订单"),
    ("licence", "Licences", "许可"),
    ("refund", "Refunds", "退款"),
    ("certificate", "Certificates", "凭证"),
];

/// Where to go on: path, in English, in Chinese.
const LINKS: [(&str, &str, &str); 7] = [
    ("/verify", "Verify a certificate, in your browser", "在浏览器中核验凭证"),
    ("/docs/", "The API, to read and to try", "接口文档，可在线试用"),
    ("/v1/products", "The catalogue, as JSON", "产品目录（JSON）"),
    ("/v1/region", "The region and its exchanges", "区域及其交易所"),
    ("/checkpoint", "The signed checkpoint of the ledger", "账本的签名检查点"),
    ("/v1/policy", "The policy to verify it with", "验证策略"),
    ("/openapi.json", "OpenAPI 3.1", "OpenAPI 3.1 描述"),
];

pub(crate) async fn page(State(api): State<ApiState>) -> Result<Response, Problem> {
    let region: Option<Region> = api.store().get("region").await?;
    let counts = api.counts().await?;
    let shown = api.node.published();
    let name = region.as_ref().map(|region| &region.name);
    let mut body = String::with_capacity(4096);
    let title = escaped(name.map_or("Databourse", BilingualText::any));
    let _ = write!(
        body,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title} · Databourse</title>\
         <style>{STYLE}</style></head><body><h1>{title}</h1>"
    );
    if let Some(zh) = name.and_then(BilingualText::zh).filter(|zh| escaped(zh) != title) {
        let _ = write!(body, "<p class=\"zh\" lang=\"zh\">{}</p>", escaped(zh));
    }
    let exchange = api.node.exchange();
    let _ = write!(
        body,
        "<p>Databourse, a marketplace ledger for data exchanges. This is the exchange <b>{exchange}</b>.</p>\
         <p class=\"zh\" lang=\"zh\">数据交易所的市场账本。本节点为交易所 <b>{exchange}</b>。</p>\
         <h2>Now <span class=\"zh\" lang=\"zh\">实时数据</span></h2><dl>"
    );
    for (key, en, zh) in COUNTED {
        cell(&mut body, en, zh, &counts.get(key).copied().unwrap_or_default());
    }
    cell(&mut body, "Entries in the ledger", "账本条目", &shown.size);
    cell(&mut body, "Blocks", "区块", &shown.height);
    let _ = write!(
        body,
        "</dl><p>Last block <time>{}</time>, root <code>{}</code></p>\
         <h2>Go on <span class=\"zh\" lang=\"zh\">入口</span></h2><ul>",
        shown.time,
        STANDARD.encode(shown.root.as_bytes())
    );
    for (path, en, zh) in LINKS {
        let _ =
            write!(body, "<li><a href=\"{path}\">{en}</a> <span class=\"zh\" lang=\"zh\">{zh}</span></li>");
    }
    body.push_str("</ul></body></html>");
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::CONTENT_SECURITY_POLICY, content_security_policy()),
    ];
    Ok((headers, body).into_response())
}

fn cell(body: &mut String, en: &str, zh: &str, value: &dyn std::fmt::Display) {
    let _ = write!(body, "<div><dt>{en} <span lang=\"zh\">{zh}</span></dt><dd>{value}</dd></div>");
}

/// Nothing but the one style sheet, known by its digest.
fn content_security_policy() -> String {
    let style = STANDARD.encode(Digest::of(STYLE.as_bytes()).as_bytes());
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// Text made safe for an HTML element.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_cannot_become_markup() {
        assert_eq!(escaped("<script>'\"&"), "&lt;script&gt;&#39;&quot;&amp;");
        assert!(!STYLE.contains('<'));
        assert!(content_security_policy().contains("style-src 'sha256-"));
    }
}
