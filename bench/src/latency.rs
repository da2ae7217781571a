//! Open loop: requests leave at their times whether or not earlier ones were answered, and latency counts from the
//! time at which a request should have left.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::task::JoinSet;

use crate::client::{Connection, Face};

/// Connections that are kept ready; more are opened when all are busy.
const READY: usize = 32;

/// What one run has shown, latencies in microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// How many there were, those that made the connections ready included.
    pub(crate) requests: usize,
}

/// Random numbers that are the same in every run (xorshift64*).
struct Random(u64);

impl Random {
    /// Above 0, at most 1.
    fn fraction(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11;
        (bits + 1) as f64 / (1_u64 << 53) as f64
    }
}

/// Whole replies at `rate` a second on average, at random times (Poisson), `window` long.
pub(crate) async fn open_loop(
    addr: SocketAddr,
    face: Face,
    rate: f64,
    window: Duration,
) -> anyhow::Result<Latency> {
    let request: Rc<[u8]> = face.request("bench-whole", false).into();
    let idle = Rc::new(RefCell::new(Vec::new()));
    for _ in 0..READY {
        let mut connection = Connection::open(addr).await?;
        connection.whole(&request).await?;
        idle.borrow_mut().push(connection);
    }
    let taken = Rc::new(RefCell::new(Vec::new()));
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut running = JoinSet::new();
    let began = Instant::now();
    let mut due = began;
    loop {
        due += Duration::from_secs_f64(-random.fraction().ln() / rate);
        if due.duration_since(began) > window {
            break;
        }
        // Polling, as a timer wakes up to a millisecond late. Each yield looks at the sockets too.
        while Instant::now() < due {
            tokio::task::yield_now().await;
        }
        let (request, idle, taken) = (Rc::clone(&request), Rc::clone(&idle), Rc::clone(&taken));
        running.spawn_local(async move {
            let ready = idle.borrow_mut().pop();
            let mut connection = match ready {
                Some(connection) => connection,
                None => Connection::open(addr).await?,
            };
            connection.whole(&request).await?;
            taken.borrow_mut().push(due.elapsed());
            idle.borrow_mut().push(connection);
            Ok::<_, std::io::Error>(())
        });
        while let Some(ended) = running.try_join_next() {
            ended?.context("a request of the open loop failed")?;
        }
    }
    while let Some(ended) = running.join_next().await {
        ended?.context("a request of the open loop failed")?;
    }
    let mut taken: Vec<f64> = taken.borrow().iter().map(|time| time.as_secs_f64() * 1e6).collect();
    taken.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| taken.get((taken.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    Ok(Latency { p50: at(0.5), p99: at(0.99), requests: taken.len() + READY })
}
