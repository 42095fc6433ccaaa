/**
 * What two threads share, and nothing else does: the byte queues of a stream (one producer, one
 * consumer, of slices), posts to a loop, and those who wait.
 *
 * <p>Only these types cross between an application's threads and the one that runs the stack.
 * Readiness is computed from the queues' indices and never stored. {@code
 * docs/architecture.md} tells how posts and waiters work together.
 */
package io.usernet.buffer;
