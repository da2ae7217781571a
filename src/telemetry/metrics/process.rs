//! What the system tells of this process. Where there is no `/proc`, nothing.

/// One look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process {
    /// Memory in bytes.
    pub resident: u64,
    /// Of `resident`, what is no file.
    pub anonymous: u64,
    /// What the process has asked for, not all of which is there.
    pub data: u64,
    pub virtual_size: u64,
    pub threads: u64,
    pub open_files: u64,
    /// `None` = no limit.
    pub max_files: Option<u64>,
    pub cpu_seconds: f64,
    /// When it began, in seconds since 1970.
    pub began: Option<f64>,
}

impl Process {
    /// Reads it.
    #[must_use]
    pub fn look() -> Option<Process> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let bytes = |name: &str| field(name).unwrap_or_default() * 1024;
        let (cpu_seconds, began) = times().unwrap_or_default();
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
        Some(Process {
            resident: bytes("VmRSS:"),
            anonymous: bytes("RssAnon:"),
            data: bytes("VmData:"),
            virtual_size: bytes("VmSize:"),
            threads: field("Threads:").unwrap_or_default(),
            open_files: std::fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64),
            max_files: files.and_then(|line| line.split_whitespace().next()?.parse().ok()),
            cpu_seconds,
            began,
        })
    }
}

/// Processor time of all threads, those that are over included, and the begin of the process since 1970. Both in seconds.
fn times() -> Option<(f64, Option<f64>)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may hold blanks.
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let field = |at: usize| fields.get(at)?.parse::<u64>().ok();
    #[expect(clippy::cast_precision_loss, reason = "2^53 ticks are longer than any machine runs")]
    let seconds = |ticks: u64| ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
    // Fields 14, 15 and 22 of proc_pid_stat(5); the first two are before the brackets' end.
    let began = field(19).zip(booted()).map(|(ticks, booted)| booted + seconds(ticks));
    Some((seconds(field(11)? + field(12)?), began))
}

/// When the machine began, in seconds since 1970.
fn booted() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}
