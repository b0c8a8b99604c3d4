//! Deploys the CDK stack to the local cloud if anything that goes into it has changed.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow};
use domain::load::LoadPath;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::cloud::{Cloud, REGION};
use super::layout::Layout;
use super::ministack;
use super::ports::Ports;
use super::service::failure;
use crate::environment::Environment;
use crate::exit::{cannot, user_error};
use crate::stored;

/// The account that MiniStack simulates.
const ACCOUNT: &str = "000000000000";
/// Files and folders of the sources that are not part of the stack.
const NOT_DEPLOYED: [&str; 8] =
    ["node_modules", "cdk.out", "dist", "test", "tests", ".git", "__pycache__", ".pytest_cache"];
/// The folder of the lake's job, beside `infra/`.
const LAKE: &str = "lake";
/// Seconds between the polls of the pipeline of a local lake.
const LAKE_POLL_SECONDS: u8 = 1;

/// The locations of the stack's code and of the functions' binaries.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    /// The CDK app's folder.
    pub infra: PathBuf,
    /// One `<package>/bootstrap` for each function.
    pub artifacts: PathBuf,
    /// The folder of tables.
    pub sql: PathBuf,
    /// The setting `keys`, where it is not the default.
    pub keys: Option<String>,
    /// The setting `loaderPath`, where it is not the default.
    pub loader_path: Option<LoadPath>,
}

/// The last deployment of the stack.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Deployment {
    digest: String,
    outputs: BTreeMap<String, String>,
}

impl Deployment {
    /// Returns one of the stack's outputs.
    pub(super) fn output(&self, name: &str) -> Result<&str> {
        self.outputs.get(name).map(String::as_str).ok_or_else(|| anyhow!("the stack has no output {name}"))
    }

    /// Returns the names of the API keys, as the outputs have them, and their ids.
    pub(super) fn key_ids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.outputs.iter().filter_map(|(name, id)| Some((name.strip_suffix("KeyId")?, id.as_str())))
    }
}

/// Deploys the stacks, unless the very same ones are deployed already.
pub(super) async fn deploy(sources: &Sources, lake: bool, ports: Ports, cloud: &Cloud) -> Result<Deployment> {
    let Cloud { layout, printer, environment, .. } = cloud;
    let digest = digest(sources, lake, &ports.api_url())?;
    let mut is_complete = true;
    for stack in environment.stack_names() {
        is_complete &= cloud.is_stack_complete(ports, &stack).await?;
    }
    let last: Option<Deployment> = stored::read(&layout.deployed.deployment);
    if let Some(last) = last.filter(|last| is_complete && last.digest == digest) {
        printer.note("  the stacks are up to date");
        return Ok(last);
    }
    // Whatever happens from here on, the old record no longer says what is deployed.
    stored::remove(&layout.deployed.deployment)?;
    let cdk = Cdk { sources, ports, layout, environment };
    let step = printer.step("synthesising the stacks");
    cdk.synthesise(lake)?;
    let assembly = text(&layout.deployed.cdk_out)?;
    if !is_complete {
        step.update("preparing the local cloud for the CDK");
        cdk.run(&["bootstrap", &format!("aws://{ACCOUNT}/{REGION}"), "--app", assembly])?;
    }
    step.update("deploying the stacks");
    let outputs = text(&layout.deployed.outputs)?;
    let options = ["--require-approval", "never", "--method", "direct", "--outputs-file", outputs];
    cdk.run(&[&["deploy", "--all", "--app", assembly][..], &options].concat())?;
    let outputs: BTreeMap<String, BTreeMap<String, String>> =
        stored::read(&layout.deployed.outputs).with_context(|| format!("reading {outputs}"))?;
    let deployment = Deployment { digest, outputs: outputs.into_values().flatten().collect() };
    stored::write(&layout.deployed.deployment, &deployment)?;
    step.done("stacks deployed");
    Ok(deployment)
}

/// The CDK's command, for the local cloud.
struct Cdk<'a> {
    sources: &'a Sources,
    ports: Ports,
    layout: &'a Layout,
    environment: &'a Environment,
}

impl Cdk<'_> {
    /// Writes the cloud assembly to the layout's folder.
    fn synthesise(&self, lake: bool) -> Result<()> {
        let api_url = self.ports.api_url();
        let artifacts = fs::canonicalize(&self.sources.artifacts)?;
        let mut context = vec![
            format!("architecture={}", architecture()?),
            format!("artifacts={}", text(&artifacts)?),
            format!("sql={}", text(&self.sources.sql)?),
            // This very program checks the folder.
            format!("rowgate={}", text(&std::env::current_exe()?)?),
            format!("apiUrl={api_url}"),
            format!("peopleUrl={api_url}"),
            // Browsers send files to the address of all AWS interfaces.
            format!("bucketOrigin={}", self.ports.gateway_url()),
            // A cloud to try things on is one to fill.
            "sample=true".to_owned(),
        ];
        if let Some(name) = self.environment.name() {
            // They share a database server.
            let schema = self.environment.schema_name();
            context.extend([format!("environment={name}"), format!("databaseName={schema}")]);
        }
        context.extend(self.sources.keys.as_ref().map(|keys| format!("keys={keys}")));
        context.extend(self.sources.loader_path.map(|path| format!("loaderPath={}", path.as_str())));
        if lake {
            context.extend(["lake=true".to_owned(), format!("lakePollSeconds={LAKE_POLL_SECONDS}")]);
        }
        let mut arguments = vec!["synth", "--quiet", "--output", text(&self.layout.deployed.cdk_out)?];
        arguments.extend(context.iter().flat_map(|setting| ["--context", setting.as_str()]));
        self.run(&arguments)
    }

    fn run(&self, arguments: &[&str]) -> Result<()> {
        let infra = fs::canonicalize(&self.sources.infra)
            .map_err(|_| user_error(format!("{} does not exist.", self.sources.infra.display())))?;
        let program = infra.join("node_modules/.bin/cdk");
        if !program.exists() {
            return Err(user_error(format!(
                "{} is missing; `npm ci` in infra/ brings it.",
                program.display()
            )));
        }
        let log = self.layout.log("cdk");
        let mut output = OpenOptions::new().create(true).append(true).open(&log)?;
        writeln!(output, "\n== cdk {}", arguments.join(" "))?;
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .args(["--ci", "--no-color", "--no-notices", "--progress", "events"])
            .current_dir(&infra);
        // Nothing of the user's own AWS account may leak in.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("AWS_") || name.starts_with("CDK_")) {
                command.env_remove(name);
            }
        }
        command
            .envs(ministack::variables(self.ports))
            .envs([
                ("AWS_CONFIG_FILE", "/dev/null"),
                ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
                ("AWS_EC2_METADATA_DISABLED", "true"),
                ("CDK_DISABLE_CLI_TELEMETRY", "true"),
                ("NO_PROXY", "127.0.0.1,localhost"),
                ("no_proxy", "127.0.0.1,localhost"),
            ])
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let status = command.status().map_err(cannot(&program, "be run"))?;
        if status.success() { Ok(()) } else { Err(failure(&format!("cdk {} failed", arguments[0]), &log)) }
    }
}

/// Returns a path as an argument of the CDK, which takes UTF-8 only.
pub(super) fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| user_error(format!("The path {} is not UTF-8.", path.display())))
}

/// Returns the processor of this machine in AWS's terms.
fn architecture() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("x86_64"),
        "aarch64" => Ok("arm64"),
        other => Err(user_error(format!("The functions do not run on {other}, only on x86_64 and arm64."))),
    }
}

/// Returns the digest of everything that goes into the stack: names and contents of files, its
/// address, its keys, and whether it has the lake.
fn digest(sources: &Sources, lake: bool, api_url: &str) -> Result<String> {
    let mut files = Vec::new();
    list(&sources.infra, &mut files)?;
    let code = files.len();
    if !sources.artifacts.is_dir() {
        return Err(user_error(format!(
            "{} does not exist; build the functions first, which `make run` does.",
            sources.artifacts.display()
        )));
    }
    list(&sources.artifacts, &mut files)?;
    if files.len() == code {
        return Err(user_error(format!("There is no function in {}.", sources.artifacts.display())));
    }
    list(&sources.sql, &mut files)?;
    if lake {
        list(&sources.infra.with_file_name(LAKE), &mut files)?;
    }
    let mut digest = Sha256::new();
    digest.update(Sha256::digest(api_url));
    digest.update([u8::from(lake)]);
    for setting in [sources.keys.as_deref(), sources.loader_path.map(LoadPath::as_str)] {
        digest.update(Sha256::digest(setting.unwrap_or_default()));
    }
    for file in files {
        digest.update(file.as_os_str().as_encoded_bytes());
        digest.update([0]);
        // The digest of the content, not the content, so that no two lists of files look alike.
        let content = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        digest.update(Sha256::digest(content));
    }
    Ok(hex::encode(digest.finalize()))
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).map_err(cannot(folder, "be read"))?;
    let mut paths: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.sort();
    for path in paths {
        match path.file_name().and_then(|name| name.to_str()) {
            Some(name) if NOT_DEPLOYED.contains(&name) => {}
            _ if path.is_dir() => list(&path, files)?,
            _ => files.push(path),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(folder: &Path) -> Sources {
        Sources {
            infra: folder.join("infra"),
            artifacts: folder.join("lambda"),
            sql: folder.join("sql"),
            keys: None,
            loader_path: None,
        }
    }

    #[test]
    fn the_digest_follows_code_binaries_tables_settings_and_address_but_not_what_is_built_or_tested() {
        let folder = tempfile::tempdir().unwrap();
        let sources = sources(folder.path());
        fs::create_dir_all(sources.infra.join("lib")).unwrap();
        fs::create_dir_all(sources.infra.join("dist")).unwrap();
        fs::create_dir_all(sources.artifacts.join("loader")).unwrap();
        fs::create_dir_all(sources.sql.join("reports")).unwrap();
        fs::write(sources.infra.join("lib/stack.ts"), "a").unwrap();
        fs::write(sources.artifacts.join("loader/bootstrap"), "b").unwrap();
        let now = || digest(&sources, false, "http://127.0.0.1:1/{id}").unwrap();
        let first = now();
        fs::write(sources.infra.join("dist/stack.js"), "c").unwrap();
        assert_eq!(now(), first);
        fs::write(sources.artifacts.join("loader/bootstrap"), "d").unwrap();
        let second = now();
        assert_ne!(second, first);
        fs::write(sources.infra.join("lib/stack.ts"), "e").unwrap();
        let third = now();
        assert_ne!(third, second);
        fs::write(sources.sql.join("reports/things.sql"), "f").unwrap();
        let fourth = now();
        assert_ne!(fourth, third);
        assert_ne!(digest(&sources, false, "http://127.0.0.1:2/{id}").unwrap(), fourth);
        let other_keys = Sources { keys: Some("[]".to_owned()), ..sources.clone() };
        let other_path = Sources { loader_path: Some(LoadPath::S3), ..sources.clone() };
        for other in [other_keys, other_path] {
            assert_ne!(digest(&other, false, "http://127.0.0.1:1/{id}").unwrap(), fourth);
        }
    }

    #[test]
    fn the_digest_follows_the_job_of_the_lake_where_the_lake_is_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let sources = sources(folder.path());
        for (file, content) in [
            ("infra/stack.ts", "a"),
            ("lambda/loader/bootstrap", "b"),
            ("lake/rowgate_lake/silver.py", "c"),
            ("lake/tests/test_silver.py", "d"),
            ("sql/dictionary.toml", "e"),
        ] {
            fs::create_dir_all(path(file).parent().unwrap()).unwrap();
            fs::write(path(file), content).unwrap();
        }
        let now = |lake| digest(&sources, lake, "").unwrap();
        let (off, on) = (now(false), now(true));
        assert_ne!(on, off);
        fs::write(path("lake/tests/test_silver.py"), "f").unwrap();
        assert_eq!(now(true), on);
        fs::write(path("lake/rowgate_lake/silver.py"), "g").unwrap();
        assert_ne!(now(true), on);
        assert_eq!(now(false), off);
    }

    #[test]
    fn missing_binaries_are_the_users_to_build() {
        let folder = tempfile::tempdir().unwrap();
        let sources = Sources { infra: folder.path().into(), ..sources(folder.path()) };
        let error = digest(&sources, false, "").unwrap_err().to_string();
        assert!(error.ends_with("build the functions first, which `make run` does."), "{error}");
    }
}
