#![doc = include_str!("../README.md")]

mod accounts;
mod command;
mod directory;
mod groups;
mod options;
mod password;
mod routes;
mod username;

pub use accounts::{Account, Accounts, ChangeError, Page, Status};
pub use command::{Answer, CommandError, invoke};
pub use directory::{Cognito, Created, Directory, DirectoryError, Joined, Session, User, Users};
pub use groups::Groups;
pub use options::Options;
pub use password::{Password, PasswordRule};
pub use routes::{MAX_BODY_BYTES, Service, router};
pub use username::Username;
