/**
 * The implementations behind {@code java.net.Socket}, {@code ServerSocket} and {@code DatagramSocket}
 * where their factories are ours ({@link io.usernet.UsernetSockets}).
 *
 * <p>A socket has a <em>leg</em>: another socket that does the work, either of the stack ({@link
 * io.usernet.nio.StackSockets}) or of the kernel, as the JDK makes it where there is no factory ({@link
 * io.usernet.socket.KernelSockets}). Which one is settled by {@link io.usernet.nio.Routing} when the
 * socket is bound or connected; a leg that was settled by a bind may make way for the other one when the
 * socket is connected, as long as nobody can have noticed. Options that were set before are set again on
 * the leg that comes.
 *
 * <p>Application threads call everything here, through java.net; no monitor is held while one blocks, so
 * that virtual threads leave their carriers. The contract is the behaviour of the JDK's own sockets: one
 * suite of tests runs against both.
 */
package io.usernet.socket;
