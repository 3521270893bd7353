//! Opening a file that may or may not be gzip: the first two bytes decide (RFC 1952 §2.3.1), never the name.

use super::error::FileError;
use flate2::read::MultiGzDecoder;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

/// The two bytes that every gzip member begins with.
const MAGIC: [u8; 2] = [0x1f, 0x8b];
const BUFFER_BYTES: usize = 64 * 1024;

/// A stream of decompressed bytes.
pub(crate) type Input = Box<dyn BufRead + Send>;

/// Opens `path` for reading its decompressed bytes.
///
/// # Errors
/// [`FileError::Open`] if it cannot be opened or its first bytes cannot be read.
pub(crate) fn open(path: &Path) -> Result<Input, FileError> {
    let refuse = |source| FileError::Open { path: path.to_owned(), source };
    decompressed(File::open(path).map_err(refuse)?).map_err(refuse)
}

/// The bytes of `source`, decompressed if they are gzip. Several members in a row are read as one stream.
///
/// # Errors
/// Those of reading the first two bytes.
pub(crate) fn decompressed(mut source: impl Read + Send + 'static) -> io::Result<Input> {
    let mut head = Vec::with_capacity(MAGIC.len());
    Read::take(&mut source, 2).read_to_end(&mut head)?;
    let gzip = head == MAGIC;
    let whole = io::Cursor::new(head).chain(source);
    Ok(if gzip {
        let compressed = BufReader::with_capacity(BUFFER_BYTES, whole);
        Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(compressed)))
    } else {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, whole))
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write as _;

    /// `bytes` as one gzip member.
    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        decompressed(io::Cursor::new(bytes))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn gzip_is_known_by_its_first_bytes() {
        assert_eq!(read(b"plain".to_vec()).unwrap(), "plain");
        assert_eq!(read(gzip(b"packed")).unwrap(), "packed");
        assert_eq!(read([gzip(b"two "), gzip(b"members")].concat()).unwrap(), "two members");
        assert_eq!(read(Vec::new()).unwrap(), "");
        assert_eq!(read(b"x".to_vec()).unwrap(), "x");
        assert!(matches!(open(Path::new("/nowhere/at/all")), Err(FileError::Open { .. })));
    }
}
