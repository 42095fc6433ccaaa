/**
 * The stack behind {@code java.nio}: provider, selector, keys, channels, pipes and socket adaptors.
 * The contract is the behaviour of the JDK's own provider, exception types and messages included;
 * one contract suite runs against both.
 *
 * <p><b>Who calls.</b> Application threads call everything here; none of it is ever called in the
 * seat, with two exceptions that take no lock and allocate nothing: {@code Interest.changed} of a
 * selection key, and {@link io.usernet.nio.Pollable#ready}, which it uses to see whether the change
 * matters. The other way, this package reaches the stack only through {@link
 * io.usernet.runtime.Engine}, {@link io.usernet.tcp.Stream}, {@link io.usernet.tcp.Backlog}, {@link
 * io.usernet.udp.UdpSocket} and their {@link io.usernet.buffer.Signals}.
 *
 * <p><b>Locks of a channel</b>, always taken in this order: {@code readLock} (held while reading, also
 * while blocked in it), {@code writeLock} (while writing, binding and connecting), {@code stateLock} (a
 * few instructions; never held while blocking, posting or calling {@code begin}). The first two are
 * ReentrantLocks, so that a virtual thread that waits for one leaves its carrier. Closing takes
 * neither: it marks the channel closed, wakes whoever is inside, and the last one out of {@code
 * writeLock} posts what the stack must know, so that a writer's bytes come before the FIN. A channel for
 * datagrams holds both while it binds, connects or disconnects, and whoever sends or receives unbound
 * binds first: so no thread that blocks inside keeps another one from its own direction.
 *
 * <p><b>Locks of a selector</b>: the selector, then its selected-key set, as the Javadoc of {@link
 * java.nio.channels.Selector} demands; both are held while a thread selects. From the stack to a
 * selector there is no lock: a key is pushed to a stack of candidates, and the sleeper is claimed and
 * woken. Readiness is computed from the stream whenever it is asked for and never stored.
 *
 * <p><b>The kernel's channels</b> come from {@link io.usernet.nio.Kernel}, by the rules in {@link
 * io.usernet.nio.Routing}. A routed channel has legs, channels of the stack or the JDK's, which do its
 * work; the locks of a routed channel come before those of its legs. A selector has a {@link
 * io.usernet.nio.KernelSide} for those of the JDK's that its keys watch; of its lock nothing comes
 * after but locks of the JDK's.
 */
package io.usernet.nio;
