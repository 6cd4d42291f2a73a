//! Attacks by what a bundle comes in: links, devices, names, and more bytes than there should be.

use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use super::*;
use crate::update::RefusalKind;
use crate::update::carrier::{METADATA_LIMIT, compress_for_tests, pack, unpack_for_tests};
use crate::update::verified::FILE_LIMIT;

/// A refusal of a bundle that was changed by hand.
fn refused(change: impl FnOnce(&Maker, &TestBundle)) -> UpdateError {
    let maker = Maker::new();
    let bundle = maker.bundle(1);
    change(&maker, &bundle);
    TestCar::new(&maker).refuses(&bundle)
}

/// A refusal of an archive: the members of a good bundle, changed.
fn refused_archive(change: impl FnOnce(&mut Vec<Member>)) -> UpdateError {
    let maker = Maker::new();
    let bundle = maker.bundle(1);
    let mut members = Vec::new();
    for name in ["timestamp.json", "snapshot.json", "targets.json", "knowledge%2Fsample.json"] {
        members.push(Member::file(&format!("metadata/{name}"), &std::fs::read(bundle.metadata(name)).unwrap()));
    }
    for name in ["golden.toml", "knowledge.sqlite", "manifest.toml"] {
        members.push(Member::file(&format!("targets/knowledge/sample/{name}"), &std::fs::read(bundle.target(name)).unwrap()));
    }
    change(&mut members);
    let file = maker.folder.path().join("b.tar");
    let mut bytes: Vec<u8> = members.iter().flat_map(Member::bytes).collect();
    bytes.extend([0; 1024]);
    std::fs::write(&file, bytes).unwrap();
    let car = TestCar::new(&maker);
    let refused = car.store.install(descriptor(&file), &CAR).expect_err("it was installed");
    assert_eq!(car.tyres(), None);
    refused
}

struct Member {
    name: String,
    kind: u8,
    link: String,
    size: Option<u64>,
    content: Vec<u8>,
}

impl Member {
    fn file(name: &str, content: &[u8]) -> Member {
        Member { name: name.to_owned(), kind: b'0', link: String::new(), size: None, content: content.to_owned() }
    }

    fn of_kind(kind: u8, name: &str) -> Member {
        Member { kind, link: "/etc/passwd".to_owned(), ..Member::file(name, b"") }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut block = vec![0u8; 512];
        block[..self.name.len()].copy_from_slice(self.name.as_bytes());
        block[100..107].copy_from_slice(b"0000644");
        block[124..135].copy_from_slice(format!("{:011o}", self.size.unwrap_or(self.content.len() as u64)).as_bytes());
        block[148..156].fill(b' ');
        block[156] = self.kind;
        block[157..157 + self.link.len()].copy_from_slice(self.link.as_bytes());
        block[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block.extend(&self.content);
        block.resize(block.len().next_multiple_of(512), 0);
        block
    }
}

#[test]
fn the_archive_of_these_tests_is_a_good_one_when_nothing_is_changed() {
    let failed = std::panic::catch_unwind(|| refused_archive(|_| {}));
    let message = failed.unwrap_err();
    let message = message.downcast_ref::<String>().unwrap();
    assert!(message.contains("it was installed"), "{message}");
}

#[test]
fn symbolic_links_are_refused() {
    for to_link in ["metadata", "targets", "metadata/timestamp.json", "targets/knowledge/sample", "targets/knowledge/sample/manifest.toml"]
    {
        let refused = refused(|_, bundle| {
            let (path, moved) = (bundle.folder.join(to_link), bundle.folder.join("moved"));
            std::fs::rename(&path, &moved).unwrap();
            symlink(&moved, &path).unwrap();
        });
        assert!(matches!(refused, UpdateError::Link { .. }), "{to_link}: {refused}");
        assert_eq!(refused.kind(), RefusalKind::Untrusted);
    }
    let refused = refused(|_, bundle| symlink("/etc/passwd", bundle.folder.join("targets/unused")).unwrap());
    assert!(matches!(refused, UpdateError::Link { .. }), "one that nobody needs: {refused}");
}

#[test]
fn hard_links_are_refused() {
    for (file, other) in [("targets/knowledge/sample/knowledge.sqlite", "other"), ("metadata/timestamp.json", "targets/other")] {
        let refused = refused(|_, bundle| std::fs::hard_link(bundle.folder.join(file), bundle.folder.join(other)).unwrap());
        assert!(matches!(refused, UpdateError::Link { .. }), "{file}: {refused}");
    }
}

#[test]
fn links_in_an_archive_are_refused() {
    for kind in *b"12" {
        let refused = refused_archive(|members| members.insert(5, Member::of_kind(kind, "targets/knowledge/sample/x")));
        assert!(matches!(refused, UpdateError::Link { .. }), "{refused}");
    }
}

#[test]
fn pipes_sockets_and_devices_are_refused() {
    let pipe = refused(|_, bundle| {
        let path = bundle.metadata("timestamp.json");
        std::fs::remove_file(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
    });
    assert!(matches!(&pipe, UpdateError::Special { what: "a pipe", .. }), "{pipe}");
    let socket = refused(|_, bundle| drop(UnixListener::bind(bundle.folder.join("targets/s")).unwrap()));
    assert!(matches!(&socket, UpdateError::Special { what: "a socket", .. }), "{socket}");
    let mut made = false;
    let maker = Maker::new();
    let bundle = maker.bundle(1);
    let device = rustix::fs::makedev(1, 5);
    let path = bundle.folder.join("targets/zero");
    made |= rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::CharacterDevice, rustix::fs::Mode::RWXU, device).is_ok();
    if made {
        let refused = TestCar::new(&maker).refuses(&bundle);
        assert!(matches!(&refused, UpdateError::Special { what: "a device", .. }), "{refused}");
    } else {
        eprintln!("skipped the device on disk: making one takes root; those in archives are tested");
    }
}

#[test]
fn devices_and_pipes_in_an_archive_are_refused() {
    for kind in *b"346" {
        let refused = refused_archive(|members| members.insert(0, Member::of_kind(kind, "metadata/x")));
        assert!(matches!(refused, UpdateError::Special { .. }), "{refused}");
        assert_eq!(refused.kind(), RefusalKind::Untrusted);
    }
}

#[test]
fn a_folder_in_the_place_of_a_file_is_refused() {
    let refused = refused(|_, bundle| {
        std::fs::remove_file(bundle.target("manifest.toml")).unwrap();
        std::fs::create_dir(bundle.target("manifest.toml")).unwrap();
    });
    assert!(matches!(refused, UpdateError::Special { what: "a folder", .. }), "{refused}");
}

#[test]
fn names_in_an_archive_that_lead_outside_are_refused() {
    for name in ["../../etc/passwd", "/etc/passwd", "targets/../../x", "metadata/..", "targets\\..\\x"] {
        let refused = refused_archive(|members| members.insert(5, Member::file(name, b"x")));
        assert!(matches!(refused, UpdateError::Outside { .. }), "{name}: {refused}");
        assert_eq!(refused.kind(), RefusalKind::Untrusted);
    }
}

#[test]
fn names_of_other_letters_are_refused() {
    // Full width, a look-alike, from right to left, composed, with a space.
    for name in ["targets/ｘ", "targets/knowledge/s\u{430}mple/manifest.toml", "targets/\u{202e}x", "metadata/e\u{301}.json", "targets/a b"]
    {
        let refused = refused_archive(|members| members.insert(5, Member::file(name, b"x")));
        assert!(matches!(refused, UpdateError::Name { .. }), "{name}: {refused}");
        let part = name.rsplit('/').next().unwrap();
        let part = if part.is_ascii() && part != "a b" { "s\u{430}mple" } else { part };
        let refused = self::refused(|_, bundle| std::fs::write(bundle.folder.join("targets").join(part), "x").unwrap());
        assert!(matches!(refused, UpdateError::Name { .. }), "{part}: {refused}");
    }
}

#[test]
fn signed_names_that_lead_outside_are_refused_too() {
    for name in ["/etc/passwd", "../passwd", "knowledge/sample/../../x", "knowledge/sample/märz"] {
        let maker = Maker::new();
        let bundle = maker.bundle(1).changed(&maker.keys, |draft| {
            let wanted = draft.files.values().next().unwrap().clone();
            draft.files.insert(name.to_owned(), wanted);
        });
        let refused = TestCar::new(&maker).refuses(&bundle);
        let expected = matches!(refused, UpdateError::Outside { .. } | UpdateError::Name { .. } | UpdateError::Malformed { .. });
        assert!(expected, "{name}: {refused}");
    }
}

#[test]
fn what_nobody_signed_is_refused_in_an_archive() {
    let refused = refused_archive(|members| members.push(Member::file("targets/knowledge/sample/more", b"x")));
    assert!(matches!(refused, UpdateError::Unsigned { .. }), "{refused}");
    let refused = refused_archive(|members| {
        let again = Member::file(&members[6].name, &members[6].content);
        members.push(again);
    });
    assert!(matches!(refused, UpdateError::Malformed { .. }), "{refused}");
}

#[test]
fn metadata_without_end_is_refused() {
    let refused = refused(|_, bundle| {
        // Sparse, so that it takes no room here.
        File::options().write(true).open(bundle.metadata("timestamp.json")).unwrap().set_len(3 << 30).unwrap();
    });
    assert!(matches!(refused, UpdateError::TooLarge { limit: METADATA_LIMIT, .. }), "{refused}");
    assert_eq!(refused.kind(), RefusalKind::TooLarge);
    let refused = refused_archive(|members| members[0].size = Some(1 << 32));
    assert!(matches!(refused, UpdateError::TooLarge { .. }), "{refused}");
}

#[test]
fn a_target_longer_than_it_was_signed_is_refused() {
    let refused = refused(|_, bundle| {
        File::options().write(true).open(bundle.target("knowledge.sqlite")).unwrap().set_len(5 << 30).unwrap();
    });
    assert!(matches!(refused, UpdateError::TooLarge { size, .. } if size == 5 << 30), "{refused}");
    let refused = refused_archive(|members| members[5].size = Some(5 << 30));
    assert!(matches!(refused, UpdateError::TooLarge { .. }), "{refused}");
}

#[test]
fn a_target_over_4_gib_is_refused_even_if_signed() {
    let maker = Maker::new();
    let bundle = maker.bundle(1).changed(&maker.keys, |draft| {
        draft.files.get_mut("knowledge/sample/knowledge.sqlite").unwrap().length = 5 << 30;
    });
    File::options().write(true).open(bundle.target("knowledge.sqlite")).unwrap().set_len(5 << 30).unwrap();
    let refused = TestCar::new(&maker).refuses(&bundle);
    assert!(matches!(refused, UpdateError::TooLarge { size, limit: FILE_LIMIT, .. } if size == 5 << 30), "{refused}");
}

#[test]
fn a_file_that_unpacks_without_end_is_refused() {
    let maker = Maker::new();
    let bundle = maker.bundle(1);
    let good = pack(&bundle.folder, &maker.folder.path().join("good")).unwrap();
    let mut unpacked = unpack_for_tests(&std::fs::read(good).unwrap());
    // Zeros after the end of the archive, 64 MiB of them in a few kilobytes.
    unpacked.resize(unpacked.len() + (64 << 20), 0);
    let bomb = maker.folder.path().join("bomb");
    let mut file = File::create(&bomb).unwrap();
    file.write_all(&compress_for_tests(&unpacked)).unwrap();
    assert!(file.metadata().unwrap().len() < 4 << 20);
    let refused = TestCar::new(&maker).store.install(descriptor(&bomb), &CAR).expect_err("it was installed");
    assert!(matches!(refused, UpdateError::Bomb { .. }), "{refused}");
    assert_eq!(refused.kind(), RefusalKind::TooLarge);
}

#[test]
fn more_files_than_a_bundle_has_are_refused() {
    let refused_folder =
        refused(|_, bundle| (0..300).for_each(|number| File::create(bundle.folder.join(format!("targets/{number}"))).map(drop).unwrap()));
    assert!(matches!(refused_folder, UpdateError::TooMany { .. }), "{refused_folder}");
    let refused = refused_archive(|members| {
        members.splice(0..0, (0..300).map(|number| Member::file(&format!("metadata/{number}"), b"x"))).for_each(drop)
    });
    assert!(matches!(refused, UpdateError::TooMany { .. }), "{refused}");
}

#[test]
fn what_is_neither_folder_nor_file_is_refused() {
    let maker = Maker::new();
    let refused = TestCar::new(&maker).store.install(descriptor(Path::new("/dev/null")), &CAR).unwrap_err();
    assert!(matches!(refused, UpdateError::NotABundle), "{refused}");
    let refused = TestCar::new(&maker).store.install(descriptor(&maker.anchor()), &CAR).unwrap_err();
    assert_eq!(refused.kind(), RefusalKind::Untrusted, "{refused}");
    let empty = tempfile::tempdir().unwrap();
    let refused = TestCar::new(&maker).store.install(descriptor(empty.path()), &CAR).unwrap_err();
    assert!(matches!(refused, UpdateError::Partial { .. }), "{refused}");
}
