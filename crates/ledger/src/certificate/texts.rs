//! The texts of a compact certificate, deflated (RFC 1951) behind words that every certificate has.

use miniz_oxide::{
    deflate::core::{
        CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output, create_comp_flags_from_zip_params,
    },
    inflate::{
        TINFLStatus,
        core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF},
    },
};

/// The most bytes that the texts of one certificate may inflate to, so that a small code cannot fill the memory.
pub(super) const TEXTS_BYTES_MAX: usize = 131_072;

/// What the window of the compressor holds before the first text: words of a certificate, the likeliest last. Part of
/// the format: a change needs another version.
pub const DICTIONARY: &str = concat!(
    r#""on_behalf_of":"order.placeparty.certifyproduct.listdatabourse+jwtEdDSA/witness/log"#,
    r#"有限公司科技数据交易所Exchange Data Technology Co., Ltd.Limited.000Z"}],"model-training"risk-control"#,
    r#""energy_management","quantity":1,"gross_minor":1"ends_at":"2027-T00:00:00.000Z"},{"line":2,"product":"01"#,
    r#"","revision":1,"supplier":"01","purpose":"logistics","quantity":1,"gross_minor":0000,"ends_at":"2028-1"#,
    r#"{"type":"certificate.issue","id":"01-7-8-9-a-b","exchange":"sh","iat":17,"body":{"order":"01","#,
    r#""number":"-2026-000000","facts":{"buyer":"01","buyer_name":{"zh":"","en":""},"asset":"CNY/2","#,
    r#""total_minor":000,"line_count":1,"lines":[{"line":1,"product":"01"#,
    r#"}],"lines_digest":"sha256:","placed_at":"2026-","completed_at":"2026-"}}}"#
);

/// Deflates `text`, which may point back into [`DICTIONARY`]. The stream begins behind the dictionary's own, which ends
/// on a byte by a flush. `None` only if the compressor fails.
pub(super) fn deflate(text: &[u8]) -> Option<Vec<u8>> {
    // Level 9, raw stream (no zlib header), default strategy.
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(9, 0, 0));
    let mut skipped = 0_usize;
    let (status, _) =
        compress_to_output(&mut compressor, DICTIONARY.as_bytes(), TDEFLFlush::Sync, |bytes: &[u8]| {
            skipped = skipped.saturating_add(bytes.len());
            true
        });
    if status != TDEFLStatus::Okay || skipped == 0 {
        return None;
    }
    let mut deflated = Vec::new();
    let (status, _) = compress_to_output(&mut compressor, text, TDEFLFlush::Finish, |bytes: &[u8]| {
        deflated.extend_from_slice(bytes);
        true
    });
    (status == TDEFLStatus::Done).then_some(deflated)
}

/// Reads what [`deflate`] wrote, or any other raw deflate stream of the same text that fills `deflated` to its end.
/// `None` if it is none or inflates to more than [`TEXTS_BYTES_MAX`].
pub(super) fn inflate(deflated: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(DICTIONARY.len()).ok()?;
    // A stored block (RFC 1951 §3.2.4) that is not the last, and holds the dictionary.
    let mut stream = vec![0];
    stream.extend_from_slice(&length.to_le_bytes());
    stream.extend_from_slice(&(!length).to_le_bytes());
    stream.extend_from_slice(DICTIONARY.as_bytes());
    stream.extend_from_slice(deflated);
    // Twelve hundred times is more than deflate can do, so a short stream takes little memory.
    let room = deflated.len().saturating_mul(1_200).min(TEXTS_BYTES_MAX);
    let mut text = vec![0; DICTIONARY.len().checked_add(room)?];
    let (status, read, written) = decompress(
        &mut DecompressorOxide::new(),
        &stream,
        &mut text,
        0,
        TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
    );
    if status != TINFLStatus::Done || read != stream.len() {
        return None;
    }
    text.truncate(written);
    Some(text.split_off(DICTIONARY.len().min(written)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_known_words_cost_little() {
        for text in ["", "x", r#""lines_digest":"sha256:","placed_at":"2026-"#, &"气象".repeat(9_000)] {
            let deflated = deflate(text.as_bytes()).unwrap();
            assert_eq!(inflate(&deflated).as_deref(), Some(text.as_bytes()));
        }
        let known = deflate(&DICTIONARY.as_bytes()[300..550]).unwrap();
        assert!(known.len() < 25, "{} bytes", known.len());
    }

    #[test]
    fn a_stream_that_is_cut_lengthened_or_a_bomb_is_refused() {
        let good = deflate(b"some text").unwrap();
        assert_eq!(inflate(&good[..good.len() - 1]), None);
        assert_eq!(inflate(&[good.as_slice(), &[0]].concat()), None);
        assert_eq!(inflate(&[]), None);
        assert_eq!(inflate(&[0xff; 40]), None);
        assert!(inflate(&deflate(&vec![b' '; TEXTS_BYTES_MAX]).unwrap()).is_some());
        assert_eq!(inflate(&deflate(&vec![b' '; TEXTS_BYTES_MAX + 1]).unwrap()), None);
    }
}
