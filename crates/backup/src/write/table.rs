//! One table of a backup: pages from the snapshot, through the encoder, into files.

use aurora::Deadline;
use aurora::snapshot::{Page, Pages, Snapshot};
use bucket::{Store, Upload};
use domain::avro::{Codec, Schema};
use domain::backup::{BackupId, FileManifest, TableManifest, part_key, part_name};
use domain::dictionary::Table;
use domain::row_text::ContentSum;
use tokio::task::spawn_blocking;

use super::encode::{Encoder, Finished};
use crate::error::BackupError;
use crate::state::{After, Progress};

/// Writes a table.
#[derive(Debug)]
pub(crate) struct Writing<'w, S> {
    pub(crate) store: &'w S,
    pub(crate) backup: &'w BackupId,
    pub(crate) dictionary_version: &'static str,
    pub(crate) codec: Codec,
    pub(crate) part_bytes: u64,
    /// The number of times that the size of pages is halved.
    pub(crate) halvings: u32,
    /// When to stop, so that another invocation continues.
    pub(crate) until: Deadline,
}

impl<S: Store> Writing<'_, S> {
    /// Writes the rest of a table to files. Stops when there is no more time: then `progress` says
    /// where to continue, and is not complete. Every file that is begun takes the next number, even
    /// if it is never finished.
    pub(crate) async fn write(
        &self,
        snapshot: &Snapshot,
        table: &'static Table,
        progress: &mut Option<Progress>,
        next_part: &mut u32,
    ) -> Result<(), BackupError> {
        // The database says what may be NULL. The dictionary says what rows must bring, but the
        // table may hold older rows without it, and a backup must hold those too.
        let nullable = match snapshot.nullable(table).await {
            Err(aurora::Error::OutOfTime) => return Ok(()),
            nullable => nullable.map_err(|error| BackupError::of_table(error, table.name()))?,
        };
        let schema = Schema::of(table, &nullable);
        let progress = progress.get_or_insert_with(|| started(table, &schema));
        if progress.manifest.schema_fingerprint != schema.fingerprint() {
            return Err(BackupError::Altered { table: table.name().to_owned() });
        }
        let encoder = Encoder::new(
            self.backup.clone(),
            self.dictionary_version,
            table,
            nullable.clone(),
            schema,
            self.codec,
            progress.sum(),
        );
        let after = progress.after.as_ref().map(|after| after.key(table)).transpose();
        // A release that came between two invocations may have given it another key.
        let after = after.map_err(|_| BackupError::Altered { table: table.name().to_owned() })?;
        let pages = snapshot.pages(table, &nullable, after).halved(self.halvings);
        let mut files =
            Files { writing: self, table, encoder: Some(encoder), upload: None, part: 0, next_part };
        let written = files.fill(pages, progress).await;
        if written.is_err() {
            files.abandon().await;
        }
        written?;
        match snapshot.check(table.name()).await {
            Err(aurora::Error::OutOfTime) => {
                // The next invocation finds no more rows, and checks again.
                progress.is_complete = false;
                Ok(())
            }
            checked => checked.map_err(|error| BackupError::of_table(error, table.name())),
        }
    }
}

/// Returns the progress of a table of which nothing is written.
fn started(table: &Table, schema: &Schema) -> Progress {
    let manifest = TableManifest {
        rows: 0,
        bytes: 0,
        checksum: ContentSum::default().checksum(),
        schema_fingerprint: schema.fingerprint().to_owned(),
        columns: table.columns().iter().map(|column| column.name().to_owned()).collect(),
        files: Vec::new(),
    };
    Progress { manifest, after: None, is_complete: false }
}

/// The files of a table that are being written, one at a time.
struct Files<'w, S: Store> {
    writing: &'w Writing<'w, S>,
    table: &'static Table,
    /// `None` while a thread has it.
    encoder: Option<Encoder>,
    upload: Option<Upload<S>>,
    part: u32,
    next_part: &'w mut u32,
}

impl<S: Store> Files<'_, S> {
    async fn fill(&mut self, mut pages: Pages<'_>, progress: &mut Progress) -> Result<(), BackupError> {
        let of_table = |error| BackupError::of_table(error, self.table.name());
        let until = self.writing.until;
        let mut page = match pages.next().await {
            Err(aurora::Error::OutOfTime) => return Ok(()),
            first => first.map_err(of_table)?,
        };
        while let Some(current) = page.take() {
            if self.upload.is_none() {
                self.begin()?;
            }
            let after = current.last_key().clone();
            let mut is_over = until.is_over();
            // The next page is on its way while this one is encoded.
            let next = async { if is_over { Ok(None) } else { pages.next().await } };
            let (pushed, next) = tokio::join!(self.push(current), next);
            pushed?;
            progress.after = Some(After::new(&after));
            page = match next {
                Err(aurora::Error::OutOfTime) => {
                    is_over = true;
                    None
                }
                next => next.map_err(|error| BackupError::of_table(error, self.table.name()))?,
            };
            let is_full =
                self.upload.as_ref().is_some_and(|upload| upload.bytes() >= self.writing.part_bytes);
            if is_full || is_over {
                self.end(progress).await?;
            }
            if is_over {
                return Ok(());
            }
        }
        if self.upload.is_none() && progress.manifest.files.is_empty() {
            // A table without rows has a file all the same: readers learn its schema.
            self.begin()?;
        }
        self.end(progress).await?;
        progress.is_complete = true;
        Ok(())
    }

    fn begin(&mut self) -> Result<(), BackupError> {
        let Writing { store, backup, .. } = self.writing;
        self.part = *self.next_part;
        *self.next_part += 1;
        if let Some(encoder) = &mut self.encoder {
            encoder.begin(self.part)?;
        }
        let key = part_key(backup, self.table.name(), self.part);
        self.upload = Some(Upload::new((*store).clone(), key));
        Ok(())
    }

    async fn push(&mut self, page: Page) -> Result<(), BackupError> {
        let bytes = self
            .on_thread(move |encoder| {
                let texts = page.read().map_err(BackupError::Database)?;
                encoder.push(texts.iter())
            })
            .await?;
        if let Some(upload) = &mut self.upload {
            upload.write(&bytes).await?;
        }
        Ok(())
    }

    async fn end(&mut self, progress: &mut Progress) -> Result<(), BackupError> {
        let Some(Finished { rest, rows, bytes, sha256 }) = self.on_thread(Encoder::finish).await? else {
            return Ok(());
        };
        let Some(mut upload) = self.upload.take() else { return Ok(()) };
        if let Err(error) = upload.write(&rest).await {
            upload.abandon().await;
            return Err(error.into());
        }
        let uploaded = upload.finish().await?;
        if !uploaded.is_written {
            return Err(BackupError::Taken { key: uploaded.key });
        }
        let manifest = &mut progress.manifest;
        manifest.rows += rows;
        manifest.bytes += bytes;
        manifest.checksum = self.encoder.as_ref().map(Encoder::sum).unwrap_or_default().checksum();
        let key = part_name(self.table.name(), self.part);
        manifest.files.push(FileManifest { key, rows, bytes, sha256 });
        Ok(())
    }

    /// Lets the encoder work on a thread that may compute for long.
    async fn on_thread<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Encoder) -> Result<T, BackupError> + Send + 'static,
    ) -> Result<T, BackupError> {
        let mut encoder = self.encoder.take().ok_or(BackupError::Ended)?;
        let (encoder, done) = spawn_blocking(move || {
            let done = work(&mut encoder);
            (encoder, done)
        })
        .await?;
        self.encoder = Some(encoder);
        done
    }

    async fn abandon(&mut self) {
        if let Some(upload) = self.upload.take() {
            upload.abandon().await;
        }
    }
}
