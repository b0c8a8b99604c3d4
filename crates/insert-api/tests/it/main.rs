//! The insert API over a real MariaDB behind the local Data API.

mod bodies;
mod faults;
mod rows;
mod support;
