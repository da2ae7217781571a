//! The server side of connections: accepting, limits on heads, draining, and which plane a request belongs to. Knows
//! HTTP, nothing of its content.

mod accept;
mod listeners;
mod streams;
mod tls;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use http::header::CONNECTION;
use http::{HeaderValue, Request, Version};
use hyper::body::Incoming;
use hyper::service::Service;

use crate::admin::{self, Admin};
use crate::http::{Peer, Reply};
use crate::proxy::{Proxy, is_shared};

pub use accept::Server;
pub use listeners::{Listeners, Side, bind};
pub use tls::{BadPair, Certificate, Files};

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
    peer: Peer,
    side: Side,
}

impl Service<Request<Incoming>> for Answering {
    type Response = Reply;
    type Error = Infallible;
    /// Boxed, so that its many states are given back when the reply begins, however long that lasts.
    type Future = Pin<Box<dyn Future<Output = Result<Reply, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (Planes { proxy, admin }, peer) = (self.planes.clone(), self.peer);
        let path = request.uri().path();
        let is_http1 = request.version() <= Version::HTTP_11;
        let closing = Arc::clone(&proxy.closing);
        let leave = move |reply| if is_http1 && closing.is_draining() { last(reply) } else { reply };
        match (admin::is_admin(path), self.side) {
            (true, Side::Both | Side::Panel) => {
                Box::pin(async move { Ok(leave(admin.serve(request, peer).await)) })
            }
            (true, Side::Clients) => Box::pin(async move { Ok(leave(admin.elsewhere(request).await)) }),
            (false, Side::Panel) if !is_shared(path) => {
                Box::pin(async move { Ok(leave(proxy.elsewhere(request).await)) })
            }
            (false, _) => Box::pin(async move { Ok(leave(proxy.serve(request, peer.addr).await)) }),
        }
    }
}

/// A reply after which the connection closes: the client's next request goes to whoever serves then.
fn last(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}
