/**
 * TCP as state machines without I/O, threads or clock (RFC 9293). {@link io.usernet.tcp.Connection}
 * takes segments, time and commands in and is polled for segments; {@link io.usernet.tcp.Listener},
 * half-open connections and TIME-WAIT are small endpoints of their own. {@link
 * io.usernet.tcp.Stream} is what an application's threads and the loop share of a connection.
 *
 * <p>What was sent is in InFlight, the scoreboard; Rack says what of it is lost, LossProbe asks where
 * nothing is heard, Prr says how much fast recovery sends, and Undo takes back what was a mistake.
 *
 * <p>Of what came, Receiver knows how far it goes, Reassembly keeps what is behind a gap, and AckPolicy
 * says when it is acknowledged.
 *
 * <p>TCP does not know IP: it gets its MSS and news of the path as calls.
 */
package io.usernet.tcp;
