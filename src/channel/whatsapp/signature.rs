//! Meta's signature over a delivery, and the token of its verification request.
//!
//! Works on the bytes as received: text that was decoded and encoded again no longer matches. Never says how a
//! signature differs, and takes the same time whichever byte is wrong.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// The header that carries the signature: `sha256=` and 64 hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "X-Hub-Signature-256";

const PREFIX: &[u8] = b"sha256=";

/// Why a delivery is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no secret to check with, so nothing can be trusted.
    #[error(
        "no WhatsApp app secret is configured, so no delivery can be checked: set it from the app's Basic settings"
    )]
    NoSecret,
    /// The header is absent.
    #[error("the delivery carries no X-Hub-Signature-256 header, so it does not come from Meta")]
    Missing,
    /// The header is not `sha256=` and 64 hexadecimal digits.
    #[error("the X-Hub-Signature-256 header is not `sha256=` followed by 64 hexadecimal digits")]
    Malformed,
    /// No secret gives this signature.
    #[error("the signature does not match: check that the app secret is that of the app which sends the webhooks")]
    Mismatch,
}

/// Checks Meta's signature over the bytes as received.
///
/// Any of `secrets` may match, so that an old and a new secret both work while one replaces the other.
/// Empty secrets count as absent.
///
/// # Errors
///
/// [`SignatureError`]: the delivery must be refused.
pub fn verify(secrets: &[SecretString], header: Option<&[u8]>, raw_body: &[u8]) -> Result<(), SignatureError> {
    let mut secrets = secrets.iter().filter(|secret| !secret.expose_secret().is_empty()).peekable();
    if secrets.peek().is_none() {
        return Err(SignatureError::NoSecret);
    }
    let digits = header.ok_or(SignatureError::Missing)?.strip_prefix(PREFIX).ok_or(SignatureError::Malformed)?;
    let mut given = [0_u8; 32];
    hex::decode_to_slice(digits, &mut given).map_err(|_| SignatureError::Malformed)?;
    // Every secret is tried even after a match, so that the time does not tell which one matched.
    let matched = secrets
        .fold(Choice::from(0), |found, secret| found | digest(secret, raw_body).as_slice().ct_eq(given.as_slice()));
    if bool::from(matched) { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// The header value that Meta would send for this body.
pub fn sign(secret: &SecretString, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(digest(secret, body)))
}

/// Whether the token of a verification request is the configured one. An empty configured token matches nothing.
pub fn verify_token_matches(expected: &SecretString, given: &str) -> bool {
    let expected = expected.expose_secret();
    // Digests have one length, so that the comparison does not tell the token's.
    let (left, right) = (Sha256::digest(expected), Sha256::digest(given));
    !expected.is_empty() && bool::from(left.as_slice().ct_eq(right.as_slice()))
}

fn digest(secret: &SecretString, body: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of every length. This is a bug.");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "app_secret_for_tests";
    const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    const SIGNATURE: &str = "sha256=4cf79e76f02e48aee659cf626e0a8a819f6e10a61f37a9ee9c3c6c5a7fb77040";

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    fn check(header: Option<&[u8]>) -> Result<(), SignatureError> {
        verify(&[secret(SECRET)], header, BODY)
    }

    #[test]
    fn known_signatures_are_made_and_accepted() {
        let vectors: [(&str, &[u8], &str); 5] = [
            (
                "It's a Secret to Everybody",
                b"Hello, World!",
                "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            ),
            (SECRET, BODY, SIGNATURE),
            (
                SECRET,
                br#"{"text":"Ol\u00e1 caf\u00e9 \ud83d\ude00 https:\/\/x.example\/a"}"#,
                "sha256=c4744546e900bf3c8277ea6f771c4f4c71c28d5f50abab6699f2a763c30c3e92",
            ),
            (
                SECRET,
                r#"{"text":"Olá café 😀 https://x.example/a"}"#.as_bytes(),
                "sha256=7c2559ac8d4cfe360aa829bf878a5da5fb85f1f9820274d5b0cb07f800a392de",
            ),
            (SECRET, b"", "sha256=52cebd46e8f4789bbbf083dbb0bf15c8beb6d3ca50b407b3f582b5a7290f5603"),
        ];
        for (key, body, header) in vectors {
            assert_eq!(sign(&secret(key), body), header);
            assert_eq!(verify(&[secret(key)], Some(header.as_bytes()), body), Ok(()));
        }
    }

    #[test]
    fn malformed_headers_are_refused() {
        assert_eq!(check(None), Err(SignatureError::Missing));
        let digits = &SIGNATURE[PREFIX.len()..];
        let malformed = [
            String::new(),
            digits.to_owned(),
            format!("SHA256={digits}"),
            format!("sha1={digits}"),
            "sha256=".to_owned(),
            format!("sha256={}", &digits[..62]),
            format!("sha256={}", &digits[..63]),
            format!("sha256={digits}00"),
            format!("sha256=zz{}", &digits[2..]),
            format!(" {SIGNATURE}"),
        ];
        for header in malformed {
            assert_eq!(check(Some(header.as_bytes())), Err(SignatureError::Malformed), "{header}");
        }
        let mut not_ascii = SIGNATURE.as_bytes().to_vec();
        not_ascii[20] = 0xe1;
        assert_eq!(check(Some(&not_ascii)), Err(SignatureError::Malformed));
    }

    #[test]
    fn other_bodies_and_other_secrets_are_refused() {
        let header = Some(SIGNATURE.as_bytes());
        let longer = [BODY, b"\n"].concat();
        assert_eq!(verify(&[secret(SECRET)], header, &longer), Err(SignatureError::Mismatch));
        assert_eq!(verify(&[secret("another")], header, BODY), Err(SignatureError::Mismatch));
    }

    #[test]
    fn without_a_secret_everything_is_refused() {
        let empty_key = sign(&secret(""), BODY);
        assert_eq!(verify(&[], Some(empty_key.as_bytes()), BODY), Err(SignatureError::NoSecret));
        assert_eq!(verify(&[secret("")], Some(empty_key.as_bytes()), BODY), Err(SignatureError::NoSecret));
    }

    #[test]
    fn old_and_new_secret_both_work_during_a_change() {
        let secrets = [secret("new"), secret(SECRET)];
        assert_eq!(verify(&secrets, Some(SIGNATURE.as_bytes()), BODY), Ok(()));
        let by_new = sign(&secrets[0], BODY);
        assert_eq!(verify(&secrets, Some(by_new.as_bytes()), BODY), Ok(()));
    }

    #[test]
    fn only_the_configured_token_matches() {
        let token = secret("blue-kettle");
        assert!(verify_token_matches(&token, "blue-kettle"));
        assert!(!verify_token_matches(&token, "blue-kettl"));
        assert!(!verify_token_matches(&token, "Blue-kettle"));
        assert!(!verify_token_matches(&token, ""));
        assert!(!verify_token_matches(&secret(""), ""));
    }
}
