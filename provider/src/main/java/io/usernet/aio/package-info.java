/**
 * Asynchronous channels, from nothing but the non-blocking ones of a {@code SelectorProvider}, of which
 * those of the stack can be closed at once ({@link io.usernet.nio.ClosesAtOnce}). The
 * contract is the behaviour of the JDK's own provider, exception types and messages included; one
 * contract suite runs against both.
 *
 * <p><b>An operation</b> is tried at once by the thread that asks for it. If it would block, the
 * group's selector is told, and a thread of the group tries again when the channel is ready. It ends
 * once: by its result, a timeout, {@code cancel}, or the close of its channel, whichever is first, and
 * after that nobody touches its buffers.
 *
 * <p><b>Threads.</b> A group has one selector, and the {@link io.usernet.aio.Poller} lets one of its
 * threads at a time wait on it, so that the thread that hears of an event is the one that calls the
 * handler. Where the threads are not the group's to keep, because the executor is the application's, a
 * thread of the group waits and moves the bytes, and the executor calls the handlers. There is a thread
 * for timeouts from the first one on. Nothing runs or wakes up while nothing happens.
 *
 * <p><b>Locks</b>, always taken in this order: an operation, its channel, both for a few instructions;
 * that of the poller, for itself. None is held while a channel is read, written, connected or closed,
 * and none while a handler is called.
 */
package io.usernet.aio;
