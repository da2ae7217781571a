//! Threads of the database that writes give way to those that serve requests, where both want the same core. Without this a
//! batch holds a request up for as long as a slice of the scheduler, some milliseconds.

/// How far they give way: they still get a tenth of a core that is never idle.
const NICE: i32 = 10;
/// The driver's threads, one a connection, begin so.
const NAME: &str = "sqlx-sqlite";

/// Calms the threads of all connections that are open. Where that is not possible they stay as they are.
pub(super) fn calm() {
    for thread in threads() {
        // On Linux this is about the thread alone. Giving way is always permitted.
        let _ = rustix::process::setpriority_process(Some(thread), NICE);
    }
}

#[cfg(target_os = "linux")]
fn threads() -> Vec<rustix::process::Pid> {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let is_ours = |task: &std::fs::DirEntry| {
        std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.starts_with(NAME))
    };
    let id =
        |task: std::fs::DirEntry| rustix::process::Pid::from_raw(task.file_name().to_str()?.parse().ok()?);
    tasks.filter(is_ours).filter_map(id).collect()
}

#[cfg(not(target_os = "linux"))]
fn threads() -> Vec<rustix::process::Pid> {
    Vec::new()
}
