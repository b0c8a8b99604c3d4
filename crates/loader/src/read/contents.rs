//! An object's content, for each of the times that it is read.

use std::io;

use aurora::Deadline;
use bucket::{Metadata, ObjectVersion, Opened, Reader, Store};
use tokio::task::spawn_blocking;

use crate::error::LoadError;

/// An object's content. It is requested once beforehand, because the answer also has the metadata;
/// the first read uses that answer.
#[derive(Debug)]
pub(crate) struct Contents<S: Store> {
    store: S,
    object: ObjectVersion,
    opened: Option<Opened<S::Content>>,
    deadline: Deadline,
}

impl<S: Store> Contents<S> {
    /// Opens an object, to be read until `deadline`; gives its metadata, too.
    pub(crate) async fn open(
        store: S,
        object: ObjectVersion,
        deadline: Deadline,
    ) -> Result<(Self, Metadata), LoadError> {
        let mut opened = store.open(&object, 0).await?;
        let metadata = std::mem::take(&mut opened.metadata);
        Ok((Self { store, object, opened: Some(opened), deadline }, metadata))
    }

    /// Returns a reader of the content from a byte on, and the future that feeds it.
    pub(crate) fn reader(
        &mut self,
        from: u64,
    ) -> (impl Future<Output = ()> + Send + 'static + use<S>, Reader) {
        let opened = self.opened.take_if(|_| from == 0);
        Reader::fed(self.store.clone(), self.object.clone(), from, opened)
    }

    /// Reads the content from its start, in `work` on a thread that may block.
    ///
    /// # Errors
    /// Those of `work`, and [`LoadError::OutOfTime`].
    pub(crate) async fn read<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(Box<dyn io::Read + Send>) -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, LoadError> {
        let (feed, reader) = self.reader(0);
        let working = spawn_blocking(move || work(Box::new(reader)));
        let done = self.deadline.bound(Reader::feed_while(feed, working)).await;
        done.map_err(|_| LoadError::OutOfTime)??
    }
}
