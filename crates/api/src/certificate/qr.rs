//! `/v1/certificates/{number}/qr.svg`: the certificate as a QR code.

use super::unknown;
use crate::{ApiState, Problem, extract::Named, qr::QrPicture, scalar::*};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use databourse_ledger::CertificateFile;
use databourse_primitives::CertificateNumber;

/// Downloads a certificate as a QR code.
///
/// The code holds the whole certificate where it fits, behind the address of this node's page that verifies it; else
/// without cosignatures beyond the quorum; else its address. The words under the code say which.
#[utoipa::path(get, path = "/v1/certificates/{number}/qr.svg", operation_id = "drawCertificate",
    tag = "certificates", params(("number" = CertificateNumberText, Path)),
    responses((status = 200, description = "The picture.", body = String, content_type = "image/svg+xml")))]
pub(super) async fn picture(
    State(api): State<ApiState>,
    headers: HeaderMap,
    Named(number): Named<CertificateNumber>,
) -> Result<Response, Problem> {
    let text = api.node.certificate_file(&number).await?.ok_or_else(unknown)?;
    let file = CertificateFile::parse(text.as_bytes()).map_err(|error| Problem::internal(&error))?;
    let policy = api.node.policy().parse().ok();
    let page = address(&headers).map(|address| format!("{address}/verify"));
    let picture = QrPicture::of(&file, &number, policy.as_ref(), page.as_deref())
        .map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "host, x-forwarded-proto"),
    ];
    Ok((headers, picture.svg(&number.to_string())).into_response())
}

/// Where the caller reached this node, as it or a proxy says. The answer goes to that caller only; a host that is not
/// one is left out.
fn address(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("host").filter(|host| {
        (1..=255).contains(&host.len())
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    })?;
    let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    Some(format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, proto: &str, expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        headers.insert("x-forwarded-proto", proto.parse().unwrap());
        assert_eq!(address(&headers).as_deref(), expected, "{host} {proto}");
    }

    #[test]
    fn the_address_is_where_the_caller_is() {
        check("127.0.0.1:8080", "", Some("http://127.0.0.1:8080"));
        check("sh.example", "https", Some("https://sh.example"));
        check("[::1]:80", "javascript", Some("http://[::1]:80"));
        for bad in ["", "a b", "sh.example/x", "sh@example", "sh.example#", "\"><script>", &"a".repeat(256)] {
            check(bad, "https", None);
        }
    }
}
