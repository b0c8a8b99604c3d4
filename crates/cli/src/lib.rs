//! The rowgate command: local cloud, uploads, reports.
