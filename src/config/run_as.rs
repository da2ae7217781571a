//! Who runs the gateway that root has started.

pub(super) const FORM: &str = "UID:GID, two numbers from 1, such as 65532:65532";

/// A user and a group by their numbers; neither is root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunAs {
    pub uid: u32,
    pub gid: u32,
}

/// User and group of `RUN_AS`.
pub(super) fn parse(text: &str) -> Option<RunAs> {
    // The largest number means "none" to the system.
    let id = |text: &str| text.parse::<u32>().ok().filter(|id| (1..u32::MAX).contains(id));
    let (uid, gid) = text.split_once(':')?;
    Some(RunAs { uid: id(uid)?, gid: id(gid)? })
}

pub(super) fn check(text: &str) -> Result<(), String> {
    parse(text).map(drop).ok_or_else(|| "is no user and group other than root".to_owned())
}
