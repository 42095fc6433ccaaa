/**
 * TCP as state machines without I/O, threads or clock (RFC 9293). {@link io.usernet.tcp.Connection}
 * takes segments, time and commands in and is polled for segments; {@link io.usernet.tcp.Listener},
 * half-open connections and TIME-WAIT are small endpoints of their own. {@link
 * io.usernet.tcp.Stream} is what an application's threads and the loop share of a connection.
 *
 * <p>TCP does not know IP: it gets its MSS and news of the path as calls.
 */
package io.usernet.tcp;
