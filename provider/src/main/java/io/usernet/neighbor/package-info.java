/**
 * Which hardware address a neighbour has. {@link io.usernet.neighbor.NeighborTable} speaks ARP (RFC
 * 826) as a state machine: frames and time come in, frames go out through its owner. Confined to the
 * loop.
 */
package io.usernet.neighbor;
