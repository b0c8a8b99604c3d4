//! Takes the script and the style sheet of Swagger UI out of the archive that its crate carries, made fit to stand in a page.

use std::borrow::Cow;
use std::error::Error;
use std::io::{Cursor, Read};
use std::path::Path;
use std::{env, fs};

use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    let out = Path::new(&out);
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    // What could end the element, or begin a comment in it, is the same in script text when its first character is escaped.
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
    Ok(())
}

fn read(archive: &mut ZipArchive<Cursor<&[u8]>>, end: &str) -> Result<String, Box<dyn Error>> {
    let name = archive.file_names().filter_map(Result::ok).find(|name| name.ends_with(end));
    let name = name.map(Cow::into_owned).ok_or_else(|| format!("the archive has no {end}"))?;
    let mut text = String::new();
    archive.by_name(&name)?.read_to_string(&mut text)?;
    Ok(text)
}
