/**
 * What two threads share, and nothing else does: queues of bytes and of datagrams (one producer, one
 * consumer, of slices), posts to a loop, and those who wait.
 *
 * <p>Only these types cross between an application's threads and the one that runs the stack.
 * Readiness is computed from the queues' indices and never stored. {@code
 * docs/architecture.md} tells how posts and waiters work together.
 */
package io.usernet.buffer;
