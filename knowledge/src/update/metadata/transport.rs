//! Hands `tough` the metadata that was read into memory. There is no way to the network or to a disk in it.

use std::sync::Arc;

use futures_util::stream;
use tough::{Bytes, Transport, TransportError, TransportErrorKind, TransportStream, async_trait};
use url::Url;

use crate::update::carrier::Metadata;

/// Metadata by the last part of its address.
#[derive(Debug, Clone)]
pub(super) struct Memory(Arc<Metadata>);

impl Memory {
    pub(super) fn new(metadata: &Metadata) -> Self {
        Memory(Arc::new(metadata.clone()))
    }
}

#[async_trait]
impl Transport for Memory {
    async fn fetch(&self, url: Url) -> Result<TransportStream, TransportError> {
        let name = url.path().strip_prefix("/metadata/").unwrap_or_default();
        let bytes = self.0.get(name).ok_or_else(|| TransportError::new(TransportErrorKind::FileNotFound, &url))?;
        let bytes = Bytes::copy_from_slice(bytes);
        Ok(Box::pin(stream::once(std::future::ready(Ok(bytes)))))
    }
}
