//! What the case tests share: where files are, and snapshots that stand beside their cases.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A folder below `tests/cases` of this crate.
pub(crate) fn cases(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder)
}

/// The names, without ending, of the files of `folder` that end in `.ending`, in order.
pub(crate) fn stems(folder: &Path, ending: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder).expect("the folder of cases can be listed");
    let names = files.map(|file| file.expect("a file of cases can be listed").file_name());
    let names = names.map(|name| name.into_string().expect("names of cases are UTF-8"));
    names.filter_map(|name| Some(name.strip_suffix(ending)?.strip_suffix('.')?.to_owned())).collect()
}

/// Compares with `folder/name.snap`.
pub(crate) fn snapshot(folder: &Path, name: &str, what: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(what);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Fails when `folder` holds a snapshot that no case makes.
pub(crate) fn no_leftovers(folder: &Path, names: &BTreeSet<String>) {
    let snapshots = stems(folder, "snap");
    let leftover: Vec<_> = snapshots.difference(names).collect();
    assert!(leftover.is_empty(), "snapshots without a case in {}: {leftover:?}", folder.display());
}
