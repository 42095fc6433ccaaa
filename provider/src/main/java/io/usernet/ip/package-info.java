/**
 * IPv4 and ICMP: input checks, output headers, routes, source selection. Knows nothing of the
 * endpoints above it and of the interfaces below it; {@code stack} puts them together. Confined to
 * the loop.
 */
package io.usernet.ip;
