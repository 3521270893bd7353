//! The binary form of every message of the network, of catching up and of the write-ahead log.
//!
//! Numbers are big-endian; each length stands before its bytes and is bounded; one value has one form, and nothing may
//! follow it. Reading never panics and never makes room for more than has come.

mod messages;
mod words;

use bytes::{Buf, Bytes};
use std::fmt;

/// What does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CodecError {
    /// What was expected.
    pub(super) expected: &'static str,
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for CodecError {}

/// Reads and writes messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct BinaryCodec;

/// A value with a binary form.
pub(super) trait Wire: Sized {
    /// Appends the form.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads it off the front of `input`.
    fn read(input: &mut Bytes) -> Result<Self, CodecError>;
}

/// The whole form.
pub(super) fn encode<T: Wire>(value: &T) -> Bytes {
    let mut out = Vec::new();
    value.write(&mut out);
    out.into()
}

/// Reads a value that is all of `bytes`.
pub(super) fn decode<T: Wire>(mut bytes: Bytes) -> Result<T, CodecError> {
    let value = T::read(&mut bytes)?;
    if bytes.has_remaining() { fail("nothing more") } else { Ok(value) }
}

fn fail<T>(expected: &'static str) -> Result<T, CodecError> {
    Err(CodecError { expected })
}

/// The next `count` bytes.
fn take(input: &mut Bytes, count: usize) -> Result<Bytes, CodecError> {
    if input.len() < count { fail("more bytes") } else { Ok(input.split_to(count)) }
}

/// The next `N` bytes.
fn array<const N: usize>(input: &mut Bytes) -> Result<[u8; N], CodecError> {
    let bytes = take(input, N)?;
    bytes.as_ref().try_into().or_else(|_| fail("more bytes"))
}

fn read_u8(input: &mut Bytes) -> Result<u8, CodecError> {
    array(input).map(|[byte]| byte)
}

fn read_u32(input: &mut Bytes) -> Result<u32, CodecError> {
    array(input).map(u32::from_be_bytes)
}

fn read_u64(input: &mut Bytes) -> Result<u64, CodecError> {
    array(input).map(u64::from_be_bytes)
}

/// Bytes behind their length in 32 bits, at most `count_max`. Longer ones are cut when written, which nothing reads back.
fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend(count.to_be_bytes());
    out.extend(bytes);
}

fn read_bytes(input: &mut Bytes, count_max: usize) -> Result<Bytes, CodecError> {
    match usize::try_from(read_u32(input)?) {
        Ok(count) if count <= count_max => take(input, count),
        _ => fail("fewer bytes"),
    }
}

/// Values behind their number in 16 bits, at most `count_max`.
fn write_list<T: Wire>(out: &mut Vec<u8>, list: &[T]) {
    let count = u16::try_from(list.len()).unwrap_or(u16::MAX);
    out.extend(count.to_be_bytes());
    list.iter().for_each(|item| item.write(out));
}

fn read_list<T: Wire>(input: &mut Bytes, count_max: u16) -> Result<Vec<T>, CodecError> {
    let count = u16::from_be_bytes(array(input)?);
    if count > count_max {
        return fail("fewer items");
    }
    (0..count).map(|_| T::read(input)).collect()
}
