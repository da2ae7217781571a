//! What holds for every input, not only for the cases.

mod bytes_and_text;
mod reply_side;
mod request_side;
