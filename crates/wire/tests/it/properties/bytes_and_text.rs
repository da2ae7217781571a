//! The splitter, the escaper, the mender of surrogates and the writer of events.

use bytes::BytesMut;
use proptest::prelude::*;
use wire::json::{mend_surrogates, write_escaped};
use wire::ndjson::{LineTooLong, Lines};
use wire::openai::ApiError;
use wire::sse;

/// Feeds `pieces` to a splitter and gives the lines, and the error if one came.
fn split(pieces: &[&[u8]], limit: usize) -> (Vec<Vec<u8>>, Option<LineTooLong>) {
    let (mut lines, mut found) = (Lines::new(limit), Vec::new());
    for piece in pieces {
        let pushed = lines.push(piece, |line| {
            found.push(line.to_vec());
            true
        });
        if let Err(error) = pushed {
            return (found, Some(error));
        }
        assert!(lines.pending() <= limit, "kept {} bytes of {limit}", lines.pending());
    }
    lines.finish(|line| {
        found.push(line.to_vec());
        true
    });
    (found, None)
}

/// `bytes` cut at `cuts`, which are taken modulo the length.
fn pieces<'b>(bytes: &'b [u8], cuts: &[prop::sample::Index]) -> Vec<&'b [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

/// Bytes with many line ends.
fn lines_of_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte =
        prop_oneof![3 => any::<u8>(), 2 => Just(b'\n'), 1 => Just(b'\r'), 1 => Just(b' '), 3 => Just(b'{')];
    prop::collection::vec(byte, 0..300)
}

proptest! {
    #[test]
    fn cuts_do_not_change_the_lines(
        bytes in lines_of_bytes(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        limit in 1..40usize,
    ) {
        prop_assert_eq!(split(&pieces(&bytes, &cuts), limit), split(&[&bytes], limit));
        prop_assert_eq!(split(&bytes.chunks(1).collect::<Vec<_>>(), limit), split(&[&bytes], limit));
    }

    #[test]
    fn lines_are_those_of_the_text(bytes in lines_of_bytes()) {
        let (found, error) = split(&[&bytes], usize::MAX / 2);
        let expected: Vec<Vec<u8>> = bytes.split(|&byte| byte == b'\n').map(|line| line.trim_ascii().to_vec())
            .filter(|line| !line.is_empty()).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(error, None);
    }

    #[test]
    fn no_line_is_longer_than_the_limit(bytes in lines_of_bytes(), limit in 1..40usize) {
        let (found, error) = split(&[&bytes], limit);
        prop_assert!(found.iter().all(|line| line.len() <= limit));
        let is_too_long = bytes.split(|&byte| byte == b'\n').any(|line| line.len() > limit);
        prop_assert_eq!(error.is_some(), is_too_long);
    }

    #[test]
    fn an_escaped_text_reads_as_itself(text in any::<String>()) {
        let mut out = b"\"".to_vec();
        write_escaped(&mut out, &text);
        out.push(b'"');
        prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        prop_assert!(!out.iter().any(|byte| *byte < 0x20));
    }

    #[test]
    fn mended_texts_can_be_read(units in prop::collection::vec(any::<u16>(), 0..30), backslashes in 0..4usize) {
        let mut text = String::from("\"");
        for unit in &units {
            text.push_str(&"\\\\".repeat(backslashes));
            text.push_str(&format!("\\u{unit:04x}"));
        }
        text.push('"');
        let read = |text: &str| serde_json::from_str::<String>(text);
        match mend_surrogates(&text) {
            Some(mended) => {
                prop_assert!(read(&text).is_err(), "what could be read was mended");
                prop_assert!(read(&mended).is_ok());
            }
            None => prop_assert!(read(&text).is_ok()),
        }
    }

    #[test]
    fn mending_leaves_whole_text_alone(text in any::<String>()) {
        let json = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(mend_surrogates(&json), None);
    }

    #[test]
    fn an_error_is_one_event_whatever_it_says(message in any::<String>(), param in any::<Option<String>>()) {
        let error = ApiError { param, ..ApiError::upstream(message) };
        let mut out = BytesMut::new();
        sse::failure(&mut out, &error);
        let text = std::str::from_utf8(&out).unwrap();
        let json = text.strip_prefix("data: ").unwrap().strip_suffix("\n\ndata: [DONE]\n\n").unwrap();
        prop_assert!(!json.contains(['\n', '\r']));
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        prop_assert!(error.message.starts_with(json["error"]["message"].as_str().unwrap()));
    }
}
