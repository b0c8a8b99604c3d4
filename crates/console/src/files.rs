//! The console's files, read once at start.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use axum::body::Bytes;
use axum::http::HeaderMap;

use crate::encoding::accepts;

/// The page itself.
pub(crate) const INDEX: &str = "index.html";

/// Endings of the packed forms that lie beside a file, and their content codings.
const PACKED: [(&str, &str); 2] = [(".br", "br"), (".gz", "gzip")];

/// The files by their names, relative to the folder, with `/` between folders.
#[derive(Debug)]
pub struct Files(HashMap<String, File>);

/// A file.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) media_type: &'static str,
    /// True if the name changes with the content, so that caches may keep it.
    pub(crate) is_immutable: bool,
    plain: Bytes,
    /// Its packed forms by their content codings.
    packed: Vec<(&'static str, Bytes)>,
}

impl File {
    /// Returns the smallest form that a request accepts, and its content coding. A request that
    /// accepts none gets the plain form: it is more useful than a 406.
    pub(crate) fn form(&self, headers: &HeaderMap) -> (Option<&'static str>, &Bytes) {
        let accepted = self.packed.iter().filter(|(coding, _)| accepts(headers, coding));
        let smallest = accepted.min_by_key(|(_, bytes)| bytes.len());
        smallest.map_or((None, &self.plain), |(coding, bytes)| (Some(*coding), bytes))
    }
}

/// The files cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A file or folder cannot be read.
    #[error("{path} cannot be read: {source}")]
    Read {
        /// The path of the file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder has no page.
    #[error(
        "there is no index.html in {0}: build the console (`npm run build` in console/) and copy dist/ there"
    )]
    NoIndex(PathBuf),
}

impl Files {
    /// Reads all files of a folder and its folders. It leaves out names that begin with a dot and
    /// everything that is neither a file nor a folder: a link could lead anywhere.
    ///
    /// # Errors
    /// [`FilesError`] where something cannot be read, or there is no `index.html`.
    pub fn read(folder: &Path) -> Result<Self, FilesError> {
        let mut contents = HashMap::new();
        read_into(&mut contents, folder, "")?;
        if !contents.contains_key(INDEX) {
            return Err(FilesError::NoIndex(folder.to_owned()));
        }
        let mut files = HashMap::new();
        for (name, plain) in &contents {
            let bare = PACKED.iter().filter_map(|(ending, _)| name.strip_suffix(ending));
            if bare.into_iter().any(|bare| contents.contains_key(bare)) {
                continue;
            }
            let packed = PACKED.iter().filter_map(|&(ending, coding)| {
                contents.get(&format!("{name}{ending}")).map(|bytes| (coding, bytes.clone()))
            });
            let (plain, packed) = (plain.clone(), packed.collect());
            // All files but the page have a hash of their content in their names.
            let file = File { media_type: media_type(name), is_immutable: name != INDEX, plain, packed };
            files.insert(name.clone(), file);
        }
        Ok(Self(files))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&File> {
        self.0.get(name)
    }
}

fn read_into(contents: &mut HashMap<String, Bytes>, folder: &Path, prefix: &str) -> Result<(), FilesError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| FilesError::Read { path, source }
    };
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        let path = entry.path();
        let file_name = entry.file_name();
        let Some(name) = file_name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        let kind = entry.file_type().map_err(failed(&path))?;
        if kind.is_dir() {
            read_into(contents, &path, &format!("{prefix}{name}/"))?;
        } else if kind.is_file() {
            let bytes = fs::read(&path).map_err(failed(&path))?;
            contents.insert(format!("{prefix}{name}"), bytes.into());
        }
    }
    Ok(())
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "woff2" => "font/woff2",
        // Browsers do not guess: `nosniff` forbids it.
        _ => "application/octet-stream",
    }
}
