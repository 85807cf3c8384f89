//! Where an installed ffmpeg is. Not its use: the `audio` crate starts it, for codecs that it can't decode.

use std::ffi::OsStr;
use std::path::PathBuf;

/// The first `ffmpeg` in the folders of `path`, the value of the variable `PATH`.
pub fn find(path: Option<&OsStr>) -> Option<PathBuf> {
    let name = format!("ffmpeg{}", std::env::consts::EXE_SUFFIX);
    // An empty or relative entry would run whatever lies in the current folder.
    let folders = std::env::split_paths(path?).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(&name)).find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_absolute_folder_that_has_it_wins() {
        let (without, with) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let program = with.path().join(format!("ffmpeg{}", std::env::consts::EXE_SUFFIX));
        std::fs::write(&program, "").unwrap();
        let path = std::env::join_paths(["".as_ref(), ".".as_ref(), without.path(), with.path()]).unwrap();
        assert_eq!(find(Some(&path)), Some(program));
        assert_eq!(find(Some(without.path().as_os_str())), None);
        assert_eq!(find(None), None);
    }
}
