//! RFC 6962/9162 hashing, compact ranges, tiles and proofs: arithmetic only.
