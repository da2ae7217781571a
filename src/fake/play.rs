//! Sends a script to a client, piece by piece.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::script::{End, Framing, Piece, Script};

/// Plays `script` up to its end, which is left to the caller unless it is normal or hangs. `bodiless` is a
/// reply to `HEAD`. `sent` is called with the bytes of body that each write has passed to the system.
pub(super) async fn play(
    script: &Script,
    stream: &mut (impl AsyncWrite + Unpin),
    bodiless: bool,
    sent: impl Fn(usize),
) -> io::Result<()> {
    let slot = script.slot.as_ref();
    let _held = match slot {
        // A closed semaphore lets everybody pass: nobody closes it while it is in use.
        Some(slot) => slot.acquire().await.ok(),
        None => None,
    };
    pause(script.delay).await;
    let mut buffer = BytesMut::new();
    if let Some(status) = script.status {
        head(script, status, &mut buffer);
    }
    let pieces = if bodiless { &[][..] } else { &script.body[..] };
    for piece in pieces {
        match piece {
            Piece::Pause(time) => {
                flush(stream, &mut buffer).await?;
                pause(*time).await;
            }
            Piece::Bytes(bytes) if bytes.is_empty() => {}
            Piece::Bytes(bytes) if script.framing == Framing::Chunked => {
                buffer.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
                buffer.extend_from_slice(bytes);
                buffer.extend_from_slice(b"\r\n");
                flush(stream, &mut buffer).await?;
                sent(bytes.len());
            }
            Piece::Bytes(bytes) if buffer.is_empty() => {
                stream.write_all(bytes).await?;
                sent(bytes.len());
            }
            Piece::Bytes(bytes) => {
                buffer.extend_from_slice(bytes);
                flush(stream, &mut buffer).await?;
                sent(bytes.len());
            }
        }
    }
    flush(stream, &mut buffer).await?;
    match script.end {
        End::Normal if script.framing == Framing::Chunked && !bodiless => {
            stream.write_all(b"0\r\n\r\n").await
        }
        End::Hang => std::future::pending().await,
        End::Normal | End::Close | End::Reset => Ok(()),
    }
}

fn head(script: &Script, status: u16, buffer: &mut BytesMut) {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let mut text = format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or("Unknown"));
    for (name, value) in &script.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    match script.framing {
        Framing::Chunked => text.push_str("Transfer-Encoding: chunked\r\n"),
        Framing::Length(length) => {
            text.push_str(&format!("Content-Length: {}\r\n", length.unwrap_or_else(|| script.size())));
        }
        Framing::Close => text.push_str("Connection: close\r\n"),
    }
    text.push_str("\r\n");
    // Latin-1, as headers are read.
    buffer.extend(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')));
}

async fn flush(stream: &mut (impl AsyncWrite + Unpin), buffer: &mut BytesMut) -> io::Result<()> {
    if !buffer.is_empty() {
        stream.write_all(buffer).await?;
        buffer.clear();
    }
    Ok(())
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
