//! Compiles the declarations of `api/` to one JSON value. Takes the script and the style sheet
//! of Swagger UI out of the archive that its crate carries, fit to stand in a page.

use std::borrow::Cow;
use std::error::Error;
use std::ffi::OsStr;
use std::io::{Cursor, Read};
use std::path::Path;
use std::{env, fs};

use serde_json::{Value, json};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    let out = Path::new(&out);
    fs::write(out.join("api.json"), declarations()?.to_string())?;
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    // Escape the first character of everything that could end the element, or begin a comment in
    // it; in script text the escaped form means the same.
    let script = ["</script", "<script", "<!--"]
        .into_iter()
        .fold(read(&mut archive, "/dist/swagger-ui-bundle.js")?, |script, tag| {
            script.replace(tag, &format!("\\x3c{}", &tag[1..]))
        });
    fs::write(out.join("swagger-ui.js"), script)?;
    let style = read(&mut archive, "/dist/swagger-ui.css")?;
    if style.contains("</style") {
        return Err("the style sheet would end its element".into());
    }
    // Developer tools would look for the source map beside the page.
    let style = style.split("/*# sourceMappingURL").next().unwrap_or_default();
    fs::write(out.join("swagger-ui.css"), style)?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=api");
    Ok(())
}

/// Reads the declarations: `paths` and `schemas` of the files that have paths, in the order of
/// `x-rowgate-order`, and the other files under their names.
fn declarations() -> Result<Value, Box<dyn Error>> {
    let mut all = json!({ "paths": {}, "schemas": {} });
    let mut subjects = Vec::new();
    for entry in fs::read_dir("api")? {
        let path = entry?.path();
        let file = yaml(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if file["paths"].is_object() {
            subjects.push((file["x-rowgate-order"].as_u64().unwrap_or(u64::MAX), path, file));
        } else if !file["components"].is_null() {
            return Err(format!("{}: has components, but no paths that use them", path.display()).into());
        } else {
            all[path.file_stem().and_then(OsStr::to_str).unwrap_or_default()] = file;
        }
    }
    subjects.sort_by_key(|(order, path, _)| (*order, path.clone()));
    for (_, path, file) in subjects {
        for (part, of_file) in [("paths", &file["paths"]), ("schemas", &file["components"]["schemas"])] {
            for (name, value) in of_file.as_object().into_iter().flatten() {
                if !all[part][name].is_null() {
                    return Err(format!("{}: {name} is declared twice", path.display()).into());
                }
                all[part][name] = value.clone();
            }
        }
    }
    Ok(all)
}

fn yaml(path: &Path) -> Result<Value, Box<dyn Error>> {
    let mut value: yaml_serde::Value = yaml_serde::from_str(&fs::read_to_string(path)?)?;
    // Puts in what `<<: *anchor` stands for.
    value.apply_merge()?;
    Ok(serde_json::to_value(value)?)
}

fn read(archive: &mut ZipArchive<Cursor<&[u8]>>, end: &str) -> Result<String, Box<dyn Error>> {
    let name = archive.file_names().filter_map(Result::ok).find(|name| name.ends_with(end));
    let name = name.map(Cow::into_owned).ok_or_else(|| format!("the archive has no {end}"))?;
    let mut text = String::new();
    archive.by_name(&name)?.read_to_string(&mut text)?;
    Ok(text)
}
