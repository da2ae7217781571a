//! The control plane. Not the data plane: nothing here is on the way of a client's request.

pub mod keyline;
