//! The content coding of a request's body (RFC 9110, section 8.4): none, or gzip.

use std::io::Read;

use axum::http::{HeaderMap, header};
use domain::shortened;
use flate2::bufread::MultiGzDecoder;

use super::error::BodyError;

/// The first bytes of every gzip member (RFC 1952, section 2.3.1). No JSON text begins with them.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Characters that are quoted of an unsupported coding: a header may have kilobytes.
const MAX_NAME: usize = 64;

/// Returns true if the body is declared as gzip, under either of its names. `identity` means no
/// coding.
///
/// # Errors
/// [`BodyError::UnsupportedEncoding`] for any other coding, and for several of them.
pub(super) fn is_gzip(headers: &HeaderMap) -> Result<bool, BodyError> {
    let lines = headers.get_all(header::CONTENT_ENCODING).into_iter();
    let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    let declared = lines.join(", ");
    let is_coding = |name: &&str| !name.is_empty() && !name.eq_ignore_ascii_case("identity");
    let mut codings = declared.split(',').map(str::trim).filter(is_coding);
    match (codings.next(), codings.next()) {
        (None, _) => Ok(false),
        (Some(name), None) if ["gzip", "x-gzip"].iter().any(|gzip| name.eq_ignore_ascii_case(gzip)) => {
            Ok(true)
        }
        _ => Err(BodyError::UnsupportedEncoding(shortened(&*declared, MAX_NAME).into_owned())),
    }
}

/// Returns the most bytes that a body of `limit` bytes takes as gzip. Incompressible data takes 9
/// bits a byte with the fastest encoders, and hardly more than 8 with others.
pub(super) fn packed_limit(limit: usize) -> usize {
    limit + limit / 8 + 1024
}

/// Unpacks a body that is declared as gzip, all members of it, and never more than `limit` bytes
/// and one.
///
/// Text is returned as it is: API Gateway unpacks gzip itself and leaves the header
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-make-request-with-compressed-payload.html>,
/// <https://github.com/dougmoscrop/serverless-http/issues/194>), while other gateways hand the packed
/// bytes on. To trust the header alone would refuse every gzip body at AWS; to trust the gateway
/// would refuse each behind another one.
///
/// # Errors
/// [`BodyError::TooLarge`], [`BodyError::Damaged`].
pub(super) fn unpack(body: Vec<u8>, limit: usize) -> Result<Vec<u8>, BodyError> {
    let too_large = |body: &[u8]| body.len() > limit;
    if !body.starts_with(&MAGIC) && std::str::from_utf8(&body).is_ok() {
        return if too_large(&body) { Err(BodyError::TooLarge(limit)) } else { Ok(body) };
    }
    let mut unpacked = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = MultiGzDecoder::new(&*body).take(most).read_to_end(&mut unpacked);
    match read {
        _ if too_large(&unpacked) => Err(BodyError::TooLarge(limit)),
        Ok(_) => Ok(unpacked),
        Err(_) => Err(BodyError::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(content).unwrap();
        packed.finish().unwrap()
    }

    fn declared(lines: &[&str]) -> Result<bool, String> {
        let lines = lines.iter().map(|line| (header::CONTENT_ENCODING, line.parse().unwrap()));
        let mut headers = HeaderMap::new();
        lines.for_each(|(name, line)| _ = headers.append(name, line));
        is_gzip(&headers).map_err(|error| match error {
            BodyError::UnsupportedEncoding(name) => name,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn knows_gzip_by_its_names_and_refuses_everything_else() {
        for none in [&[][..], &[""], &["identity"], &["Identity", ", ,"]] {
            assert_eq!(declared(none), Ok(false), "{none:?}");
        }
        for gzip in [&["gzip"][..], &["GZip"], &["x-gzip"], &[" X-GZIP "], &["identity, gzip"], &["gzip", ""]]
        {
            assert_eq!(declared(gzip), Ok(true), "{gzip:?}");
        }
        for other in [&["br"][..], &["deflate"], &["gzip, gzip"], &["gzip", "br"], &["gzip;q=1"], &["*"]] {
            assert_eq!(declared(other), Err(other.join(", ")), "{other:?}");
        }
        assert!(declared(&[&"x".repeat(10_000)]).unwrap_err().len() < 100);
    }

    #[test]
    fn unpacks_every_member_up_to_the_limit() {
        assert_eq!(unpack(gzip(b"1234"), 4).unwrap(), b"1234");
        assert_eq!(unpack([gzip(b"12"), gzip(b""), gzip(b"34")].concat(), 4).unwrap(), b"1234");
        assert_eq!(unpack(gzip(b""), 4).unwrap(), b"");
        assert_eq!(unpack(gzip(b"12345"), 4), Err(BodyError::TooLarge(4)));
        assert_eq!(unpack([gzip(b"1234"), gzip(b"5")].concat(), 4), Err(BodyError::TooLarge(4)));
    }

    #[test]
    fn never_unpacks_a_bomb() {
        let bomb = gzip(&vec![b' '; 50_000_000]);
        assert!(bomb.len() < 100_000);
        assert_eq!(unpack(bomb, 1000), Err(BodyError::TooLarge(1000)));
    }

    #[test]
    fn detects_damage_wherever_it_is() {
        let whole = gzip(b"[{\"id\": 1, \"tag_name\": \"Clerk\"}]");
        for end in 2..whole.len() {
            assert_eq!(unpack(whole[..end].to_vec(), 1000), Err(BodyError::Damaged), "{end}");
        }
        let mut sum = whole.clone();
        let crc = sum.len() - 8;
        sum[crc] ^= 1;
        assert_eq!(unpack(sum, 1000), Err(BodyError::Damaged));
        assert_eq!(unpack([&whole[..], b"and more"].concat(), 1000), Err(BodyError::Damaged));
        assert_eq!(unpack(b"\x78\x9c\xab\x56".to_vec(), 1000), Err(BodyError::Damaged));
    }

    #[test]
    fn takes_what_a_gateway_has_unpacked() {
        assert_eq!(unpack(b"{}".to_vec(), 2).unwrap(), b"{}");
        assert_eq!(unpack(b"{ }".to_vec(), 2), Err(BodyError::TooLarge(2)));
    }

    #[test]
    fn incompressible_data_fits_the_limit_of_packed_bodies() {
        let mut noise = 1_u64;
        let content: Vec<u8> = (0..400_000)
            .map(|_| {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                noise.to_be_bytes()[0]
            })
            .collect();
        for level in 0..=9 {
            let mut packed = GzEncoder::new(Vec::new(), Compression::new(level));
            packed.write_all(&content).unwrap();
            assert!(packed.finish().unwrap().len() <= packed_limit(content.len()), "{level}");
        }
    }
}
