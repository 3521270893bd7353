//! `/verify`: the page that verifies a certificate in the visitor's browser. Its files stand in `verify/`; there is no
//! library and no build step. Each module says what it does; `certificate.js` is `databourse verify` again.
//!
//! `/verify.html` is the same as one file, to be kept: it works without a node, by a policy that its owner chooses.

use crate::Problem;
use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_primitives::Digest;

const PAGE: &str = include_str!("verify/page.html");
const STYLE: &str = include_str!("verify/style.css");

/// The modules, each behind those that it imports.
const MODULES: [(&str, &str); 11] = [
    ("bytes.js", include_str!("verify/bytes.js")),
    ("json.js", include_str!("verify/json.js")),
    ("ed25519.js", include_str!("verify/ed25519.js")),
    ("entry.js", include_str!("verify/entry.js")),
    ("note.js", include_str!("verify/note.js")),
    ("policy.js", include_str!("verify/policy.js")),
    ("receipt.js", include_str!("verify/receipt.js")),
    ("compact.js", include_str!("verify/compact.js")),
    ("certificate.js", include_str!("verify/certificate.js")),
    ("words.js", include_str!("verify/words.js")),
    ("page.js", include_str!("verify/page.js")),
];

/// Own files only, requests to this node only, and no way to make markup or code of a text.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

const STYLE_TAG: &str = r#"<link rel="stylesheet" href="/verify/assets/style.css">"#;
const SCRIPT_TAG: &str = r#"<script type="module" src="/verify/assets/page.js"></script>"#;

/// The page; for a certificate by its number, too: the script reads the address.
pub(crate) async fn page() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    ];
    (headers, PAGE).into_response()
}

/// A style or a module.
pub(crate) async fn asset(Path(file): Path<String>) -> Response {
    let module = MODULES.iter().find(|(name, _)| *name == file).map(|(_, text)| *text);
    let (kind, text) = match module {
        Some(text) => ("text/javascript; charset=utf-8", text),
        None if file == "style.css" => ("text/css; charset=utf-8", STYLE),
        None => return Problem::not_found("a file of /verify").into_response(),
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

/// The page as one file.
pub(crate) async fn alone() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"databourse-verify.html\""),
    ];
    (headers, one_file()).into_response()
}

fn one_file() -> String {
    let script = MODULES.map(|(_, text)| joined(text)).concat();
    let digest = |text: &str| STANDARD.encode(Digest::of(text.as_bytes()).as_bytes());
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        digest(&script),
        digest(STYLE)
    );
    let policy = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n");
    PAGE.replace(STYLE_TAG, &format!("{policy}<style>{STYLE}</style>"))
        .replace(SCRIPT_TAG, &format!("<script type=\"module\">{script}</script>"))
}

/// A module's text without its imports and exports, to stand behind the others. No two have a name in common at their
/// outermost level.
fn joined(module: &str) -> String {
    let mut text = String::with_capacity(module.len());
    let mut is_import = false;
    for line in module.lines() {
        is_import = is_import || line.starts_with("import ");
        if !is_import {
            text.push_str(line.strip_prefix("export ").unwrap_or(line));
            text.push('\n');
        }
        is_import = is_import && !line.ends_with(';');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_no_code_of_its_own_and_names_no_other_place() {
        for (tag, count) in [(STYLE_TAG, 1), (SCRIPT_TAG, 1), ("<script", 1), ("<style", 0), ("style=", 0)] {
            assert_eq!(PAGE.matches(tag).count(), count, "{tag}");
        }
        let texts = MODULES
            .iter()
            .map(|(name, text)| (*name, *text))
            .chain([("page.html", PAGE), ("style.css", STYLE)]);
        for (name, text) in texts {
            for word in ["http://", "https://", "innerHTML", "eval(", " onclick", "</script>\n</script"] {
                assert!(!text.contains(word), "{word} in {name}");
            }
        }
    }

    #[test]
    fn one_file_holds_everything() {
        let file = one_file();
        assert!(
            !file.contains("/verify/assets/") && !file.contains("\nimport ") && !file.contains("\nexport ")
        );
        for word in
            ["function verifyCertificate", "const CODE_WORDS", "class JsonRefusal", ".quiet", "'sha256-"]
        {
            assert!(file.contains(word), "{word}");
        }
        assert_eq!(file.matches("</script>").count(), 1);
    }
}
