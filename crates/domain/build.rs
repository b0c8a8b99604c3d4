//! Rebuilds when a file is added under `built_in/`: what is compiled in with `include_dir` is
//! tracked by file, not by folder.

fn main() {
    println!("cargo::rerun-if-changed=built_in");
}
