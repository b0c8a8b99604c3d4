//! The checkout: its packages, as Cargo describes them, and their code.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// Crates that a Lambda function depends on, and nothing else with a `main.rs`.
const LAMBDA_RUNTIMES: [&str; 2] = ["lambda_http", "lambda_runtime"];

/// A package of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// The features that are asked for by name.
    pub(crate) features: Vec<String>,
    /// `dev` or `build`; `None` for a crate that is compiled into the package.
    kind: Option<String>,
    /// The folder of a crate of this workspace; `None` for a crate of a registry.
    path: Option<PathBuf>,
}

/// A library, a program or an integration test.
#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
    src_path: PathBuf,
}

impl Dependency {
    /// Returns true for a crate of this workspace.
    pub(crate) fn is_ours(&self) -> bool {
        self.path.is_some()
    }

    /// Returns true for a crate that only the package's tests use.
    pub(crate) fn is_for_tests(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

impl Package {
    /// The first file of the integration test with this name or, without a name, of the library.
    pub(crate) fn root_file(&self, test: Option<&str>) -> Result<&Path> {
        let is_meant = |target: &&Target| match test {
            Some(name) => target.kind == ["test"] && target.name == name,
            None => target.kind == ["lib"],
        };
        let target = self.targets.iter().find(is_meant);
        let missing = || format!("{} has no {}", self.name, test.unwrap_or("library"));
        target.map(|target| &*target.src_path).with_context(missing)
    }

    /// The folder of its code.
    pub(crate) fn source(&self) -> PathBuf {
        self.manifest_path.with_file_name("src")
    }

    /// The code by file, without comments and unit tests.
    pub(crate) fn code(&self) -> Result<Vec<(PathBuf, String)>> {
        let files = rust_files(&self.source())?;
        files.into_iter().map(|file| Ok((file.clone(), without_tests(&read(&file)?)))).collect()
    }
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// All packages of the workspace.
pub(crate) fn packages() -> Result<Vec<Package>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output()?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    Ok(metadata.packages)
}

/// The packages that run in AWS: the functions, and what is compiled into them.
pub(crate) fn deployed(packages: &[Package]) -> Vec<&Package> {
    let runs = |package: &&Package| {
        let is_program = package.targets.iter().any(|target| target.src_path.ends_with("src/main.rs"));
        let mut compiled = package.dependencies.iter().filter(|dependency| !dependency.is_for_tests());
        is_program && compiled.any(|dependency| LAMBDA_RUNTIMES.contains(&&*dependency.name))
    };
    let mut found: Vec<&Package> = packages.iter().filter(runs).collect();
    let mut next = 0;
    while let Some(package) = found.get(next).copied() {
        let is_compiled_in = |other: &&Package| {
            let mut dependencies = package.dependencies.iter();
            dependencies.any(|dependency| dependency.name == other.name && !dependency.is_for_tests())
        };
        let is_new = |other: &&Package| found.iter().all(|known| known.name != other.name);
        let more: Vec<&Package> = packages.iter().filter(is_compiled_in).filter(is_new).collect();
        found.extend(more);
        next += 1;
    }
    found
}

/// The Rust files below a folder, but for files and folders of unit tests.
pub(crate) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            found.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(found)
}

/// Leaves out comments, and the unit tests at the foot of a file.
fn without_tests(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let code = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}
