//! The line of one request.

use std::time::Duration;

use crate::telemetry::Record;

/// Writes it. Fields are named as an operator asks for them; prompts, answers and keys are never among them.
pub fn tell(record: &Record) {
    let (path, total) = (record.endpoint, millis(record.total));
    macro_rules! tell {
        ($level:ident) => {
            tracing::$level!(
                target: "request",
                id = record.id.to_str().unwrap_or_default(),
                endpoint = path,
                head = record.is_head.then_some(true),
                client = %record.client,
                token = record.consumer.as_ref().map(|consumer| &*consumer.name),
                model = Some(&*record.model).filter(|model| !model.is_empty()),
                stream = record.is_stream,
                cached = record.is_from_cache().then_some(true),
                backend = record.last_node().map(|node| &*node.name),
                status = record.status,
                outcome = record.outcome.as_str(),
                first_token_ms = record.first.map(millis),
                total_ms = total,
                prompt_tokens = record.prompt,
                completion_tokens = record.completion,
                usage_source = record.source,
                error = record.error.as_deref(),
                "{path} {} in {total} ms", record.status
            )
        };
    }
    if record.outcome.is_grave() {
        tell!(warn);
    } else {
        tell!(info);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
