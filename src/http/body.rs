//! Bodies of replies: whole, or made while they are sent.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// What a whole body keeps until it was sent or given up: settling a request happens when this is dropped.
pub trait Held: Send {}

type Boxed = Pin<Box<dyn http_body::Body<Data = Bytes, Error = std::convert::Infallible> + Send>>;

/// The body of a reply.
pub struct Body(Kind);

enum Kind {
    Full { data: Option<Bytes>, _held: Option<Box<dyn Held>> },
    Made(Boxed),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

impl Body {
    /// No bytes at all.
    #[must_use]
    pub fn empty() -> Self {
        Body(Kind::Full { data: None, _held: None })
    }

    /// All bytes at once.
    #[must_use]
    pub fn full(data: impl Into<Bytes>) -> Self {
        Body(Kind::Full { data: Some(data.into()).filter(|data: &Bytes| !data.is_empty()), _held: None })
    }

    /// The same bytes, keeping `held` until they were handed to the connection or the client left.
    #[must_use]
    pub fn holding(self, held: impl Held + 'static) -> Self {
        match self.0 {
            Kind::Full { data, .. } => Body(Kind::Full { data, _held: Some(Box::new(held)) }),
            made @ Kind::Made(_) => Body(made),
        }
    }

    /// A body that is made while it is sent; it settles its own request.
    #[must_use]
    pub fn made<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes, Error = std::convert::Infallible> + Send + 'static,
    {
        Body(Kind::Made(Box::pin(body)))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut self.get_mut().0 {
            Kind::Full { data, .. } => Poll::Ready(data.take().map(|data| Ok(Frame::data(data)))),
            Kind::Made(body) => body.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Full { data, .. } => data.is_none(),
            Kind::Made(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Full { data, .. } => {
                SizeHint::with_exact(data.as_ref().map_or(0, |data| data.len() as u64))
            }
            Kind::Made(body) => body.size_hint(),
        }
    }
}
