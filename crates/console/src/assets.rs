//! The console's own files: one style sheet, one script, one mark. Nothing is loaded from anywhere else.

use crate::failure::Failure;
use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, sync::LazyLock};

/// Where they are served.
const FOLDER: &str = "/console";

/// Name, media type, text.
const FILES: &[(&str, &str, &str)] = &[
    ("style.css", "text/css; charset=utf-8", include_str!("assets/style.css")),
    ("console.js", "text/javascript; charset=utf-8", include_str!("assets/console.js")),
    ("digest.js", "text/javascript; charset=utf-8", include_str!("assets/digest.js")),
    ("file.js", "text/javascript; charset=utf-8", include_str!("assets/file.js")),
    ("proof.js", "text/javascript; charset=utf-8", include_str!("assets/proof.js")),
    ("qr.js", "text/javascript; charset=utf-8", include_str!("assets/qr.js")),
    ("qr-pixels.js", "text/javascript; charset=utf-8", include_str!("assets/qr-pixels.js")),
    ("qr-code.js", "text/javascript; charset=utf-8", include_str!("assets/qr-code.js")),
    ("mark.svg", "image/svg+xml", include_str!("assets/mark.svg")),
];

/// Paths name the version of all files, so that a browser keeps them and a new program is seen at once.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = Sha256::new();
    FILES.iter().for_each(|(_, _, text)| hasher.update(text));
    hasher.finalize().iter().take(6).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
});

/// The path of a file.
pub(crate) fn path(name: &str) -> String {
    format!("{FOLDER}/{}/{name}", *VERSION)
}

/// `GET /console/{version}/{file}`.
pub(crate) async fn serve(Path((version, name)): Path<(String, String)>) -> Response {
    let Some((_, kind, text)) = FILES.iter().find(|(known, _, _)| *known == name) else {
        return Failure::Unknown.into_response();
    };
    // A page of another version of the program still finds its files, but must ask again.
    let is_current = version == *VERSION;
    let kept = if is_current { "public, max-age=31536000, immutable" } else { "no-cache" };
    ([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, kept)], *text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_names_another_place() {
        for (name, _, text) in FILES {
            let text = text.replace("http://www.w3.org/", "");
            assert!(!text.contains("://") && !text.contains("url("), "{name}");
        }
    }
}
