package io.usernet.stack;

/**
 * The two addresses of a connected UDP socket.
 *
 * @param binding the local port; its address may be the wildcard
 * @param localAddress the one that datagrams come from, and are received at: the binding's, or the
 *     route's
 * @param remoteAddress the peer's: never 0
 */
public record UdpBinding(Binding binding, int localAddress, int remoteAddress) {}
