/**
 * Decorators that wrap any link. The packet trace and the capture change nothing that the stack sees:
 * in the turn they copy packets to a {@code PacketRing}, and a {@code PacketDrain} writes them down. The
 * impairment makes a good link a bad one.
 */
package io.usernet.link.wrap;
