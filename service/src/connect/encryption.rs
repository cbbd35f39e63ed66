//! TLS to the database, as `sslmode` asks for.

use crate::error::Failure;
use std::path::Path;
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How far a server's certificate is trusted, as `sslmode` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// disable, allow, prefer, require: encrypted or not, whoever it is.
    Anyone,
    /// verify-ca and verify-full: its certificate has to be good, and for its name.
    Certified,
}

/// How connections are encrypted, with certificates of this file or of the machine.
pub fn encryption(trust: Trust, root: Option<&Path>) -> Result<MakeRustlsConnect, Failure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let wrong = |error: &dyn std::error::Error| {
        Failure::usage(format!("TLS: {}", crate::error::chain(error)))
    };
    let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?;
    let config = match trust {
        Trust::Anyone => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(anyone::Anyone(provider))),
        Trust::Certified => builder.with_root_certificates(roots(root)?),
    };
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

fn roots(file: Option<&Path>) -> Result<rustls::RootCertStore, Failure> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    let mut store = rustls::RootCertStore::empty();
    match file {
        Some(path) if path != Path::new("system") => {
            let wrong =
                |error: String| Failure::usage(format!("cannot use {}: {error}", path.display()));
            for certificate in
                CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?
            {
                let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
                store
                    .add(certificate)
                    .map_err(|error| wrong(error.to_string()))?;
            }
        }
        _ => {
            for certificate in rustls_native_certs::load_native_certs().certs {
                // A machine's list may have some that this library does not take; the others serve.
                let _ = store.add(certificate);
            }
        }
    }
    Ok(store)
}

/// Encrypted without asking with whom, which is what libpq's `prefer` and `require` mean.
mod anyone {
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{DigitallySignedStruct, Error, SignatureScheme};
    use std::sync::Arc;

    #[derive(Debug)]
    pub struct Anyone(pub Arc<CryptoProvider>);

    impl ServerCertVerifier for Anyone {
        fn verify_server_cert(
            &self,
            _end_entity: &CertificateDer<'_>,
            _intermediates: &[CertificateDer<'_>],
            _server_name: &ServerName<'_>,
            _ocsp_response: &[u8],
            _now: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls12_signature(
                message,
                cert,
                dss,
                &self.0.signature_verification_algorithms,
            )
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(
                message,
                cert,
                dss,
                &self.0.signature_verification_algorithms,
            )
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
}
