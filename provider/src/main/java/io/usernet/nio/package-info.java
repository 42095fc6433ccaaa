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
 * writeLock} posts what the stack must know, so that a writer's bytes come before the FIN. A connection
 * that a selector has ends its output then, and is closed, which may reset it, when its last key is
 * deregistered: as the JDK's is, whose descriptor stays open until then. A channel for
 * datagrams holds both while it binds, connects or disconnects, and whoever sends or receives unbound
 * binds first: so no thread that blocks inside keeps another one from its own direction. Memberships of
 * groups have a lock of their own, below these, that closing does not take: a key is valid as long as its
 * channel is open. A routed channel joins under {@code writeLock}, since a leg may come with it.
 *
 * <p><b>Locks of a selector</b>: the selector, then its selected-key set, as the Javadoc of {@link
 * java.nio.channels.Selector} demands; both are held while a thread selects. From the stack to a
 * selector there is no lock: a key is pushed to a stack of candidates, and the sleeper is claimed and
 * woken. Readiness is computed from the stream whenever it is asked for and never stored.
 *
 * <p><b>Pass-through.</b> Where rules leave something to the kernel, applications get routed channels.
 * Those of TCP have no state of a connection and none of the locks above, but a leg: a channel of this
 * package or one of the JDK's, which {@link io.usernet.nio.Routing} decides for. It does whatever may
 * block, and notices interrupts; a routed channel follows when its leg has closed itself, before the
 * exception leaves. The lock under which a leg is decided for comes before those of legs. Routed
 * channels for datagrams have the locks above, and up to two legs, which never block: whoever has to
 * wait does so in a selector. Closing these, and listeners on both, waits for who is inside to leave the
 * kernel, so that the port is free; therefore nobody holds one of these locks together with a {@code
 * begin} of the channel: an interrupt would run the close where it keeps him inside. That selector,
 * opened for the first who has to wait, is {@link io.usernet.nio.LegWait}'s.
 *
 * <p>A selector hears of a leg in the kernel by the key of the routed channel ({@link
 * io.usernet.nio.LegKeys}), whose {@link io.usernet.nio.KernelLegs} have it watched by the selector's
 * {@link io.usernet.nio.KernelSide}; of whose lock nothing comes after but locks of the JDK's. {@link
 * io.usernet.nio.Kernel} is the one door to the JDK's provider.
 */
package io.usernet.nio;
