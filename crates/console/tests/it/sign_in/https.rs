//! A provider behind TLS whose certificates only a file of its own vouches for.

use super::{
    liar::{Liar, signed},
    world::{Browser, Clock, start},
};
use axum::serve::Listener;
use databourse_console::SignInConfig;
use databourse_testkit::scratch_folder;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{net::SocketAddr, path::Path, process::Command, sync::Arc};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Accepts by TLS.
struct TlsListener {
    tcp: TcpListener,
    tls: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, address) = self.tcp.accept().await.unwrap();
            // Who does not trust the certificate leaves here.
            if let Ok(stream) = self.tls.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// An authority `ca.pem`, and a server's key and certificate for `name`.
fn make_certificates(folder: &Path, name: &str) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    let authority = "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign";
    openssl(
        folder,
        &format!("req -x509 {key} -keyout ca.key -out ca.pem -days 36500 -subj /CN=authority {authority}"),
    );
    let usage = "-addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth";
    openssl(
        folder,
        &format!(
            "req {key} -keyout server.key -out server.csr -subj /CN=server -addext subjectAltName={name} {usage}"
        ),
    );
    openssl(
        folder,
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -out server.pem -days 36500 -copy_extensions copyall",
    );
}

async fn start_provider(folder: &Path) -> Liar {
    let certificates = CertificateDer::pem_file_iter(folder.join("server.pem")).unwrap();
    let certificates = certificates.collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let liar = Liar::new(&format!("https://{}", tcp.local_addr().unwrap()));
    let listener = TlsListener { tcp, tls: TlsAcceptor::from(Arc::new(config)) };
    let router = liar.router();
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    liar
}

#[tokio::test]
async fn a_provider_behind_tls_is_known_by_an_authority_of_its_own() {
    let folder = scratch_folder();
    make_certificates(folder.path(), "IP:127.0.0.1");
    let liar = start_provider(folder.path()).await;
    let clock = Clock::default();
    let (honest, time) = (liar.clone(), clock.clone());
    liar.says(move |nonce| signed(3, &honest.claims(nonce, &time)));
    let trusting = SignInConfig { ca_file: Some(folder.path().join("ca.pem")), ..liar.config() };
    let console = start(trusting.clone(), &clock).await;
    let mut browser = Browser::new();
    assert_eq!(liar.sign_in(&mut browser, &console).await.status, 303);
    assert!(browser.is("Li Na", &console).await);
    // Secrets never go by plain HTTP, even if the provider says so.
    liar.metadata.lock().unwrap()["token_endpoint"] = "http://127.0.0.1:1/token".into();
    let console = start(trusting, &clock).await;
    assert_eq!(Browser::new().get(&format!("{console}/sign-in")).await.status, 502);
}

#[tokio::test]
async fn a_certificate_of_nobody_or_of_somebody_else_is_not_believed() {
    let folder = scratch_folder();
    make_certificates(folder.path(), "IP:127.0.0.1");
    let liar = start_provider(folder.path()).await;
    let other = scratch_folder();
    make_certificates(other.path(), "DNS:elsewhere.example");
    let elsewhere = start_provider(other.path()).await;
    let strange = SignInConfig { ca_file: Some(other.path().join("ca.pem")), ..liar.config() };
    let renamed = SignInConfig { ca_file: Some(other.path().join("ca.pem")), ..elsewhere.config() };
    for config in [strange, renamed] {
        let console = start(config, &Clock::default()).await;
        let answer = Browser::new().get(&format!("{console}/sign-in")).await;
        assert!(answer.status == 502 && answer.text.contains("cannot be reached"), "{}", answer.text);
    }
}
