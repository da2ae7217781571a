//! The server side of connections: accepting, limits on heads, draining, and which plane a request belongs to. Knows
//! HTTP, nothing of its content.

mod accept;
mod streams;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use http::header::CONNECTION;
use http::{HeaderValue, Request, Version};
use hyper::body::Incoming;
use hyper::service::Service;

use crate::admin::{self, Admin};
use crate::http::Reply;
use crate::proxy::Proxy;

pub use accept::{Server, bind};

/// Who answers: the data plane, and the control plane for `/admin` and what is below it.
#[derive(Debug, Clone)]
pub struct Planes {
    pub proxy: Arc<Proxy>,
    pub admin: Arc<Admin>,
}

/// The planes as one connection sees them.
#[derive(Debug)]
struct Answering {
    planes: Planes,
    peer: SocketAddr,
}

impl Service<Request<Incoming>> for Answering {
    type Response = Reply;
    type Error = Infallible;
    /// Boxed, so that its many states are given back when the reply begins, however long that lasts.
    type Future = Pin<Box<dyn Future<Output = Result<Reply, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (Planes { proxy, admin }, peer) = (self.planes.clone(), self.peer);
        let is_http1 = request.version() <= Version::HTTP_11;
        let closing = Arc::clone(&proxy.closing);
        let leave = move |reply| if is_http1 && closing.is_draining() { last(reply) } else { reply };
        match admin::is_admin(request.uri().path()) {
            true => Box::pin(async move { Ok(leave(admin.serve(request, peer).await)) }),
            false => Box::pin(async move { Ok(leave(proxy.serve(request, peer).await)) }),
        }
    }
}

/// A reply after which the connection closes: the client's next request goes to whoever serves then.
fn last(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}
