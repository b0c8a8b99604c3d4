//! Uploads through an API and a bucket that are played here.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::{command, stderr, stdout};

/// The requests to the service, and its behaviour.
#[derive(Debug, Default)]
struct State {
    /// Bytes of a part; files of more go in parts.
    part_bytes: usize,
    /// Parts that are there.
    parts: BTreeMap<usize, Vec<u8>>,
    /// The parts that S3 refuses.
    refused: Vec<usize>,
    /// The time that S3 takes for every part but the first.
    slowness: Duration,
    /// PUTs that were sent, by what their links are for.
    puts: Vec<String>,
    /// The file that has arrived, and the settings that came with it.
    file: Option<(Vec<u8>, Option<String>)>,
    /// True if S3 forgets the upload when it is completed, before its caller gets an answer.
    loses_answer: bool,
    is_gone: bool,
    bytes: usize,
}

/// An API and a bucket.
#[derive(Clone)]
struct Service {
    url: String,
    state: Arc<Mutex<State>>,
}

struct Request {
    line: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Service {
    fn start(part_bytes: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { part_bytes, ..State::default() }));
        let service = Self { url, state };
        let own = service.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let own = own.clone();
                std::thread::spawn(move || own.serve(&stream));
            }
        });
        service
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some(request) = read(&mut reader) {
            if request.line.starts_with("PUT /s3/part/") && !request.line.starts_with("PUT /s3/part/1?") {
                let slowness = self.state().slowness;
                std::thread::sleep(slowness);
            }
            let (status, body) = self.answer(&request);
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
            if (&*stream).write_all((head + &body).as_bytes()).is_err() {
                return;
            }
        }
    }

    fn answer(&self, Request { line, headers, body }: &Request) -> (u16, String) {
        let mut state = self.state();
        let url = &self.url;
        let missing = |state: &State| {
            let count = state.bytes.div_ceil(state.part_bytes);
            let links: Vec<String> = (1..=count)
                .filter(|number| !state.parts.contains_key(number))
                .map(|number| {
                    format!(r#"{{"number":{number},"url":"{url}/s3/part/{number}?X-Amz-Signature=s"}}"#)
                })
                .collect();
            format!(
                r#"{{"key":"incoming/tags/a.csv","id":"u1","part_bytes":{},"bytes":{},"parts":[{}],"done":[],"expires_at":"x"}}"#,
                state.part_bytes,
                state.bytes,
                links.join(",")
            )
        };
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        if path.starts_with("/v1/") {
            assert_eq!(headers["x-api-key"], "k");
        } else {
            assert!(!headers.contains_key("x-api-key"), "the key is not for S3");
        }
        match (method, path) {
            ("POST", "/v1/uploads") => {
                let asked: serde_json::Value = serde_json::from_slice(body).unwrap();
                assert_eq!((&asked["table"], &asked["file"]), (&"tags".into(), &"a.csv".into()));
                state.bytes = usize::try_from(asked["bytes"].as_u64().unwrap()).unwrap();
                state.is_gone = false;
                if state.bytes > state.part_bytes {
                    return (201, missing(&state));
                }
                let settings = if asked["settings"].is_null() {
                    "{}"
                } else {
                    r#"{"x-amz-meta-rowgate-settings":"e30"}"#
                };
                let link = format!(
                    r#"{{"key":"incoming/tags/a.csv","method":"PUT","url":"{url}/s3/whole?X-Amz-Signature=s","headers":{settings},"expires_at":"x"}}"#
                );
                (201, link)
            }
            ("GET", "/v1/uploads/u1") if state.is_gone => (404, "{}".to_owned()),
            ("GET", "/v1/uploads/u1") => (200, missing(&state)),
            ("POST", "/v1/uploads/u1/complete") => {
                let whole = state.parts.values().flatten().copied().collect();
                state.file = Some((whole, None));
                state.is_gone = true;
                if state.loses_answer { (502, "{}".to_owned()) } else { (200, "{}".to_owned()) }
            }
            ("GET", "/v1/loads?key=incoming%2Ftags%2Fa.csv&limit=1") => {
                let load = r#"{"load":"l1","key":"incoming/tags/a.csv","status":"completed","rows_read":1,"rows_loaded":1,"rows_rejected":0}"#;
                (200, format!(r#"{{"loads":[{}]}}"#, if state.file.is_some() { load } else { "" }))
            }
            ("PUT", "/s3/whole?X-Amz-Signature=s") => {
                state.puts.push("whole".to_owned());
                state.file = Some((body.clone(), headers.get("x-amz-meta-rowgate-settings").cloned()));
                (200, String::new())
            }
            ("PUT", path) => {
                let number =
                    path.strip_prefix("/s3/part/").unwrap().split('?').next().unwrap().parse().unwrap();
                state.puts.push(format!("part {number}"));
                if state.refused.contains(&number) {
                    let xml = format!(
                        "<Error><Code>AccessDenied</Code><Message>Not part {number}.</Message></Error>"
                    );
                    return (403, xml);
                }
                state.parts.insert(number, body.clone());
                (200, String::new())
            }
            other => unreachable!("{other:?} was not expected"),
        }
    }

    fn upload(&self, folder: &Path, more: &[&str]) -> Output {
        let file = folder.join("a.csv");
        let url = format!("{}/v1", self.url);
        let mut command =
            command(folder, &["upload", "tags", file.to_str().unwrap(), "--url", &url, "--api-key", "k"]);
        command.args(more).env("HOME", folder).env_remove("XDG_STATE_HOME").output().unwrap()
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers = lines[1..].iter().filter_map(|line| line.split_once(": "));
    let headers: BTreeMap<String, String> =
        headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line: lines[0].clone(), headers, body })
}

fn states(folder: &Path) -> usize {
    std::fs::read_dir(folder.join(".local/state/rowgate/uploads")).map_or(0, Iterator::count)
}

#[test]
fn a_file_goes_through_the_api_where_there_is_no_bucket() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "1,Welder\n").unwrap();
    let settings = folder.path().join("settings.json");
    std::fs::write(&settings, r#"{"delimiter": ","}"#).unwrap();
    let service = Service::start(100);
    let output = service.upload(folder.path(), &["--settings", settings.to_str().unwrap()]);
    assert_eq!(
        (output.status.code(), &*stdout(&output)),
        (Some(0), "incoming/tags/a.csv\n"),
        "{}",
        stderr(&output)
    );
    assert_eq!(service.state().file, Some((b"1,Welder\n".to_vec(), Some("e30".to_owned()))));
    assert_eq!(states(folder.path()), 0);
    std::fs::write(&settings, r#"{"columns": {"a": "b"}}"#).unwrap();
    let output = service.upload(folder.path(), &["--settings", settings.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("the settings cannot be used: columns names \"b\""),
        "{}",
        stderr(&output)
    );
}

#[test]
fn an_interrupted_upload_is_resumed_and_followed_to_its_load() {
    let folder = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..95).collect();
    std::fs::write(folder.path().join("a.csv"), &content).unwrap();
    let service = Service::start(10);
    service.state().refused = vec![7];
    let output = service.upload(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(
        text.contains(
            "S3 answered 403: AccessDenied: Not part 7. The same command goes on where it stopped."
        ),
        "{text}"
    );
    assert!(!text.contains("X-Amz-Signature"), "{text}");
    assert_eq!(states(folder.path()), 1);

    {
        let mut state = service.state();
        state.refused.clear();
        state.puts.clear();
    }
    let output = service.upload(folder.path(), &["--wait"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("completed, 1 rows read, 1 loaded"), "{}", stderr(&output));
    // The first failure ends a round, so others may have been missing, too.
    let state = service.state();
    assert!(state.puts.contains(&"part 7".to_owned()) && state.puts.len() <= 4, "{:?}", state.puts);
    assert_eq!(state.file.as_ref().map(|(content, _)| &content[..]), Some(&content[..]));
    assert_eq!(states(folder.path()), 0);
}

#[test]
fn a_failed_part_lets_those_in_flight_arrive() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), [b'1'; 55]).unwrap();
    let service = Service::start(10);
    {
        let mut state = service.state();
        state.refused = vec![1, 2];
        state.slowness = Duration::from_millis(200);
    }
    let output = service.upload(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    // The first failure is the one that is shown.
    let text = stderr(&output);
    assert!(text.contains("S3 answered 403: AccessDenied: Not part 1. The same command"), "{text}");
    {
        let mut state = service.state();
        for number in 3..=6 {
            let part = format!("part {number}");
            assert_eq!(state.puts.iter().filter(|put| **put == part).count(), 1, "{:?}", state.puts);
        }
        state.refused.clear();
        state.puts.clear();
    }
    let output = service.upload(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let mut state = service.state();
    state.puts.sort();
    assert_eq!(state.puts, ["part 1", "part 2"]);
}

#[test]
fn a_file_is_not_sent_again_after_a_lost_answer() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), [b'1'; 25]).unwrap();
    let service = Service::start(10);
    service.state().loses_answer = true;
    let output = service.upload(folder.path(), &[]);
    assert_ne!(output.status.code(), Some(0));
    assert_eq!(states(folder.path()), 1);
    service.state().puts.clear();
    let output = service.upload(folder.path(), &["--wait"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(service.state().puts.is_empty());
    // A file of other content is another upload.
    service.state().loses_answer = false;
    service.state().parts.clear();
    std::fs::write(folder.path().join("a.csv"), [b'2'; 24]).unwrap();
    assert_eq!(service.upload(folder.path(), &[]).status.code(), Some(0));
    assert_eq!(service.state().puts.len(), 3);
}

#[test]
fn without_a_destination_the_message_names_those_that_there_are() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "1,Welder\n").unwrap();
    let file = folder.path().join("a.csv");
    let output = command(folder.path(), &["upload", "tags", file.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output)
            .contains("set ROWGATE_URL and ROWGATE_API_KEY, or ROWGATE_BUCKET and AWS credentials")
    );
}
