/**
 * Congestion control: how many bytes a connection may have in the network. Told of a few events, it
 * keeps a window; it knows neither sequence numbers nor timers. Confined to the loop.
 */
package io.usernet.tcp.cc;
