//! The backends: where numbers live. The processor always; a GPU where the tool was built for one.

use burn::backend::{Autodiff, Flex};

/// The processor.
pub type Processor = Flex;
/// The processor, while learning.
pub type Learning = Autodiff<Flex>;

#[cfg(feature = "cuda")]
mod gpu {
    use burn::backend::{Autodiff, Cuda};

    use crate::network::operations::Kernels;

    impl Kernels for Cuda {}
    impl Kernels for Autodiff<Cuda> {}
}
