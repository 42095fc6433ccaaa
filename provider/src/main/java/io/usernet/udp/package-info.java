/**
 * UDP (RFC 768, RFC 1122 section 4.1): {@link io.usernet.udp.UdpSocket} is what an application and
 * the loop share of a socket, {@link io.usernet.udp.UdpEndpoint} the loop's half of it. Which socket
 * a datagram is for, {@code stack} knows; of a multicast, {@code igmp} knows it, too.
 */
package io.usernet.udp;
