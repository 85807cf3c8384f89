//! Graph file tests, device conformance and goldens. Not shipped: a test dependency only.
