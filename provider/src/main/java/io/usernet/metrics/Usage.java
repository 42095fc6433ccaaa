package io.usernet.metrics;

/**
 * What a stack holds at one moment; when nothing goes on, nearly nothing.
 *
 * @param listeners sockets that listen
 * @param halfOpen handshakes of peers that are not complete
 * @param connections connections in any state but TIME-WAIT
 * @param timeWait connections in TIME-WAIT
 * @param udpSockets UDP sockets that are bound
 * @param ports local ports that somebody has, of TCP and of UDP
 * @param frames frames on their way through the stack, or kept by a link
 * @param memoryInUse bytes of packet memory in use; an idle stack with a link keeps one slab to read
 *     into
 * @param memoryAllocated bytes of direct memory allocated, used or not
 */
public record Usage(
        int listeners,
        int halfOpen,
        int connections,
        int timeWait,
        int udpSockets,
        int ports,
        int frames,
        long memoryInUse,
        long memoryAllocated) {}
