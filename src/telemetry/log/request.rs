//! The line of one request.

use std::time::Duration;

use crate::telemetry::Record;

/// Writes it, each fact once. Fields are named as an operator asks for them; prompts, answers and keys are never among them.
pub fn tell(record: &Record) {
    macro_rules! tell {
        ($level:ident) => {
            tracing::$level!(
                target: "request",
                id = record.id.to_str().unwrap_or_default(),
                endpoint = record.endpoint,
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
                total_ms = millis(record.total),
                prompt_tokens = record.prompt,
                completion_tokens = record.completion,
                usage_source = record.source,
                error = record.error.as_deref(),
                "ended"
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
