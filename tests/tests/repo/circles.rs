//! The modules of a crate import each other in no circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};

use crate::workspace::packages;

/// Crates whose circles are known, each with its reason.
const EXCEPTIONS: [(&str, &str); 0] = [];

/// The path of a module, without the crate; empty for the crate's root.
type Module = Vec<String>;

/// The modules that a module names, each with the path that names it.
type Imports = BTreeMap<Module, BTreeMap<Module, String>>;

#[test]
fn modules_import_each_other_in_no_circle() -> Result<()> {
    let mut wrong = Vec::new();
    for package in packages()? {
        let is_excepted = EXCEPTIONS.iter().any(|(name, _)| *name == package.name);
        let mut modules = BTreeMap::<Module, String>::new();
        for (file, code) in package.code()? {
            // A library and a program of one package have one root.
            modules.entry(module(&package.source(), &file)?).or_default().push_str(&(code + "\n"));
        }
        let circles = circles(&imports(&modules));
        if is_excepted && circles.is_empty() {
            wrong.push(format!("{} has no circle: take it from the exceptions", package.name));
        }
        wrong.extend(
            circles.into_iter().filter(|_| !is_excepted).map(|path| format!("{}: {path}", package.name)),
        );
    }
    assert!(wrong.is_empty(), "modules in a circle, with the paths that lead around it: {wrong:#?}");
    Ok(())
}

#[test]
fn a_circle_is_found() {
    let modules = [
        ("", "mod a;\nmod b;\nuse self::a::A;"),
        ("a", "use crate::b::{self, c::C};\npub use super::b::B;"),
        ("b", "fn f() { super::d::run() }"),
        ("b::c", ""),
        ("d", "use std::fmt;\nfn run() -> crate::a::A { A }"),
    ];
    let path = |path: &str| path.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let modules = modules.into_iter().map(|(name, code)| (path(name), code.to_owned())).collect();
    assert_eq!(
        circles(&imports(&modules)),
        ["a -> b (crate::b), b -> d (super::d::run), d -> a (crate::a::A)"]
    );
}

/// Returns the module that a file below the folder of the sources is.
fn module(source: &Path, file: &Path) -> Result<Module> {
    let path = file.strip_prefix(source)?.with_extension("");
    let mut module: Module = path.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    let last = module.last().with_context(|| format!("{} is no module", file.display()))?;
    if ["lib", "main", "mod"].contains(&&**last) {
        module.pop();
    }
    Ok(module)
}

fn imports(modules: &BTreeMap<Module, String>) -> Imports {
    let mut imports = Imports::new();
    for (module, code) in modules {
        let found = imports.entry(module.clone()).or_default();
        for path in paths(code) {
            if let Some(named) = resolve(modules, module, &path).filter(|named| named != module) {
                found.entry(named).or_insert_with(|| path.join("::"));
            }
        }
    }
    imports
}

/// Returns all paths in code, but not those of re-exports: a facade imports nothing by them.
fn paths(code: &str) -> Vec<Module> {
    let mut found = Vec::new();
    let mut rest = String::new();
    for statement in code.split_inclusive(';') {
        // A `use` stands at the beginning of a line.
        let begin = statement.lines().scan(0, |at, line| {
            *at += line.len() + 1;
            Some((*at - line.len() - 1, line.trim_start()))
        });
        let mut begin = begin.filter(|(_, line)| line.starts_with("use ") || is_re_export(line));
        match begin.next() {
            Some((at, line)) => {
                rest.push_str(&statement[..at]);
                if !is_re_export(line) {
                    let tree = statement[at..].trim_start().trim_start_matches("use ").trim_end_matches(';');
                    expand(&[], tree, &mut found);
                }
            }
            None => rest.push_str(statement),
        }
    }
    let names = rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
    let names = names.map(|path| path.split("::").map(str::to_owned).collect::<Module>());
    found.extend(names.filter(|path| path.len() > 1));
    found
}

fn is_re_export(line: &str) -> bool {
    line.starts_with("pub") && line.split_once(" use ").is_some_and(|(before, _)| !before.contains(' '))
}

/// Adds the paths of a tree of imports: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expand(prefix: &[String], tree: &str, found: &mut Vec<Module>) {
    let mut depth = 0_usize;
    let parts = tree.split(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
        let (path, inner) = part.split_once('{').unwrap_or((part, ""));
        let path = path.split(" as ").next().unwrap_or_default();
        let names = path
            .split("::")
            .map(str::trim)
            .filter(|name| !name.is_empty() && *name != "self" || prefix.is_empty());
        let mut path = prefix.to_vec();
        path.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        match inner.rsplit_once('}') {
            Some((inner, _)) => expand(&path, inner, found),
            None => found.push(path),
        }
    }
}

/// Returns the innermost module of this crate that a path leads to, seen from a module.
fn resolve(modules: &BTreeMap<Module, String>, from: &Module, path: &[String]) -> Option<Module> {
    let mut module = from.clone();
    let mut rest = path.iter().peekable();
    match path.first()?.as_str() {
        "crate" => {
            module.clear();
            rest.next();
        }
        "self" => drop(rest.next()),
        "super" => {
            while rest.next_if(|name| *name == "super").is_some() {
                module.pop();
            }
        }
        child => {
            module.push(child.to_owned());
            let is_child = modules.contains_key(&module);
            module.pop();
            if !is_child {
                return None;
            }
        }
    }
    for name in rest {
        module.push(name.clone());
        if !modules.contains_key(&module) {
            module.pop();
            break;
        }
    }
    Some(module)
}

/// Returns a shortest way around each circle.
fn circles(imports: &Imports) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for start in imports.keys() {
        if seen.contains(start) {
            continue;
        }
        if let Some(way) = way_back(imports, start) {
            let name =
                |module: &Module| if module.is_empty() { "(root)".to_owned() } else { module.join("::") };
            let steps = way
                .iter()
                .zip(way.iter().cycle().skip(1))
                .map(|(from, to)| format!("{} -> {} ({})", name(from), name(to), imports[from][to]));
            found.push(steps.collect::<Vec<_>>().join(", "));
            seen.extend(way);
        }
    }
    found
}

/// Returns the modules of a shortest way from a module back to itself.
fn way_back(imports: &Imports, start: &Module) -> Option<Vec<Module>> {
    let mut ways = vec![vec![start.clone()]];
    let mut visited = BTreeSet::new();
    let mut next = 0;
    while let Some(way) = ways.get(next).cloned() {
        next += 1;
        for module in imports.get(way.last()?)?.keys() {
            if module == start {
                return Some(way);
            }
            if visited.insert(module.clone()) {
                let mut longer = way.clone();
                longer.push(module.clone());
                ways.push(longer);
            }
        }
    }
    None
}
