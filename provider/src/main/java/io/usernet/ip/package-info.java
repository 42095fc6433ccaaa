/**
 * IPv4 and ICMP: input checks, output headers, fragments both ways, path MTUs, routes, source
 * selection. Fragments that come in are copied together (a datagram of 64 KiB is 32 small slabs); a
 * datagram that goes out in fragments stays where it is. Knows nothing of the
 * endpoints above it and of the interfaces below it; {@code stack} puts them together. Confined to
 * the loop.
 */
package io.usernet.ip;
