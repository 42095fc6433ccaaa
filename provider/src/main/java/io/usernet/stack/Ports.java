package io.usernet.stack;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.tcp.Listener;
import java.net.BindException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Who has which local port, with the rules of Linux: two bindings of one port with overlapping
 * addresses conflict, unless both have SO_REUSEPORT, or both have SO_REUSEADDR and the one that is
 * there doesn't listen. A binding lives on, without its socket, in the connections that were made on it, those in
 * TIME-WAIT included.
 *
 * <p>TCP and UDP have one of these each. Confined to the loop.
 */
final class Ports {
    /** All bindings of one port. */
    private static final class Bucket {
        final int port;
        Binding first;
        Bucket next; // in the slot

        Bucket(int port) {
            this.port = port;
        }
    }

    private static final int SLOTS = 1 << 10;

    private final Bucket[] slots = new Bucket[SLOTS];
    private final int low;
    private final int count; // of ports in the range
    private final Hash hash;
    private int offset; // RFC 6056 section 3.3.3: next_ephemeral, moved on by each port given out
    private int buckets;

    Ports(Sysctls sysctls, Hash hash) {
        this.low = (int) sysctls.get(Sysctl.IP_LOCAL_PORT_RANGE, 0);
        this.count = (int) sysctls.get(Sysctl.IP_LOCAL_PORT_RANGE, 1) - low + 1;
        this.hash = hash;
        this.offset = hash.of(0x706F_7274_7321L, 0);
    }

    /**
     * Reserves a port for a socket.
     *
     * @param port 0: any of the range that nobody has
     * @throws BindException "Address already in use"
     */
    Binding bind(int address, int port, Reuse reuse) throws BindException {
        if (port != 0) {
            if (conflicts(address, port, reuse, null)) throw inUse();
            return add(address, port, reuse, true);
        }
        int first = firstToTry(address, 0, 0);
        for (int i = 0; i < count; i++) {
            int candidate = low + Integer.remainderUnsigned(first + i, count);
            if (find(candidate) != null) continue;
            offset += i + 1;
            return add(address, candidate, reuse, true);
        }
        throw inUse();
    }

    /** Says whether a connection from a port would be unlike all others. */
    interface Free {
        boolean isFree(int port);
    }

    /**
     * A port for a connection out (RFC 6056 section 3.3.3): where to begin depends on the peer and a
     * secret, and moves on with each connection. Ports that a socket has bound are left alone; those
     * of other connections out can be shared.
     *
     * @return a binding that is held, or null if all ports are in use
     */
    Binding ephemeral(int address, int remoteAddress, int remotePort, Free free) {
        int first = firstToTry(address, remoteAddress, remotePort);
        for (int i = 0; i < count; i++) {
            int candidate = low + Integer.remainderUnsigned(first + i, count);
            if (hasExplicit(candidate) || !free.isFree(candidate)) continue;
            offset += i + 1;
            return add(address, candidate, Reuse.NONE, false);
        }
        return null;
    }

    private int firstToTry(int address, int remoteAddress, int remotePort) {
        return hash.of((long) address << 32 | remoteAddress & 0xFFFF_FFFFL, remotePort) + offset;
    }

    /**
     * Makes a binding that of a listener.
     *
     * @throws BindException "Address already in use" if another socket's stands in the way
     */
    void listen(Binding binding, Listener listener) throws BindException {
        int port = binding.port();
        if (conflicts(binding.address(), port, binding.reuse(), binding)) throw inUse();
        binding.listener = listener;
    }

    void unlisten(Binding binding) {
        binding.listener = null;
        removeIfUnused(binding);
    }

    /**
     * The binding whose listener takes a connection to an address and port, or null. Of several that
     * share them by SO_REUSEPORT, it depends on the peer which one.
     */
    Binding listening(int address, int port, int remoteAddress, int remotePort) {
        Bucket bucket = find(port);
        if (bucket == null) return null;
        int exact = listeners(bucket, address);
        int local = exact > 0 ? address : 0;
        int sharing = exact > 0 ? exact : listeners(bucket, 0);
        if (sharing == 0) return null;
        int chosen = 0;
        if (sharing > 1) {
            long peer = (long) remoteAddress << 32 | remotePort;
            chosen = Integer.remainderUnsigned(hash.of(peer, port), sharing);
        }
        Binding b = bucket.first;
        while (b.listener == null || b.address() != local || chosen-- > 0) b = b.next;
        return b;
    }

    private static int listeners(Bucket bucket, int address) {
        int n = 0;
        for (Binding b = bucket.first; b != null; b = b.next) {
            if (b.listener != null && b.address() == address) n++;
        }
        return n;
    }

    /** The binding of a connection that a listener got: shared by all that are alike. */
    Binding accepted(Binding listening, int localAddress) {
        return shared(localAddress, listening.port(), listening.reuse());
    }

    /** The binding of connections that are forwarded: in nobody's way who reuses addresses. */
    Binding sharedByForwarded(int localAddress, int port) {
        return shared(localAddress, port, FORWARDED);
    }

    /** The same for one socket alone. */
    Binding forwarded(int localAddress, int port) {
        return add(localAddress, port, FORWARDED, true);
    }

    private static final Reuse FORWARDED = new Reuse(true, true);

    private Binding shared(int localAddress, int port, Reuse reuse) {
        Bucket bucket = find(port);
        for (Binding b = bucket == null ? null : bucket.first; b != null; b = b.next) {
            boolean alike = !b.held && b.listener == null && b.reuse().equals(reuse);
            if (alike && b.explicit && b.address() == localAddress) return b;
        }
        Binding binding = add(localAddress, port, reuse, true);
        binding.held = false;
        return binding;
    }

    /** One more endpoint uses a binding. */
    void use(Binding binding) {
        binding.endpoints++;
    }

    /** One less. */
    void unuse(Binding binding) {
        binding.endpoints--;
        removeIfUnused(binding);
    }

    /** The socket gives its binding up; again is harmless. */
    void release(Binding binding) {
        if (!binding.held) return;
        binding.held = false;
        removeIfUnused(binding);
    }

    void forEachListener(Consumer<Listener> action) {
        forEach(
                binding -> {
                    if (binding.listener != null) action.accept(binding.listener);
                });
    }

    /** All bindings there are now; the action may change the table. */
    void forEach(Consumer<Binding> action) {
        List<Binding> all = new ArrayList<>();
        for (Bucket head : slots) {
            for (Bucket bucket = head; bucket != null; bucket = bucket.next) {
                for (Binding b = bucket.first; b != null; b = b.next) all.add(b);
            }
        }
        all.forEach(action);
    }

    /** The newest binding of a port, which is linked to the older ones; or null. */
    Binding newest(int port) {
        Bucket bucket = find(port);
        return bucket == null ? null : bucket.first;
    }

    /** How many ports somebody has. */
    int size() {
        return buckets;
    }

    private boolean conflicts(int address, int port, Reuse reuse, Binding except) {
        Bucket bucket = find(port);
        for (Binding b = bucket == null ? null : bucket.first; b != null; b = b.next) {
            if (b == except || !b.overlaps(address)) continue;
            boolean shared = reuse.port() && b.reuse().port();
            shared |= reuse.address() && b.reuse().address() && b.listener == null;
            if (!shared) return true;
        }
        return false;
    }

    private boolean hasExplicit(int port) {
        Bucket bucket = find(port);
        for (Binding b = bucket == null ? null : bucket.first; b != null; b = b.next) {
            if (b.explicit) return true;
        }
        return false;
    }

    private static BindException inUse() {
        return new BindException("Address already in use");
    }

    // -- the table

    private Bucket find(int port) {
        for (Bucket b = slots[port & SLOTS - 1]; b != null; b = b.next) {
            if (b.port == port) return b;
        }
        return null;
    }

    private Binding add(int address, int port, Reuse reuse, boolean explicit) {
        Bucket bucket = find(port);
        if (bucket == null) {
            bucket = new Bucket(port);
            bucket.next = slots[port & SLOTS - 1];
            slots[port & SLOTS - 1] = bucket;
            buckets++;
        }
        Binding binding = new Binding(this, address, port, reuse, explicit);
        binding.held = true;
        binding.next = bucket.first;
        bucket.first = binding;
        return binding;
    }

    private void removeIfUnused(Binding binding) {
        if (!binding.isUnused()) return;
        Bucket bucket = find(binding.port());
        Binding previous = null;
        Binding b = bucket.first;
        while (b != binding) {
            previous = b;
            b = b.next;
        }
        if (previous == null) bucket.first = b.next;
        else previous.next = b.next;
        if (bucket.first == null) remove(bucket);
    }

    private void remove(Bucket gone) {
        int slot = gone.port & SLOTS - 1;
        Bucket previous = null;
        Bucket b = slots[slot];
        while (b != gone) {
            previous = b;
            b = b.next;
        }
        if (previous == null) slots[slot] = b.next;
        else previous.next = b.next;
        buckets--;
    }
}
