//! Names of what a stack makes, which begin with the name of its environment.
//!
//! Several environments may share an account: the setting `environment` of a deployment goes before
//! every name. Without it the names are those of the only environment.

use clap::Args;

/// The longest name of an environment.
const LONGEST: usize = 16;

/// An environment of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Environment(Option<String>);

// The environment to work in.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct EnvironmentArguments {
    /// The environment, for an account with several: the `environment` of the deployment.
    #[arg(long, env = "ROWGATE_ENVIRONMENT", value_name = "NAME", value_parser = environment)]
    #[arg(default_value = "", hide_default_value = true)]
    pub environment: Environment,
}

/// Parses the name of an environment; an empty one is that of an account with one alone.
fn environment(text: &str) -> Result<Environment, String> {
    let is_name = text.len() <= LONGEST
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    match text {
        "" => Ok(Environment(None)),
        name if is_name => Ok(Environment(Some(name.to_owned()))),
        _ => Err(format!("it is at most {LONGEST} of a-z and 0-9 and begins with a letter")),
    }
}

impl Environment {
    /// Returns the name of a function: `rowgate-restore`, `staging-rowgate-restore`.
    pub(crate) fn function_name(&self, function: &str) -> String {
        format!("{}rowgate-{function}", self.prefix('-'))
    }

    /// Returns the name of the state machine of the lake.
    pub(crate) fn pipeline_name(&self) -> String {
        format!("{}rowgate-nightly", self.prefix('-'))
    }

    /// Returns the name of the Glue database of a layer of the lake: `rowgate_gold`.
    pub(crate) fn lake_database(&self, layer: &str) -> String {
        format!("{}rowgate_{layer}", self.prefix('_'))
    }

    /// Returns the name of the workgroup of the lake in Athena.
    pub(crate) fn workgroup_name(&self) -> String {
        format!("{}rowgate", self.prefix('-'))
    }

    /// Returns the name of the environment.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Returns the names of the stacks: of the data, and of what works on it.
    pub(crate) fn stack_names(&self) -> [String; 2] {
        ["rowgate-data", "rowgate"].map(|name| format!("{}{name}", self.prefix('-')))
    }

    /// Returns the name of the schema in a database that environments share, as local ones do.
    pub(crate) fn schema_name(&self) -> String {
        format!("{}rowgate", self.prefix('_'))
    }

    /// Returns what the names of the alarms begin with.
    pub(crate) fn alarm_prefix(&self) -> String {
        format!("{}Rowgate/", self.prefix('-'))
    }

    fn prefix(&self, separator: char) -> String {
        self.0.as_ref().map(|name| format!("{name}{separator}")).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_with_the_environment_if_there_is_one() {
        let only = environment("").unwrap();
        let staging = environment("staging").unwrap();
        assert_eq!(only, Environment::default());
        let names = |environment: &Environment| {
            [
                environment.function_name("loader"),
                environment.pipeline_name(),
                environment.lake_database("gold"),
                environment.workgroup_name(),
                environment.alarm_prefix(),
            ]
        };
        assert_eq!(
            names(&only),
            ["rowgate-loader", "rowgate-nightly", "rowgate_gold", "rowgate", "Rowgate/"].map(str::to_owned)
        );
        assert_eq!(
            names(&staging),
            [
                "staging-rowgate-loader",
                "staging-rowgate-nightly",
                "staging_rowgate_gold",
                "staging-rowgate",
                "staging-Rowgate/"
            ]
            .map(str::to_owned)
        );
    }

    #[test]
    fn a_name_is_short_and_plain() {
        for name in ["a", "dev2", "production", "abcdefghijklmnop"] {
            assert!(environment(name).is_ok(), "{name}");
        }
        for name in ["2dev", "Dev", "dev-1", "dev_1", "dév", "abcdefghijklmnopq", " "] {
            assert!(environment(name).is_err(), "{name}");
        }
    }
}
