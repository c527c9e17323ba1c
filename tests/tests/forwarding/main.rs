//! What packets notice of restarts, losses and changes: every scenario says what may be lost, and that is
//! nothing, unless it says otherwise. After every step that changes a kernel or a wire, a packet of every
//! flow walks through the kernels.

mod operators;
mod reflectors;
mod restarts;
mod scene;
mod wires;
