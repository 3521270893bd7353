//! The bytes of a snapshot: a first line, then frames of four bytes of length (big-endian) and as many bytes. For each
//! table a frame with its name, frames with its rows, and an empty one; behind the last table another empty one, and the
//! end.

use super::StateCopyError;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

const FIRST_LINE: &[u8] = b"databourse-snapshot@v1\n";
/// When collected rows become a frame.
const FRAME_BYTES: usize = 65_536;
/// The longest frame that is read.
const FRAME_BYTES_MAX: usize = 1_048_576;

/// Writes frames.
pub(super) struct FrameWriter<'a, W> {
    sink: &'a mut W,
    waiting: Vec<u8>,
}

impl<'a, W: AsyncWrite + Unpin> FrameWriter<'a, W> {
    pub(super) async fn begin(sink: &'a mut W) -> Result<Self, StateCopyError> {
        sink.write_all(FIRST_LINE).await?;
        Ok(Self { sink, waiting: Vec::with_capacity(2 * FRAME_BYTES) })
    }

    pub(super) async fn table(&mut self, name: &str) -> Result<(), StateCopyError> {
        self.frame(name.as_bytes()).await
    }

    pub(super) async fn rows(&mut self, bytes: &[u8]) -> Result<(), StateCopyError> {
        for part in bytes.chunks(FRAME_BYTES) {
            self.waiting.extend_from_slice(part);
            if self.waiting.len() >= FRAME_BYTES {
                self.flush_rows().await?;
            }
        }
        Ok(())
    }

    pub(super) async fn end_table(&mut self) -> Result<(), StateCopyError> {
        if !self.waiting.is_empty() {
            self.flush_rows().await?;
        }
        self.frame(&[]).await
    }

    pub(super) async fn end(mut self) -> Result<(), StateCopyError> {
        self.frame(&[]).await?;
        Ok(self.sink.flush().await?)
    }

    async fn flush_rows(&mut self) -> Result<(), StateCopyError> {
        let rows = std::mem::take(&mut self.waiting);
        self.frame(&rows).await?;
        self.waiting = rows;
        self.waiting.clear();
        Ok(())
    }

    async fn frame(&mut self, bytes: &[u8]) -> Result<(), StateCopyError> {
        let length = u32::try_from(bytes.len());
        let length = length.map_err(|_| StateCopyError::Malformed("frames below 4 GiB".to_owned()))?;
        self.sink.write_all(&length.to_be_bytes()).await?;
        Ok(self.sink.write_all(bytes).await?)
    }
}

/// Reads frames.
pub(crate) struct FrameReader<'a, R> {
    source: &'a mut R,
}

impl<'a, R: AsyncRead + Unpin> FrameReader<'a, R> {
    pub(crate) async fn begin(source: &'a mut R) -> Result<Self, StateCopyError> {
        let mut line = [0; FIRST_LINE.len()];
        source.read_exact(&mut line).await?;
        if line == *FIRST_LINE {
            Ok(Self { source })
        } else {
            let expected = String::from_utf8_lossy(FIRST_LINE.trim_ascii_end());
            Err(StateCopyError::Malformed(format!("the first line `{expected}`")))
        }
    }

    /// The next frame, which is empty at the end of a table and of the file.
    pub(crate) async fn next(&mut self) -> Result<Vec<u8>, StateCopyError> {
        let mut length = [0; 4];
        self.source.read_exact(&mut length).await?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > FRAME_BYTES_MAX {
            return Err(StateCopyError::Malformed(format!("frames of at most {FRAME_BYTES_MAX} bytes")));
        }
        let mut bytes = vec![0; length];
        self.source.read_exact(&mut bytes).await?;
        Ok(bytes)
    }

    /// The name of the next table must be `name`, or empty at the end.
    pub(crate) async fn table(&mut self, name: &str) -> Result<(), StateCopyError> {
        let found = self.next().await?;
        if found == name.as_bytes() {
            return Ok(());
        }
        let what = if name.is_empty() { "the end".to_owned() } else { format!("table `{name}`") };
        Err(StateCopyError::Malformed(format!("{what} after what was read")))
    }

    /// Nothing must follow.
    pub(crate) async fn end(mut self) -> Result<(), StateCopyError> {
        self.table("").await?;
        if self.source.read(&mut [0; 1]).await? == 0 {
            Ok(())
        } else {
            Err(StateCopyError::Malformed("nothing behind the last table".to_owned()))
        }
    }
}
