//! `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]` (C2SP tlog-tiles, "Merkle Tree" and "Log entries").
//!
//! Every resource has one spelling. A second one would be a second cache key for the same bytes, so the parser takes
//! the canonical form and nothing else, in this order: the frame, the level, the width, the index.

use core::fmt;
use core::str::FromStr;

use super::{BundleCoord, TILE_WIDTH, TileCoord};

/// What a path under `tile/` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TilePath {
    /// `tile/<L>/…`, hashes.
    Tile(TileCoord),
    /// `tile/entries/…`, entries.
    Bundle(BundleCoord),
}

impl TilePath {
    /// Reads a path without its leading slash.
    ///
    /// # Errors
    /// [`PathError`] for anything but the canonical spelling.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let rest = path.strip_prefix("tile/").ok_or(PathError::Frame)?;
        let (kind, rest) = rest.split_once('/').ok_or(PathError::Frame)?;
        let level = match kind {
            "entries" => None,
            digits => Some(level(digits)?),
        };
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, digits)) => (groups, width(digits)?),
            None => (rest, TILE_WIDTH),
        };
        let index = index(groups)?;
        Ok(match level {
            Some(level) => Self::Tile(TileCoord::trusted(level, index, width)),
            None => Self::Bundle(BundleCoord::trusted(index, width)),
        })
    }
}

impl TileCoord {
    /// `tile/<L>/<N>[.p/<W>]`, without a leading slash.
    #[must_use]
    pub fn path(self) -> String {
        self.to_string()
    }

    /// Reads the path of a tile of hashes, without its leading slash.
    ///
    /// # Errors
    /// [`PathError`] for anything but the canonical spelling; [`PathError::Level`] for a bundle.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        match TilePath::parse(path)? {
            TilePath::Tile(coord) => Ok(coord),
            TilePath::Bundle(_) => Err(PathError::Level),
        }
    }
}

impl BundleCoord {
    /// `tile/entries/<N>[.p/<W>]`, without a leading slash.
    #[must_use]
    pub fn path(self) -> String {
        self.to_string()
    }

    /// Reads the path of an entry bundle, without its leading slash.
    ///
    /// # Errors
    /// [`PathError`] for anything but the canonical spelling; [`PathError::Frame`] for a tile of hashes.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        match TilePath::parse(path)? {
            TilePath::Bundle(coord) => Ok(coord),
            TilePath::Tile(_) => Err(PathError::Frame),
        }
    }
}

/// A decimal number as it is written: digits only, no sign, no leading zero, no more than `u16` needs here.
fn decimal(digits: &str) -> Option<u16> {
    let canonical = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if canonical { digits.parse().ok() } else { None }
}

fn level(digits: &str) -> Result<u8, PathError> {
    let level = decimal(digits).and_then(|n| u8::try_from(n).ok()).ok_or(PathError::Level)?;
    if level > TileCoord::LEVEL_MAX { Err(PathError::Level) } else { Ok(level) }
}

fn width(digits: &str) -> Result<u16, PathError> {
    decimal(digits).filter(|width| (1..TILE_WIDTH).contains(width)).ok_or(PathError::Width)
}

fn index(text: &str) -> Result<u64, PathError> {
    let mut values = Vec::new();
    let mut groups = text.split('/').peekable();
    while let Some(group) = groups.next() {
        let last = groups.peek().is_none();
        let digits = if last { group } else { group.strip_prefix('x').ok_or(PathError::Index)? };
        match digits.as_bytes() {
            [a, b, c] if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                values
                    .push([a, b, c].into_iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')));
            }
            _ => return Err(PathError::Index),
        }
    }
    if values.len() > 1 && values.first() == Some(&0) {
        return Err(PathError::Padding);
    }
    let join = |index: u64, value| index.checked_mul(1000)?.checked_add(value);
    values.into_iter().try_fold(0, join).ok_or(PathError::Overflow)
}

/// `<N>[.p/<W>]`
fn write_place(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let mut divisor = 1;
    while index / divisor >= 1000 {
        divisor *= 1000;
    }
    while divisor > 1 {
        write!(f, "x{:03}/", index / divisor % 1000)?;
        divisor /= 1000;
    }
    write!(f, "{:03}", index % 1000)?;
    if width == TILE_WIDTH { Ok(()) } else { write!(f, ".p/{width}") }
}

impl fmt::Display for TileCoord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level())?;
        write_place(f, self.index(), self.width())
    }
}

impl fmt::Display for BundleCoord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_place(f, self.index(), self.width())
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tile(coord) => coord.fmt(f),
            Self::Bundle(coord) => coord.fmt(f),
        }
    }
}

impl FromStr for TilePath {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        Self::parse(path)
    }
}

/// Why a path names no tile; the first reason in the order of the variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// Not `tile/<something>/<something>`, or hashes where entries were wanted.
    Frame,
    /// The level is not `0` to `63` without leading zeros, or entries where hashes were wanted.
    Level,
    /// `.p/` is not followed by `1` to `255` without leading zeros.
    Width,
    /// The index is not three-digit groups, all but the last with `x` before them.
    Index,
    /// The index begins with a group of zeros that it does not need.
    Padding,
    /// The index does not fit in 64 bits.
    Overflow,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Frame => "not a path of the wanted kind below tile/",
            Self::Level => "the tile level is not 0 to 63 in plain decimal",
            Self::Width => "the partial width is not 1 to 255 in plain decimal",
            Self::Index => "the tile index is not groups of three digits",
            Self::Padding => "the tile index begins with a needless group of zeros",
            Self::Overflow => "the tile index does not fit in 64 bits",
        })
    }
}

impl core::error::Error for PathError {}
