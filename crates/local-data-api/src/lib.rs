//! A local RDS Data API server in front of any MySQL-protocol database.
