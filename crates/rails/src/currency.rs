//! Which assets are currencies of ISO 4217, and amounts as files write them.

use databourse_primitives::{AmountMinor, Asset, Refusal, RefusalCode};

/// ISO 4217 list one as of 2026-01-01: the decimals of a currency's minor unit and the codes that have so many. Codes
/// without a minor unit (precious metals, test code `XTS`) are not currencies here.
const CURRENCIES: [(u32, &str); 4] = [
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
    (
        2,
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW \
         CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF \
         IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK \
         MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP \
         SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG \
         YER ZAR ZMW ZWG",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
];

/// The asset that a currency code names.
pub(crate) fn asset_of(code: &str) -> Option<Asset> {
    let (scale, _) = CURRENCIES.iter().find(|(_, codes)| codes.split(' ').any(|known| known == code))?;
    format!("{code}/{scale}").parse().ok()
}

/// The currency code of an asset.
///
/// # Errors
/// `asset.unknown` if ISO 4217 has no such currency, or has it with other decimals.
pub(crate) fn currency_of(asset: &Asset) -> Result<&str, Refusal> {
    if asset_of(asset.code()) == Some(*asset) {
        Ok(asset.code())
    } else {
        let expected = format!("a currency of ISO 4217 with its decimals, not {asset}");
        Err(Refusal::new(RefusalCode::AssetUnknown, "asset", expected))
    }
}

/// Minor units as a decimal with exactly `scale` decimals and no sign.
pub(crate) fn decimal(minor: i128, scale: u32) -> String {
    let minor = minor.unsigned_abs();
    // A scale is at most 9.
    let unit = 10_u128.pow(scale.min(9));
    match scale {
        0 => minor.to_string(),
        _ => format!("{}.{:0width$}", minor / unit, minor % unit, width = scale as usize),
    }
}

/// Minor units that a decimal says: digits, at most one point, at most `scale` decimals, at most 18 digits. `None` for
/// a sign, an exponent, grouping, or a decimal more.
pub(crate) fn minor_of(text: &str, scale: u32) -> Option<i128> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let shape = !whole.is_empty()
        && digits(whole)
        && digits(decimals)
        && text.ends_with(|last: char| last.is_ascii_digit())
        && decimals.len() <= scale as usize
        && whole.len() + decimals.len() <= 18;
    if !shape {
        return None;
    }
    let padding = scale.checked_sub(u32::try_from(decimals.len()).ok()?)?;
    let unscaled: i128 = format!("{whole}{decimals}").parse().ok()?;
    unscaled.checked_mul(10_i128.checked_pow(padding)?)
}

/// [`minor_of`] for an amount of one line.
pub(crate) fn amount_of(text: &str, asset: Asset) -> Option<AmountMinor> {
    let minor = i64::try_from(minor_of(text, asset.scale())?).ok()?;
    AmountMinor::new(minor).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_currencies_with_their_decimals_leave() {
        for (asset, accepted) in [
            ("CNY/2", true),
            ("JPY/0", true),
            ("KWD/3", true),
            ("CLF/4", true),
            ("CNY/3", false),
            ("XTS/3", false),
            ("CARBON/2", false),
            ("JPY/2", false),
            ("XAU/0", false),
        ] {
            assert_eq!(currency_of(&asset.parse().unwrap()).is_ok(), accepted, "{asset}");
        }
        for code in ["", " ", "CNY ", "CNY HKD", "cny", "XTS"] {
            assert_eq!(asset_of(code), None, "{code:?}");
        }
        let codes: Vec<_> = CURRENCIES.iter().flat_map(|(_, codes)| codes.split(' ')).collect();
        assert_eq!(codes.len(), 17 + 139 + 7 + 2);
        assert!(codes.iter().all(|code| code.len() == 3 && asset_of(code).is_some()));
    }

    #[track_caller]
    fn check(text: &str, scale: u32, expected: Option<i128>) {
        assert_eq!(minor_of(text, scale), expected, "{text:?}");
    }

    #[test]
    fn an_amount_is_plain_digits_or_nothing() {
        check("12.34", 2, Some(1234));
        check("12.3", 2, Some(1230));
        check("12", 2, Some(1200));
        check("0012", 0, Some(12));
        check("0.00", 2, Some(0));
        check("999999999999999999", 9, Some(999_999_999_999_999_999_000_000_000));
        for bad in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1,000",
            " 1",
            "1.234",
            "1.2.3",
            "１２",
            "9999999999999999999",
        ] {
            check(bad, 2, None);
        }
        for (minor, scale, text) in [(1, 2, "0.01"), (-1234, 2, "12.34"), (5, 0, "5"), (1_000, 3, "1.000")] {
            assert_eq!(decimal(minor, scale), text);
        }
        let cny = "CNY/2".parse().unwrap();
        assert_eq!(amount_of("90071992547409.91", cny).map(AmountMinor::get), Some((1 << 53) - 1));
        assert_eq!(amount_of("90071992547409.92", cny), None);
    }
}
