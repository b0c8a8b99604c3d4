//! Shared by the tests: the cloud they run against, and builders of requests.

mod api;
mod avro;
mod aws;
mod cloud;
mod command;
mod copies;
mod database;
mod events;
mod functions;
mod iam;
mod loads;
mod logs;
mod people;
mod pipeline;
mod queue;
mod rows;
mod wait;

pub(crate) use api::{Api, Reply, assert_problem, with_values};
pub(crate) use avro::{AvroFile, read_avro};
pub(crate) use cloud::Cloud;
pub(crate) use command::{rowgate, rowgate_command, rowgate_program, rowgate_with_input};
pub(crate) use copies::of;
pub(crate) use events::Listener;
pub(crate) use loads::{assert_counts, ended};
pub(crate) use people::{PASSWORD, People, Session, sessions_of};
pub(crate) use pipeline::{Pipeline, Waiting};
pub(crate) use rows::{Ids, csv, csv_line, employee, with};
pub(crate) use wait::{eventually, until};
