//! Functions: invoked, copied with other settings, and killed.

use std::collections::HashMap;
use std::{env, fs};

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::cloud::Cloud;

impl Cloud {
    /// Returns the names of the stack's functions.
    pub(crate) async fn functions(&self) -> Vec<String> {
        let mut pages = self.lambda.list_functions().into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(function) = pages.next().await {
            names.extend(function.unwrap().function_name.filter(|name| name.starts_with("rowgate-")));
        }
        names
    }

    /// Invokes a function of the environment; returns its answer, and whether that is an error.
    pub(crate) async fn invoke(&self, function: &str, payload: &Value) -> (Value, bool) {
        let environment = env::var("ROWGATE_ENVIRONMENT").map(|name| format!("{name}-")).unwrap_or_default();
        let function = format!("{environment}{function}");
        let call = self.lambda.invoke().function_name(function).payload(Blob::new(payload.to_string()));
        let answer = call.send().await.unwrap();
        let value = serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap();
        (value, answer.function_error().is_some())
    }

    /// Creates a function with the code and settings of another, but for its role, these variables,
    /// and the time-out if there is one.
    pub(crate) async fn copy_function(
        &self,
        original: &str,
        name: &str,
        role: String,
        variables: &[(&str, &str)],
        timeout: Option<i32>,
    ) {
        let deployed = self.lambda.get_function().function_name(original).send().await.unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let code = client.get(deployed.code().unwrap().location().unwrap()).send().await.unwrap();
        let code = Blob::new(code.error_for_status().unwrap().bytes().await.unwrap());
        let configuration = deployed.configuration.unwrap();
        let mut environment: HashMap<String, String> =
            configuration.environment().unwrap().variables().unwrap().clone();
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let create = self
            .lambda
            .create_function()
            .function_name(name)
            .role(role)
            .code(FunctionCode::builder().zip_file(code).build())
            .set_timeout(timeout.or(configuration.timeout))
            .set_runtime(configuration.runtime)
            .set_architectures(configuration.architectures)
            .set_handler(configuration.handler)
            .set_memory_size(configuration.memory_size)
            .environment(Environment::builder().set_variables(Some(environment)).build());
        create.send().await.unwrap();
    }

    /// Kills a function's processes; returns how many there were.
    pub(crate) fn kill_function(&self, name: &str) -> usize {
        let killed = self.processes(name).into_iter().filter(|id| kill_process(*id, Signal::KILL).is_ok());
        killed.count()
    }

    /// Returns a function's processes of this cloud, and of no other: they carry its endpoint in
    /// their environment.
    pub(super) fn processes(&self, name: &str) -> Vec<Pid> {
        let ours =
            [format!("AWS_ENDPOINT_URL={}", self.endpoint), format!("AWS_LAMBDA_FUNCTION_NAME={name}")];
        let mut found = Vec::new();
        for process in fs::read_dir("/proc").unwrap() {
            let process = process.unwrap();
            let Ok(id) = process.file_name().to_str().unwrap().parse::<i32>() else { continue };
            let Ok(environment) = fs::read(process.path().join("environ")) else { continue };
            let variables: Vec<&[u8]> = environment.split(|byte| *byte == 0).collect();
            if ours.iter().all(|variable| variables.contains(&variable.as_bytes())) {
                found.extend(Pid::from_raw(id));
            }
        }
        found
    }
}
