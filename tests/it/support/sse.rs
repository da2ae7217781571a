//! Server-sent events as a reader sees them: blocks that end with an empty line.

/// One block of an event stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// The text of the block without its empty line.
    pub text: String,
    /// The value of `event:`.
    pub event: Option<String>,
    /// The `data:` lines, joined with line feeds; `None` for a block of comments.
    pub data: Option<String>,
    /// The comment lines, without their colon.
    pub comments: Vec<String>,
}

impl Block {
    pub fn parse(text: &str) -> Block {
        let mut block = Block { text: text.to_owned(), ..Block::default() };
        for line in text.split('\n') {
            if let Some(comment) = line.strip_prefix(':') {
                block.comments.push(comment.trim_start().to_owned());
            } else if let Some(value) = line.strip_prefix("data:") {
                let value = value.strip_prefix(' ').unwrap_or(value);
                match &mut block.data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(value);
                    }
                    None => block.data = Some(value.to_owned()),
                }
            } else if let Some(value) = line.strip_prefix("event:") {
                block.event = Some(value.trim().to_owned());
            }
        }
        block
    }

    /// The data as JSON; panics when there is none or it is not JSON.
    pub fn json(&self) -> serde_json::Value {
        let data = self.data.as_deref().unwrap_or_else(|| panic!("a block without data: {:?}", self.text));
        serde_json::from_str(data).unwrap_or_else(|error| panic!("data is not json ({error}): {data}"))
    }

    /// Whether this is the block that ends an OpenAI stream.
    pub fn is_done(&self) -> bool {
        self.data.as_deref() == Some("[DONE]")
    }
}

/// Cuts the first whole block from the front of `buffer`.
pub fn take_block(buffer: &mut Vec<u8>) -> Option<Block> {
    let end = buffer.windows(2).position(|pair| pair == b"\n\n")?;
    let block = Block::parse(&String::from_utf8_lossy(&buffer[..end]));
    buffer.drain(..end + 2);
    Some(block)
}

/// Every whole block of a body.
pub fn blocks(body: &[u8]) -> Vec<Block> {
    let text = String::from_utf8_lossy(body);
    let Some((whole, _cut)) = text.rsplit_once("\n\n") else { return Vec::new() };
    whole.split("\n\n").map(Block::parse).collect()
}
