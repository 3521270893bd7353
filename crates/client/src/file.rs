//! The client: files, which are neither JSON nor text.

use crate::{Client, ClientError, retry::until_answered};
use reqwest::{Method, header};
use serde::de::DeserializeOwned;

/// A file that a node sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedFile {
    /// Its name without a folder, if the node said one that is safe to use.
    pub name: Option<String>,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Client {
    /// The file at `path`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_file(&self, path: &str) -> Result<ReceivedFile, ClientError> {
        until_answered(async || {
            let response = self.response(self.request(Method::GET, path)).await?;
            let disposition = response.headers().get(header::CONTENT_DISPOSITION);
            let name = disposition.and_then(|value| value.to_str().ok()).and_then(file_name);
            let bytes = response.bytes().await.map_err(|source| self.transport(source))?;
            Ok(ReceivedFile { name, bytes: bytes.to_vec() })
        })
        .await
    }

    /// Posts a file of this media type; only to where the same file may be sent twice.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn post_file<T: DeserializeOwned>(
        &self,
        path: &str,
        media_type: &str,
        bytes: Vec<u8>,
    ) -> Result<T, ClientError> {
        until_answered(async || {
            let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, media_type);
            self.answer(request.body(bytes.clone())).await
        })
        .await
    }
}

/// The name in `attachment; filename="…"`, if it names no folder.
fn file_name(disposition: &str) -> Option<String> {
    let (_, rest) = disposition.split_once("filename=")?;
    let name = rest.split(';').next()?.trim().trim_matches('"');
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (!name.is_empty() && !name.starts_with('.') && name.bytes().all(safe)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_folder() {
        let name = |text: &str| file_name(&format!("attachment; filename={text}"));
        assert_eq!(name("\"CNY.2-7-sh.xml\"").as_deref(), Some("CNY.2-7-sh.xml"));
        assert_eq!(name("a.pdf; size=3").as_deref(), Some("a.pdf"));
        for bad in ["\"\"", "\"../a\"", "\"a/b\"", "\".ssh\"", "\"a b\""] {
            assert_eq!(name(bad), None, "{bad}");
        }
        assert_eq!(file_name("inline"), None);
    }
}
