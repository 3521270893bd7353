//! Which tile and which entry bundle (C2SP tlog-tiles, "Merkle Tree" and "Log entries").

use core::fmt;

use super::TILE_WIDTH;

/// The level, place and width of one tile of hashes. A tile of the same place and another width is another resource.
/// Ordered by level, then index, then width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileCoord {
    level: u8,
    index: u64,
    width: u16,
}

impl TileCoord {
    /// The highest level that a path can name (tlog-tiles). Trees that a `u64` can count end at level 7.
    pub const LEVEL_MAX: u8 = 63;

    /// Names a tile.
    ///
    /// # Errors
    /// [`CoordError`] if the level is above 63 or the width is not 1 to 256.
    pub const fn new(level: u8, index: u64, width: u16) -> Result<Self, CoordError> {
        if level > Self::LEVEL_MAX {
            return Err(CoordError::Level { level });
        }
        if width == 0 || width > TILE_WIDTH {
            return Err(CoordError::Width { width });
        }
        Ok(Self { level, index, width })
    }

    /// For callers inside the crate that have already established the bounds.
    pub(crate) const fn trusted(level: u8, index: u64, width: u16) -> Self {
        debug_assert!(level <= Self::LEVEL_MAX && 0 < width && width <= TILE_WIDTH);
        Self { level, index, width }
    }

    /// 0 for leaf hashes; a hash of level l stands for 256^l leaves.
    #[must_use]
    pub const fn level(self) -> u8 {
        self.level
    }

    /// Its place in the level, from 0.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// How many hashes it has, 1 to 256.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether it has all 256 hashes, so that it can never grow.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The same tile once it is full: what a client may ask for when a partial one is gone (tlog-tiles, "Partial
    /// Tiles").
    #[must_use]
    pub const fn full(self) -> Self {
        Self { width: TILE_WIDTH, ..self }
    }
}

/// The place and width of one bundle of entries: those whose leaf hashes are the level-0 tile of the same index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundleCoord {
    index: u64,
    width: u16,
}

impl BundleCoord {
    /// Names a bundle.
    ///
    /// # Errors
    /// [`CoordError::Width`] if the width is not 1 to 256.
    pub const fn new(index: u64, width: u16) -> Result<Self, CoordError> {
        if width == 0 || width > TILE_WIDTH {
            return Err(CoordError::Width { width });
        }
        Ok(Self { index, width })
    }

    /// For callers inside the crate that have already established the bounds.
    pub(crate) const fn trusted(index: u64, width: u16) -> Self {
        debug_assert!(0 < width && width <= TILE_WIDTH);
        Self { index, width }
    }

    /// Its place, from 0.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// How many entries it has, 1 to 256.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether it has all 256 entries, so that it can never grow.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The same bundle once it is full.
    #[must_use]
    pub const fn full(self) -> Self {
        Self { width: TILE_WIDTH, ..self }
    }

    /// The index of its first entry in the log, `None` beyond the last `u64`.
    #[must_use]
    pub const fn first_leaf(self) -> Option<u64> {
        self.index.checked_mul(TILE_WIDTH as u64)
    }

    /// The tile with the leaf hashes of these entries.
    #[must_use]
    pub const fn tile(self) -> TileCoord {
        TileCoord { level: 0, index: self.index, width: self.width }
    }
}

/// Why numbers name no tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoordError {
    /// Above 63.
    Level {
        /// The level given.
        level: u8,
    },
    /// Not 1 to 256.
    Width {
        /// The width given.
        width: u16,
    },
}

impl fmt::Display for CoordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level { level } => write!(f, "tile level {level} is above {}", TileCoord::LEVEL_MAX),
            Self::Width { width } => write!(f, "tile width {width} is not 1 to {TILE_WIDTH}"),
        }
    }
}

impl core::error::Error for CoordError {}
