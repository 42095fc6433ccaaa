/**
 * Decorators that wrap any link: the packet trace and the capture. They change nothing that the stack
 * sees. In the turn they copy packets to a {@code PacketRing}; a {@code PacketDrain} writes them down.
 */
package io.usernet.link.wrap;
