package io.usernet.stack;

import io.usernet.udp.UdpEndpoint;

/**
 * Connected UDP sockets by their two ends. Unlike connections of TCP, several can have the same ones:
 * the newest gets the datagrams. Chained; looking up allocates nothing. Confined to the loop.
 */
final class UdpFlows {
    private final Hash hash;
    private UdpEndpoint[] heads = new UdpEndpoint[16]; // newest first
    private int size;

    UdpFlows(Hash hash) {
        this.hash = hash;
    }

    private int slot(int local, int localPort, int remote, int remotePort) {
        long addresses = (long) local << 32 | remote & 0xFFFF_FFFFL;
        return hash.of(addresses, localPort << 16 | remotePort) & heads.length - 1;
    }

    private int slot(UdpEndpoint e) {
        return slot(e.localAddress(), e.localPort(), e.remoteAddress(), e.remotePort());
    }

    /** The endpoint with these ends, or null. */
    UdpEndpoint find(int local, int localPort, int remote, int remotePort) {
        UdpEndpoint e = heads[slot(local, localPort, remote, remotePort)];
        while (e != null
                && (e.localAddress() != local
                        || e.localPort() != localPort
                        || e.remoteAddress() != remote
                        || e.remotePort() != remotePort)) {
            e = e.nextFlow;
        }
        return e;
    }

    void add(UdpEndpoint endpoint) {
        if (++size > heads.length) grow();
        int slot = slot(endpoint);
        endpoint.nextFlow = heads[slot];
        heads[slot] = endpoint;
    }

    /** Removes one that is there; before its ends change. */
    void remove(UdpEndpoint endpoint) {
        int slot = slot(endpoint);
        UdpEndpoint previous = null;
        for (UdpEndpoint e = heads[slot]; e != endpoint; e = e.nextFlow) previous = e;
        if (previous == null) heads[slot] = endpoint.nextFlow;
        else previous.nextFlow = endpoint.nextFlow;
        endpoint.nextFlow = null;
        size--;
    }

    int size() {
        return size;
    }

    private void grow() {
        UdpEndpoint[] old = heads;
        heads = new UdpEndpoint[2 * old.length];
        UdpEndpoint[] tails = new UdpEndpoint[heads.length];
        for (UdpEndpoint head : old) {
            for (UdpEndpoint e = head; e != null; ) {
                UdpEndpoint next = e.nextFlow;
                int slot = slot(e);
                if (tails[slot] == null) heads[slot] = e;
                else tails[slot].nextFlow = e;
                tails[slot] = e;
                e.nextFlow = null;
                e = next;
            }
        }
    }
}
