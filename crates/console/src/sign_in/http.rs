//! Asking the provider: a request with an answer of bounded size in bounded time, by TLS unless it is on this machine.
//! Nothing is followed: a provider that moves is configured anew.

use super::SignInError;
use axum::{
    body::Bytes,
    http::{HeaderValue, Request, StatusCode, Uri, header},
};
use http_body_util::{BodyExt as _, Limited};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use std::{error::Error, net::IpAddr, path::Path, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// The most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// The longest that a request takes, connecting included.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// The most characters of a refusal that go to the log.
const EXCERPT_CHARS: usize = 300;

/// Speaks HTTP/1.1 (RFC 9112).
pub(super) struct Http {
    /// Absent if the provider is on this machine and speaks plain HTTP.
    tls: Option<TlsConnector>,
}

/// Why there is no answer. It is for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// The request never came to an answer.
    #[error("no answer of {host}: {reason}")]
    Unreachable { host: String, reason: String },
    /// The answer is a refusal.
    #[error("{status}: {excerpt:?}")]
    Refused { status: StatusCode, excerpt: String },
}

impl Http {
    /// # Errors
    /// The certificates cannot be read.
    pub(super) fn new(issuer: &str, ca_file: Option<&Path>) -> Result<Self, SignInError> {
        let tls = if issuer.starts_with("https://") { Some(connector(ca_file)?) } else { None };
        Ok(Self { tls })
    }

    /// The body of the answer to a request whose URI [`is_askable`], if its status is 200.
    ///
    /// # Errors
    /// [`HttpError`].
    pub(super) async fn ask(&self, request: Request<String>) -> Result<Bytes, HttpError> {
        let host = request.uri().authority().map_or_else(String::new, ToString::to_string);
        let unreachable = |reason: String| HttpError::Unreachable { host: host.clone(), reason };
        let answer = timeout(ANSWER_TIME, self.exchange(request)).await;
        let answer = answer.map_err(|_| unreachable(format!("none within {} s", ANSWER_TIME.as_secs())))?;
        let (status, body) = answer.map_err(|error| unreachable(chain(&*error)))?;
        if status == StatusCode::OK {
            return Ok(body);
        }
        let excerpt = String::from_utf8_lossy(&body).chars().take(EXCERPT_CHARS).collect();
        Err(HttpError::Refused { status, excerpt })
    }

    async fn exchange(&self, mut request: Request<String>) -> Result<(StatusCode, Bytes), Failed> {
        let uri = request.uri().clone();
        let authority = uri.authority().ok_or("an address without a host")?;
        let is_tls = uri.scheme_str() == Some("https");
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::from_str(authority.as_str())?);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        *request.uri_mut() = uri.path_and_query().map_or("/", |path| path.as_str()).parse::<Uri>()?;
        let stream = TcpStream::connect((host.as_str(), port)).await?;
        if !is_tls {
            return speak(stream, request).await;
        }
        let tls =
            self.tls.as_ref().ok_or("a provider that is not reached by TLS names an address that is")?;
        speak(tls.connect(ServerName::try_from(host)?, stream).await?, request).await
    }
}

type Failed = Box<dyn Error + Send + Sync>;

async fn speak<S>(stream: S, request: Request<String>) -> Result<(StatusCode, Bytes), Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the sender, which this function owns.
    tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await?;
    Ok((status, body.to_bytes()))
}

/// An error and what it comes from, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, SignInError> {
    let bad = |error: &dyn std::fmt::Display| SignInError::Certificates(error.to_string());
    let mut roots = RootCertStore::empty();
    // What the system has and cannot be read is not needed, as long as something is left.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca_file {
        let named = |error: &dyn std::fmt::Display| bad(&format!("{}: {error}", file.display()));
        let certificates = CertificateDer::pem_file_iter(file).map_err(|error| named(&error))?;
        let before = roots.len();
        for certificate in certificates {
            let certificate = certificate.map_err(|error| named(&error))?;
            roots.add(certificate).map_err(|error| named(&error))?;
        }
        if roots.len() == before {
            return Err(named(&"it holds no certificate"));
        }
    }
    if roots.is_empty() {
        return Err(bad(&"the system has none; name a file"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| bad(&error))?.with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Whether the provider `issuer` can be asked at `address`: by TLS, or by plain HTTP if both are on this machine.
pub(super) fn is_askable(address: &str, issuer: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    if authority.as_str().contains('@')
        || address.contains('#')
        || (address == issuer && address.contains('?'))
    {
        return false;
    }
    match uri.scheme_str() {
        Some("https") => issuer.starts_with("https://"),
        Some("http") => issuer.starts_with("http://") && is_loopback(authority.host()),
        _ => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
