package io.usernet.stack;

import io.usernet.tcp.Endpoint;
import io.usernet.tcp.FourTuple;
import java.util.function.Consumer;

/**
 * Endpoints by their two ends: open addressing with linear probing, at most half full. Looking up
 * allocates nothing and touches no object but the one found. Confined to the loop.
 */
final class FlowTable {
    private static final int MIN = 64;

    private final Hash hash;
    private long[] addresses; // local, remote
    private int[] ports; // local, remote
    private Endpoint[] endpoints; // null: an empty slot
    private Binding[] bindings; // the local end of each
    private int size;

    FlowTable(Hash hash) {
        this.hash = hash;
        allocate(MIN);
    }

    private void allocate(int slots) {
        addresses = new long[slots];
        ports = new int[slots];
        endpoints = new Endpoint[slots];
        bindings = new Binding[slots];
    }

    int size() {
        return size;
    }

    /** The endpoint with these ends, or null. */
    Endpoint find(int localAddress, int localPort, int remoteAddress, int remotePort) {
        return endpoints[
                slot(addresses(localAddress, remoteAddress), localPort << 16 | remotePort)];
    }

    /** Whether an endpoint is what stands at its tuple. */
    boolean contains(Endpoint endpoint) {
        return endpoints[slotOf(endpoint.tuple())] == endpoint;
    }

    /** Adds an endpoint whose tuple nobody has. */
    void add(Endpoint endpoint, Binding binding) {
        if (2 * (size + 1) > endpoints.length) resize(2 * endpoints.length);
        FourTuple t = endpoint.tuple();
        int slot = slotOf(t);
        assert endpoints[slot] == null : t + " is there already";
        addresses[slot] = addresses(t.localAddress(), t.remoteAddress());
        ports[slot] = t.localPort() << 16 | t.remotePort();
        endpoints[slot] = endpoint;
        bindings[slot] = binding;
        size++;
    }

    /** Puts another endpoint with the same tuple in the place of one. */
    void replace(Endpoint present, Endpoint successor) {
        int slot = slotOf(present.tuple());
        assert endpoints[slot] == present && present.tuple().equals(successor.tuple());
        endpoints[slot] = successor;
    }

    /** Removes an endpoint; returns its binding. */
    Binding remove(Endpoint endpoint) {
        int hole = slotOf(endpoint.tuple());
        assert endpoints[hole] == endpoint;
        Binding binding = bindings[hole];
        int mask = endpoints.length - 1;
        // What follows the hole moves up, if it hashes to the hole or before it.
        for (int i = hole + 1 & mask; endpoints[i] != null; i = i + 1 & mask) {
            int home = hash.of(addresses[i], ports[i]) & mask;
            if ((i - home & mask) < (i - hole & mask)) continue;
            addresses[hole] = addresses[i];
            ports[hole] = ports[i];
            endpoints[hole] = endpoints[i];
            bindings[hole] = bindings[i];
            hole = i;
        }
        endpoints[hole] = null;
        bindings[hole] = null;
        size--;
        if (endpoints.length > MIN && 8 * size < endpoints.length) resize(endpoints.length / 2);
        return binding;
    }

    /** All endpoints; {@code action} must not change the table. */
    void forEach(Consumer<Endpoint> action) {
        for (Endpoint endpoint : endpoints) if (endpoint != null) action.accept(endpoint);
    }

    /** A copy of all endpoints. */
    Endpoint[] toArray() {
        Endpoint[] all = new Endpoint[size];
        int n = 0;
        for (Endpoint endpoint : endpoints) if (endpoint != null) all[n++] = endpoint;
        return all;
    }

    private static long addresses(int local, int remote) {
        return (long) local << 32 | remote & 0xFFFF_FFFFL;
    }

    private int slotOf(FourTuple t) {
        return slot(
                addresses(t.localAddress(), t.remoteAddress()),
                t.localPort() << 16 | t.remotePort());
    }

    /** Where the key is, or the empty slot where it would go. */
    private int slot(long address, int port) {
        int mask = endpoints.length - 1;
        int i = hash.of(address, port) & mask;
        while (endpoints[i] != null && (addresses[i] != address || ports[i] != port)) {
            i = i + 1 & mask;
        }
        return i;
    }

    private void resize(int slots) {
        long[] oldAddresses = addresses;
        int[] oldPorts = ports;
        Endpoint[] oldEndpoints = endpoints;
        Binding[] oldBindings = bindings;
        allocate(slots);
        for (int i = 0; i < oldEndpoints.length; i++) {
            if (oldEndpoints[i] == null) continue;
            int slot = slot(oldAddresses[i], oldPorts[i]);
            addresses[slot] = oldAddresses[i];
            ports[slot] = oldPorts[i];
            endpoints[slot] = oldEndpoints[i];
            bindings[slot] = oldBindings[i];
        }
    }
}
