//! Where the body of a reply ends (RFC 9112, sections 6 and 7): pure, byte by byte where it must be, in whole pieces
//! where it can be.

/// Most bytes of one chunk's size line, and of all trailers together.
const MAX_LINE: usize = 16 << 10;

/// The bytes are not the chunks that the head announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the chunks of the answer are malformed")]
pub(super) struct Malformed;

/// How a body is framed, and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// This many bytes are left.
    Length(u64),
    Chunked(Chunked),
    /// The body ends with the connection.
    UntilClose,
}

/// What the next byte of a chunked body is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunked {
    Size {
        size: u64,
        digits: u8,
    },
    /// What follows the size on its line; the bytes of it so far.
    Extension {
        size: u64,
        seen: usize,
    },
    /// The line feed behind a size.
    SizeEnd {
        size: u64,
    },
    Data {
        left: u64,
    },
    DataEnd,
    DataEndLf,
    /// Behind the last chunk; `fresh` at the beginning of a line.
    Trailer {
        fresh: bool,
        seen: usize,
    },
    /// The last line feed of all.
    LastLf,
    Over,
}

impl Framing {
    pub(super) const CHUNKED: Framing = Framing::Chunked(Chunked::Size { size: 0, digits: 0 });

    /// Whether the body is complete.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Framing::Length(0) | Framing::Chunked(Chunked::Over))
    }

    /// Takes bytes off the connection and hands those of the body to `each`. Gives how many bytes belong to this body;
    /// fewer than all when it is over.
    ///
    /// # Errors
    /// When the chunks are malformed; the framing is then of no further use.
    pub(super) fn decode(&mut self, input: &[u8], mut each: impl FnMut(&[u8])) -> Result<usize, Malformed> {
        match self {
            Framing::UntilClose => {
                each(input);
                Ok(input.len())
            }
            Framing::Length(left) => {
                let size = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                each(&input[..size]);
                *left -= size as u64;
                Ok(size)
            }
            Framing::Chunked(state) => {
                let mut at = 0;
                while at < input.len() && *state != Chunked::Over {
                    if let Chunked::Data { left } = *state {
                        let size = (input.len() - at).min(usize::try_from(left).unwrap_or(usize::MAX));
                        each(&input[at..at + size]);
                        at += size;
                        let left = left - size as u64;
                        *state = if left == 0 { Chunked::DataEnd } else { Chunked::Data { left } };
                    } else {
                        *state = state.after(input[at])?;
                        at += 1;
                    }
                }
                Ok(at)
            }
        }
    }
}

impl Chunked {
    /// The state behind a byte that is not data.
    fn after(self, byte: u8) -> Result<Chunked, Malformed> {
        Ok(match (self, byte) {
            (Chunked::Size { digits: 1.., size }, b'\r') => Chunked::SizeEnd { size },
            (Chunked::Size { digits: 1.., size }, b';' | b' ' | b'\t') => {
                Chunked::Extension { size, seen: 0 }
            }
            (Chunked::Size { digits: ..16, size }, _) => {
                let digit = char::from(byte).to_digit(16).ok_or(Malformed)?;
                let Chunked::Size { digits, .. } = self else { return Err(Malformed) };
                Chunked::Size { size: size << 4 | u64::from(digit), digits: digits + 1 }
            }
            (Chunked::Extension { size, .. }, b'\r') => Chunked::SizeEnd { size },
            (Chunked::Extension { size, seen: seen @ ..MAX_LINE }, 0x20.. | b'\t') => {
                Chunked::Extension { size, seen: seen + 1 }
            }
            (Chunked::SizeEnd { size: 0 }, b'\n') => Chunked::Trailer { fresh: true, seen: 0 },
            (Chunked::SizeEnd { size }, b'\n') => Chunked::Data { left: size },
            (Chunked::DataEnd, b'\r') => Chunked::DataEndLf,
            (Chunked::DataEndLf, b'\n') => Chunked::Size { size: 0, digits: 0 },
            (Chunked::Trailer { fresh: true, .. }, b'\r') => Chunked::LastLf,
            (Chunked::Trailer { seen: seen @ ..MAX_LINE, .. }, _) => {
                Chunked::Trailer { fresh: byte == b'\n', seen: seen + 1 }
            }
            (Chunked::LastLf, b'\n') => Chunked::Over,
            _ => return Err(Malformed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `input` in pieces of `step` bytes: the body, how many bytes were taken, whether it is over.
    fn run(mut framing: Framing, input: &[u8], step: usize) -> Result<(Vec<u8>, usize, bool), Malformed> {
        let (mut body, mut taken) = (Vec::new(), 0);
        for piece in input.chunks(step) {
            let size = framing.decode(piece, |data| body.extend_from_slice(data))?;
            taken += size;
            if size < piece.len() {
                break;
            }
        }
        Ok((body, taken, framing.is_over()))
    }

    #[test]
    fn chunks_are_joined_however_they_are_cut() {
        let input =
            b"3\r\nabc\r\n00A;name=\"v\"\r\n0123456789\r\n1 \r\n\n\r\n0\r\nx-trailer: 1\r\n\r\nHTTP/1.1";
        for step in 1..=input.len() {
            let (body, taken, over) = run(Framing::CHUNKED, input, step).unwrap();
            assert_eq!(body, b"abc0123456789\n", "step {step}");
            assert_eq!((taken, over), (input.len() - 8, true), "step {step}");
        }
    }

    #[test]
    fn chunks_that_are_cut_off_are_not_over() {
        let input = b"3\r\nabc\r\n0\r\n\r\n";
        for end in 0..input.len() {
            assert!(!run(Framing::CHUNKED, &input[..end], 99).unwrap().2, "{end}");
        }
    }

    #[test]
    fn malformed_chunks_are_refused() {
        let long = [b"1;".as_slice(), &[b'x'; MAX_LINE + 1], b"\r\na\r\n"].concat();
        let trailers = [b"0\r\n".as_slice(), &[b'x'; MAX_LINE + 1], b"\r\n\r\n"].concat();
        let cases: [&[u8]; 10] = [
            b"\r\n",
            b"g\r\n",
            b"3\nabc",
            b"3\r\nabcd",
            b"3\r\nabc\n",
            b"-1\r\n",
            b"11111111111111111\r\n",
            b"1;\n\r\na",
            &long,
            &trailers,
        ];
        for case in cases {
            assert_eq!(run(Framing::CHUNKED, case, 7), Err(Malformed), "{}", String::from_utf8_lossy(case));
        }
    }

    #[test]
    fn a_length_ends_where_it_says() {
        assert_eq!(run(Framing::Length(3), b"abcdef", 2), Ok((b"abc".to_vec(), 3, true)));
        assert_eq!(run(Framing::Length(7), b"abcdef", 2), Ok((b"abcdef".to_vec(), 6, false)));
        assert!(Framing::Length(0).is_over());
        assert_eq!(run(Framing::UntilClose, b"abc", 2), Ok((b"abc".to_vec(), 3, false)));
    }
}
