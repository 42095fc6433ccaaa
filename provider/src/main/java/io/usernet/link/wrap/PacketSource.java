package io.usernet.link.wrap;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** An interface whose packets go into a {@link PacketRing}, and the count of those that found no room. */
final class PacketSource {
    /** Most sources of one ring. */
    static final int MOST = 256;

    private static final VarHandle DROPPED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            DROPPED = lookup.findVarHandle(PacketSource.class, "dropped", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final int number, layer;
    private long dropped; // by the producer (opaque); any thread reads it
    private long told; // the producer's: of the dropped, those that a record tells of

    /**
     * @param number 0 to {@link #MOST} - 1
     * @param layer 2: frames begin with an Ethernet header; 3: with the IP header
     */
    PacketSource(int number, int layer) {
        assert number >= 0 && number < MOST;
        this.number = number;
        this.layer = layer;
    }

    /** By the producer. */
    void drop() {
        DROPPED.setOpaque(this, dropped + 1);
    }

    /** By the producer: how many were dropped since it was last asked. */
    int tellDropped() {
        int lost = (int) Math.min(dropped - told, Integer.MAX_VALUE);
        told += lost;
        return lost;
    }

    /** So far; any thread. */
    long dropped() {
        return (long) DROPPED.getOpaque(this);
    }
}
